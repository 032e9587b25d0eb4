/* When to believe a list of issues: how well the classifier that made it knows the classes, and
 * what else about its answers shows that the list is worth little. */
#ifndef EARMARK_CONFIDENT_BELIEF_H
#define EARMARK_CONFIDENT_BELIEF_H

#include "host/base/warnings.h"
#include "host/confident/mix_view.h"

/* Below this share of the way from chance to 1 the balanced accuracy says that the list is worth
 * little. Measured on six sets with 5% wrong labels and noise added to the embeddings: below it at
 * most .35 of the first clips were wrong (one exception, .53 of the animals), above it more than
 * half, except for urdu by speakers (.30 at .43). With groups the view to measure is the groups'
 * own: urdu by speakers has .22 there, and .46 in the mix, which hears a speaker's other clips. */
#define BELIEF_KNOWS_LITTLE 0.35

/* More flagged than this share of all clips is a sign of its own. */
#define BELIEF_FLAGGED (1.0 / 3)

/* Two classes are confused by this share of their clips: random halves of a class by .26 to .44,
 * classes of the six sets by .18 at most, with 30% wrong labels by .34. With names that differ in
 * spelling less is enough, and where only spaces, '-' and '_' differ nothing is needed: spellings
 * of two annotators, each with speakers of their own, are not confused at all (.00 to .07). */
#define BELIEF_CONFUSED 0.35
#define BELIEF_CONFUSED_NAMES 0.1

/* A class has changed places if at least this share of its clips, and this many, look like one
 * other class, and at most BELIEF_PERMUTED_RIGHT times as many like its own. */
#define BELIEF_PERMUTED 0.5
#define BELIEF_PERMUTED_ROWS 10
#define BELIEF_PERMUTED_RIGHT 0.2

/* The class that the clips of a class look like. */
struct belief_look {
    int32_t other; /* most frequent class of its rows but its own, ties to the lower; -1: none */
    size_t rows;   /* of the class */
    size_t right;  /* of these, how many look like their own class */
    size_t wrong;  /* and like the other */
};

struct belief {
    size_t rows, classes;
    double balanced_accuracy;  /* mean recall of the classes that have rows */
    double chance;             /* 1 / number of these */
    double majority;           /* share of the largest class */
    double *recall;            /* (classes) NaN for a class without rows */
    struct belief_look *looks; /* (classes) */
    int32_t *seen;             /* (rows) most probable class of the mix, ties to the lower */
};

#define BELIEF_INITIAL                                                                             \
    { .classes = 0 }

/* ERROR_MEMORY; belief_free() frees it, then too. */
enum error_code belief_measure(const struct mix_view *view, struct belief *belief,
                               struct error *error);
void belief_free(struct belief *belief); /* leaves it empty */

/* Whether the balanced accuracy is below BELIEF_KNOWS_LITTLE. */
bool belief_knows_little(const struct belief *belief);

struct belief_words {
    const int32_t *labels;          /* (rows) those of the view */
    const char *const *class_names; /* (classes); NULL: classes are numbers */
    uint64_t flagged;               /* number of issues */
    const char *group_option;       /* "--group" where groups could help; NULL: they are used */
};

/* Adds what a reader must know before the list, most serious first: classes that changed
 * places, a classifier that knows little, too many flagged, names in two spellings, two classes
 * that cannot be told apart. At most BELIEF_SENTENCES of each of the last two. Errors:
 * ERROR_MEMORY. */
#define BELIEF_SENTENCES 5
enum error_code belief_warn(const struct belief *belief, const struct belief_words *words,
                            struct warnings *warnings, struct error *error);

#endif
