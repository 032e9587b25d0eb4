/* What an audit is asked for. */
#ifndef EARMARK_AUDIT_SETTINGS_H
#define EARMARK_AUDIT_SETTINGS_H

#include "host/audit/detection.h"
#include "host/cluster/parts.h"
#include "host/embedding/session.h"

struct audit_settings {
    struct session_settings session;     /* without features_folder */
    struct detection_settings detection; /* several labels a clip: logistic regression, and
                                            cleanlab's filter and score */
    bool copies_apart;                   /* copies may be in different folds */
    bool rows_in_store; /* embeddings are used where the session's store has them: no copy of them,
                           embeddings.npy and statistics.npy, is written */
    const char *const *view_files; /* (view_file_count) .npy (clips, features) */
    size_t view_file_count;
    size_t memory;                  /* bound in bytes; 0: none */
    const char *num_to_remove_file; /* .npy (classes), or NULL */
    /* Changes `detection` and the session's views for a list that turns out to have several labels
     * a clip, though no option said so; context: the caller's. NULL: there is no such list. */
    enum error_code (*take_several_labels)(const void *context, struct audit_settings *settings,
                                           struct error *error);
    const void *context;
    bool from_shards; /* embeddings are those of `embed --shard`; `parts` says how they are made */
    struct parts_command parts;
    const char *joint_file; /* .npy (classes, classes); multilabel: (classes, 2, 2); or NULL */
};

#endif
