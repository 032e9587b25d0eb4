/* The audit: clips in, ranked label errors out. It is the sum of the stages that
 * are commands by themselves, not another implementation. */
#ifndef EARMARK_AUDIT_AUDIT_H
#define EARMARK_AUDIT_AUDIT_H

#include "host/classifier/crossval_multilabel.h"
#include "host/confident/confident.h"
#include "host/embedding/session.h"
#include "host/output/run.h"

struct audit_settings {
    struct session_settings session; /* without features_folder */
    struct crossval_settings crossval;
    struct confident_settings confident;
    const char *num_to_remove_file; /* .npy (classes), or NULL */
    const char *joint_file; /* .npy (classes, classes); multilabel: (classes, 2, 2); or NULL */
};

struct audit;

/* Runs the whole audit and writes every file of the run. *audit holds the results
 * also when clips could not be read; audit_close releases it, after a failure
 * too. Errors are those of the stages; ERROR_DATA before anything is embedded when the list
 * alone shows that fewer than two classes can be audited; ERROR_STOPPED after a signal. */
enum error_code audit_run(const struct audit_settings *settings, struct audit **audit,
                          struct error *error);
const struct run_results *audit_results(const struct audit *audit);
size_t audit_unreadable(const struct audit *audit); /* clips that give exit code 3 */
void audit_close(struct audit *audit);              /* takes NULL */

#endif
