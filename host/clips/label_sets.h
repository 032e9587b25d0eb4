/* Multilabel lists: cells such as "bark;dog", and the labels of the list's clips. */
#ifndef EARMARK_CLIPS_LABEL_SETS_H
#define EARMARK_CLIPS_LABEL_SETS_H

#include "host/clips/clips.h"

/* A cell split into labels. Buffers are kept from one cell to the next. */
struct label_split {
    const char **pieces; /* (count) sorted bytewise, each once, without surrounding spaces */
    size_t count;
    size_t capacity;
    struct text bytes; /* what pieces point into */
};

/* Whether it can be a separator: one UTF-8 character or byte. No label then contains it, and
 * joined labels can be split again. */
bool label_separator_is_good(const char *separator);

/* Between labels of a set whose labels may contain the separator: it never is a part of one. */
#define LABEL_JOINT "\x1f"

/* Splits a cell. Empty pieces are ignored; a cell may have no label. */
enum error_code label_split_cell(struct label_split *split, const char *cell, const char *separator,
                                 struct error *error);
/* The same in steps: a copy of the cell in `bytes`, where the labels are put, each ending in a NUL;
 * each of them; after the last. */
enum error_code label_split_begin(struct label_split *split, const char *cell, struct error *error);
enum error_code label_split_add(struct label_split *split, char *label, struct error *error);
void label_split_end(struct label_split *split);
/* Appends the pieces with the separator between them. */
void label_split_join(const struct label_split *split, const char *separator, struct text *joined);
/* Appends a set, whose labels have LABEL_JOINT between them, with the separator in its place. */
void label_set_rejoin(const char *set, const char *separator, struct text *joined);
void label_split_close(struct label_split *split); /* takes a zeroed one */

/* The labels of a finished list, and the set of them that each of its classes is; without a
 * separator the class itself is the only one. */
struct label_sets {
    const char **names; /* (count) sorted bytewise */
    size_t count;
    size_t *starts;            /* (classes of the list + 1) into members */
    size_t set_count;          /* classes of the list */
    int32_t *members;          /* numbers of labels, ascending within a class */
    struct string_table table; /* what names point into */
};

/* separator: NULL for one label a clip; else the classes' names are joined sets. */
enum error_code label_sets_open(const struct clip_list *clips, const char *separator,
                                struct label_sets *sets, struct error *error);
void label_sets_close(struct label_sets *sets); /* takes a zeroed one */

/* The labels of a class of the list: (*count) numbers. */
const int32_t *label_sets_of(const struct label_sets *sets, int32_t class_index, size_t *count);

#endif
