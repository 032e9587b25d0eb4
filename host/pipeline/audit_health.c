#include "host/pipeline/audit_internal.h"

enum error_code audit_make_health(struct audit *audit, struct error *error) {
    (void)error;
    audit->results.overall_health =
        1.0 - (double)audit->confident.num_label_issues / (double)audit->rows.count;
    return ERROR_NONE;
}
