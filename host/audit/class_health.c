#include "host/audit/class_health.h"

#include "host/base/memory.h"
#include "host/confident/health.h"

static enum error_code copy_tables(const struct health *measured, const uint64_t *class_counts,
                                   struct class_health *health, struct error *error) {
    health->classes =
        memory_array(measured->class_count, sizeof *health->classes, "class health", error);
    health->pairs = memory_array(measured->pair_count, sizeof *health->pairs, "class pairs", error);
    TRY(error->code);
    for (size_t i = 0; i < measured->class_count; i++) {
        const struct health_class *from = &measured->classes[i];
        health->classes[i] = (struct run_class){
            .index = from->index,
            .examples = class_counts[from->index],
            .label_issues = from->label_issues,
            .inverse_label_issues = from->inverse_label_issues,
            .label_noise = from->label_noise,
            .inverse_label_noise = from->inverse_label_noise,
            .label_quality = from->label_quality,
        };
    }
    for (size_t i = 0; i < measured->pair_count; i++)
        health->pairs[i] = (struct run_pair){
            .first = measured->pairs[i].first,
            .second = measured->pairs[i].second,
            .examples = measured->pairs[i].examples,
            .joint_probability = measured->pairs[i].joint_probability,
        };
    health->pair_count = measured->pair_count;
    health->overall = measured->overall;
    return ERROR_NONE;
}

enum error_code class_health_make(const struct confident_result *found, struct class_health *health,
                                  struct error *error) {
    struct health measured = HEALTH_INITIAL;
    *health = (struct class_health){0};
    if (health_measure(found->calibrated_joint, found->classes, found->rows,
                       found->num_label_issues, &measured, error) == ERROR_NONE)
        copy_tables(&measured, found->class_counts, health, error);
    health_free(&measured);
    return error->code;
}
