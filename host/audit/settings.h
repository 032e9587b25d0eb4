/* What an audit is asked for. */
#ifndef EARMARK_AUDIT_SETTINGS_H
#define EARMARK_AUDIT_SETTINGS_H

#include "host/audit/detection.h"
#include "host/embedding/session.h"

struct audit_settings {
    struct session_settings session;     /* without features_folder */
    struct detection_settings detection; /* several labels a clip: logistic regression, and
                                            cleanlab's filter and score */
    bool copies_apart;                   /* copies may be in different folds */
    const char *const *view_files;       /* (view_file_count) .npy (clips, features) */
    size_t view_file_count;
    const char *num_to_remove_file; /* .npy (classes), or NULL */
    const char *joint_file; /* .npy (classes, classes); multilabel: (classes, 2, 2); or NULL */
};

#endif
