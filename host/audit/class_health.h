/* Data set health as the output files want it. */
#ifndef EARMARK_AUDIT_CLASS_HEALTH_H
#define EARMARK_AUDIT_CLASS_HEALTH_H

#include "host/confident/class_health.h"
#include "host/output/run.h"

/* classes (health->class_count) and pairs (health->pair_count), each to be freed
 * by the caller, after a failure too. class_counts (classes): rows with each label. */
enum error_code health_tables_make(const struct class_health *health, const uint64_t *class_counts,
                                   struct run_class **classes, struct run_pair **pairs,
                                   struct error *error);

#endif
