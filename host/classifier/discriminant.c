#include "host/classifier/discriminant.h"

#include <math.h>

enum error_code discriminant_run(const struct device_operations *operations, struct device *device,
                                 const struct crossval_input *input, int threads,
                                 const struct crossval_progress *progress, float *log_probabilities,
                                 struct discriminant_report *report, struct error *error) {
    (void)operations;
    (void)device;
    (void)threads;
    (void)progress;
    *report = (struct discriminant_report){.temperature = 1};
    for (size_t i = 0; i < input->rows * input->classes; i++)
        log_probabilities[i] = -logf((float)input->classes);
    return error->code;
}
