#include "host/audit/class_health.h"

#include "host/audit/internal.h"
#include "host/base/memory.h"

enum error_code health_tables_make(const struct class_health *health, const uint64_t *class_counts,
                                   struct run_class **classes, struct run_pair **pairs,
                                   struct error *error) {
    *classes = memory_array(health->class_count, sizeof **classes, "class health", error);
    *pairs = memory_array(health->pair_count, sizeof **pairs, "class pairs", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t i = 0; i < health->class_count; i++) {
        const struct class_health_entry *from = &health->classes[i];
        (*classes)[i] = (struct run_class){
            .index = from->index,
            .examples = class_counts[from->index],
            .label_issues = from->label_issues,
            .inverse_label_issues = from->inverse_label_issues,
            .label_noise = from->label_noise,
            .inverse_label_noise = from->inverse_label_noise,
            .label_quality = from->label_quality,
        };
    }
    for (size_t i = 0; i < health->pair_count; i++)
        (*pairs)[i] = (struct run_pair){
            .first = health->pairs[i].first,
            .second = health->pairs[i].second,
            .examples = health->pairs[i].examples,
            .joint_probability = health->pairs[i].joint_probability,
        };
    return ERROR_NONE;
}

static enum error_code copy_health(const struct class_health *health, struct audit *audit,
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
    struct class_health health = CLASS_HEALTH_INITIAL;
    if (class_health_measure(confident->calibrated_joint, confident->classes, confident->rows,
                             confident->num_label_issues, &health, error) == ERROR_NONE)
        copy_health(&health, audit, error);
    class_health_free(&health);
    return error->code;
}
