#include "host/confident/class_health.h"

#include "host/base/memory.h"
#include "host/confident/pairwise.h"

#include <math.h>
#include <stdlib.h>

static int compare_classes(const void *left, const void *right) {
    const struct class_health_entry *a = left;
    const struct class_health_entry *b = right;
    if (a->label_quality != b->label_quality) return a->label_quality < b->label_quality ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int compare_pairs(const void *left, const void *right) {
    const struct class_health_pair *a = left;
    const struct class_health_pair *b = right;
    if (a->joint_probability != b->joint_probability)
        return a->joint_probability > b->joint_probability ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return (a->second > b->second) - (a->second < b->second);
}

/* Sums in numpy's order: a row pairwise, a column in order. */
static void measure_classes(const double *joint, size_t classes, double rows,
                            struct class_health_entry *ranked) {
    for (size_t k = 0; k < classes; k++) {
        double diagonal = joint[k * classes + k];
        double given = pairwise_float64(joint + k * classes, classes);
        double actual = 0;
        for (size_t s = 0; s < classes; s++) actual += joint[s * classes + k];
        double noise = (given - diagonal) / fmax(given, 1e-6);
        double inverse_noise = (actual - diagonal) / fmax(actual, 1e-6);
        ranked[k] = (struct class_health_entry){
            .index = (int32_t)k,
            .label_issues = (int64_t)rint((given - diagonal) * rows),
            .inverse_label_issues = (int64_t)rint((actual - diagonal) * rows),
            .label_noise = noise,
            .inverse_label_noise = inverse_noise,
            .label_quality = 1 - noise,
        };
    }
    qsort(ranked, classes, sizeof *ranked, compare_classes);
}

static void measure_pairs(const double *joint, size_t classes, double rows,
                          struct class_health_pair *pairs) {
    size_t count = 0;
    for (size_t a = 0; a < classes; a++)
        for (size_t b = a + 1; b < classes; b++) {
            double probability = joint[a * classes + b] + joint[b * classes + a];
            pairs[count++] =
                (struct class_health_pair){.first = (int32_t)a,
                                           .second = (int32_t)b,
                                           .examples = (int64_t)rint(probability * rows),
                                           .joint_probability = probability};
        }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
}

enum error_code class_health_measure(const int64_t *calibrated, size_t classes, uint64_t rows,
                                     uint64_t num_label_issues, struct class_health *health,
                                     struct error *error) {
    size_t pairs = classes * (classes - 1) / 2;
    *health = (struct class_health){.class_count = classes, .pair_count = pairs};
    double *joint = memory_array(classes * classes, sizeof *joint, "the joint", error);
    health->classes = memory_array(classes, sizeof *health->classes, "classes", error);
    health->pairs = memory_array(pairs, sizeof *health->pairs, "pairs of classes", error);
    if (error->code == ERROR_NONE) {
        double sum = 0; /* of whole numbers: exact in any order */
        for (size_t i = 0; i < classes * classes; i++) sum += (double)calibrated[i];
        for (size_t i = 0; i < classes * classes; i++)
            joint[i] = (double)calibrated[i] / fmax(sum, 1e-100);
        measure_classes(joint, classes, (double)rows, health->classes);
        measure_pairs(joint, classes, (double)rows, health->pairs);
        health->overall = 1 - (double)num_label_issues / (double)rows;
    } else {
        class_health_free(health);
    }
    free(joint);
    return error->code;
}

void class_health_free(struct class_health *health) {
    free(health->classes);
    free(health->pairs);
    *health = (struct class_health)CLASS_HEALTH_INITIAL;
}
