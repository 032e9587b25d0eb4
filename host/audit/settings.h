/* What an audit is asked for. */
#ifndef EARMARK_AUDIT_SETTINGS_H
#define EARMARK_AUDIT_SETTINGS_H

#include "host/classifier/crossval.h"
#include "host/confident/confident.h"
#include "host/embedding/session.h"

struct audit_settings {
    struct session_settings session; /* without features_folder */
    struct crossval_settings crossval;
    struct confident_settings confident;
    const char *num_to_remove_file; /* .npy (classes), or NULL */
    const char *joint_file; /* .npy (classes, classes); multilabel: (classes, 2, 2); or NULL */
};

#endif
