/* Class health and confused pairs as the output files take them. */
#ifndef EARMARK_AUDIT_CLASS_HEALTH_H
#define EARMARK_AUDIT_CLASS_HEALTH_H

#include "host/confident/class_health.h"
#include "host/confident/confident.h"
#include "host/output/run.h"

/* What cleanlab's dataset module reports of a result: classes (found->classes, worst quality
 * first) and pairs (those that are confused at all, most confused first), each to be freed by the
 * caller, after a failure too. */
struct health_tables {
    struct run_class *classes;
    struct run_pair *pairs;
    size_t pair_count;
    double overall;
};

enum error_code health_tables_make(const struct confident_result *found,
                                   struct health_tables *tables, struct error *error);

#endif
