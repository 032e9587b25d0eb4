#include "host/audit/issues.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <stdlib.h>

static struct run_issue make_issue(const struct confident_issue *found,
                                   const struct confident_row *row, const size_t *clips) {
    return (struct run_issue){
        .row = clips == NULL ? found->row : clips[found->row],
        .given = row->given,
        .suggested = row->suggested,
        .score = found->score,
        .self_confidence = row->scores[SCORE_SELF_CONFIDENCE],
        .normalized_margin = row->scores[SCORE_NORMALIZED_MARGIN],
        .confidence_weighted_entropy = row->scores[SCORE_CONFIDENCE_WEIGHTED_ENTROPY],
        .given_probability = (float)row->given_probability,
        .suggested_probability = (float)row->suggested_probability,
    };
}

enum error_code issues_make(const struct confident_input *input,
                            const struct confident_result *found, const size_t *clips,
                            struct run_issue **issues, struct error *error) {
    size_t count = found->issue_count;
    struct confident_row *described = scratch_array(count, sizeof *described, "issues", error);
    *issues = scratch_array(count, sizeof **issues, "issues", error);
    if (error->code == ERROR_NONE &&
        confident_describe(input, found->issues, count, described, error) == ERROR_NONE)
        for (size_t i = 0; i < count; i++)
            (*issues)[i] = make_issue(&found->issues[i], &described[i], clips);
    scratch_free(described);
    return error->code;
}
