/* The body of POST /decide, read as what anybody may have sent. Private to
 * host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_BODY_H
#define EARMARK_REVIEW_SERVER_BODY_H

#include "host/output/run.h"
#include "host/review/decision.h"

#define SERVER_BODY_DECISIONS 2000u /* at most */

/* What the page says of one clip; the run knows the rest. */
struct posted {
    size_t row;
    enum decision_kind kind;
    char *label; /* of DECISION_RELABEL: one, or a set as in struct decision; owned */
    char *note;  /* owned; NULL: none */
    uint32_t heard;
    bool bulk;
    char step[17]; /* "": none */
};

struct posted_list {
    struct posted *list; /* (count) */
    size_t count;
    bool of_another_run; /* one of them names another hash than the run's */
};

/* {"decisions":[{"row":17,"decision":"relabel","label":"8","heard":2,"bulk":false,"note":""}]}.
 * Members that are not known are ignored. Rows are below the count of the run's clips, labels are
 * the run's classes. ERROR_DATA says what is wrong, ERROR_MEMORY; server_body_free after them,
 * too. */
enum error_code server_body_read(const struct run_results *results, const char *run_hash,
                                 const char *body, size_t size, struct posted_list *posted,
                                 struct error *error);
void server_body_free(struct posted_list *posted);

/* The class of this name, or -1. */
int32_t server_class_find(const struct run_results *results, const char *name);

#endif
