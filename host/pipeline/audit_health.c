#include "host/pipeline/audit_internal.h"

#include "host/pipeline/health_tables.h"

static enum error_code copy_health(const struct health *health, struct audit *audit,
                                   struct error *error) {
    TRY(health_tables_make(health, audit->confident.class_counts, &audit->classes, &audit->pairs,
                           error));
    audit->results.classes = audit->classes;
    audit->results.pairs = audit->pairs;
    audit->results.pair_count = health->pair_count;
    audit->results.overall_health = health->overall;
    return ERROR_NONE;
}

enum error_code audit_make_health(struct audit *audit, struct error *error) {
    const struct confident_result *confident = &audit->confident;
    struct health health = HEALTH_INITIAL;
    if (health_measure(confident->calibrated_joint, confident->classes, confident->rows,
                       confident->num_label_issues, &health, error) == ERROR_NONE)
        copy_health(&health, audit, error);
    health_free(&health);
    return error->code;
}
