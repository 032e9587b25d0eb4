#include "host/pipeline/audit_internal.h"

#include "host/base/memory.h"
#include "host/confident/health.h"

static enum error_code copy_health(const struct health *health, struct audit *audit,
                                   struct error *error) {
    audit->classes =
        memory_array(health->class_count, sizeof *audit->classes, "class health", error);
    audit->pairs = memory_array(health->pair_count, sizeof *audit->pairs, "class pairs", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t i = 0; i < health->class_count; i++) {
        const struct health_class *from = &health->classes[i];
        audit->classes[i] = (struct run_class){
            .index = from->index,
            .examples = audit->confident.class_counts[from->index],
            .label_issues = from->label_issues,
            .inverse_label_issues = from->inverse_label_issues,
            .label_noise = from->label_noise,
            .inverse_label_noise = from->inverse_label_noise,
            .label_quality = from->label_quality,
        };
    }
    for (size_t i = 0; i < health->pair_count; i++)
        audit->pairs[i] = (struct run_pair){
            .first = health->pairs[i].first,
            .second = health->pairs[i].second,
            .examples = health->pairs[i].examples,
            .joint_probability = health->pairs[i].joint_probability,
        };
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
