/* The audit: clips in, ranked label errors out. It is the sum of the stages that
 * are commands by themselves, not another implementation. */
#ifndef EARMARK_AUDIT_AUDIT_H
#define EARMARK_AUDIT_AUDIT_H

#include "host/audit/settings.h"
#include "host/base/warnings.h"
#include "host/output/run.h"

struct audit;

/* Runs the whole audit and writes every file of the run. *audit holds the results
 * also when clips could not be read; audit_close releases it, after a failure
 * too. Errors are those of the stages; ERROR_DATA before anything is embedded when the list
 * alone shows that fewer than two classes can be audited; ERROR_STOPPED after a signal. */
enum error_code audit_run(const struct audit_settings *settings, struct audit **audit,
                          struct error *error);
const struct run_results *audit_results(const struct audit *audit);
/* What reading INPUT warned of, also after a failure; NULL has none. */
const struct warnings *audit_list_warnings(const struct audit *audit);
size_t audit_unreadable(const struct audit *audit); /* clips that give exit code 3 */
void audit_close(struct audit *audit);              /* takes NULL */

#endif
