#include "host/audit/class_health.h"

#include "host/base/memory.h"

/* The others, which come last, are all but a few of the 18 million pairs of 6,000 speakers. */
static size_t confused_pairs(const struct class_health *measured) {
    size_t count = measured->pair_count;
    while (count > 0 && !(measured->pairs[count - 1].joint_probability > 0)) count--;
    return count;
}

static enum error_code copy_tables(const struct class_health *measured,
                                   const uint64_t *class_counts, struct health_tables *tables,
                                   struct error *error) {
    tables->classes =
        memory_array(measured->class_count, sizeof *tables->classes, "class health", error);
    const size_t pairs = confused_pairs(measured);
    tables->pairs = memory_array(pairs, sizeof *tables->pairs, "class pairs", error);
    TRY(error->code);
    for (size_t i = 0; i < measured->class_count; i++) {
        const struct class_health_entry *from = &measured->classes[i];
        tables->classes[i] = (struct run_class){
            .index = from->index,
            .examples = class_counts[from->index],
            .label_issues = from->label_issues,
            .inverse_label_issues = from->inverse_label_issues,
            .label_noise = from->label_noise,
            .inverse_label_noise = from->inverse_label_noise,
            .label_quality = from->label_quality,
        };
    }
    for (size_t i = 0; i < pairs; i++)
        tables->pairs[i] = (struct run_pair){
            .first = measured->pairs[i].first,
            .second = measured->pairs[i].second,
            .examples = measured->pairs[i].examples,
            .joint_probability = measured->pairs[i].joint_probability,
        };
    tables->pair_count = pairs;
    tables->overall = measured->overall;
    return ERROR_NONE;
}

enum error_code health_tables_make(const struct confident_result *found,
                                   struct health_tables *tables, struct error *error) {
    struct class_health measured = CLASS_HEALTH_INITIAL;
    *tables = (struct health_tables){0};
    if (class_health_measure(found->calibrated_joint, found->classes, found->rows,
                             found->num_label_issues, &measured, error) == ERROR_NONE)
        copy_tables(&measured, found->class_counts, tables, error);
    class_health_free(&measured);
    return error->code;
}
