#include "host/review/server_json.h"

#include "host/base/memory.h"
#include "host/review/server_body.h"
#include "host/review/server_left.h"

#include <stdlib.h>
#include <string.h>

static bool is_own(const struct server *server, const struct decided *decided) {
    return decided->decision.by != NULL && decided->decision.kind != DECISION_UNDO &&
           strcmp(decided->decision.by, server->settings->reviewer) == 0;
}

/* Decisions of this reviewer, each as in its file, but with the row in this run. */
static void append_list(const struct server *server, bool usable, struct text *json) {
    bool first = true;
    text_string(json, "[");
    for (size_t i = 0; i < server->decisions.count; i++) {
        const struct decided *decided = &server->decisions.list[i];
        struct decision shown = decided->decision;
        if (!is_own(server, decided) || server_is_current(server, decided) != usable) continue;
        shown.row = server_run_row(decided);
        if (!first) text_string(json, ",");
        first = false;
        decision_append(json, &shown); /* a line, whose end is white space here */
    }
    text_string(json, "]");
}

enum error_code server_json_decisions(const struct server *server, struct text *json,
                                      struct error *error) {
    text_string(json, "{\"by\":");
    text_json(json, server->settings->reviewer);
    text_string(json, ",\"decisions\":");
    append_list(server, true, json);
    text_string(json, ",\"stale\":");
    append_list(server, false, json);
    text_string(json, ",\"left\":");
    TRY(server_left_json(server, json, error));
    text_string(json, ",\"conflicts\":");
    if (!server->settings->conflicts) text_string(json, "null");
    for (size_t i = 0; i < server->conflicts.count; i++)
        text_format(json, "%s%zu", i == 0 ? "[" : ",", server->conflicts.rows[i]);
    if (server->settings->conflicts) text_string(json, server->conflicts.count == 0 ? "[]" : "]");
    text_string(json, "}");
    return ERROR_NONE;
}

/* The class that counts from now on, or one of LEARNING_*. */
static int32_t learned_class(const struct server *server, const struct decision *decision,
                             const struct run_clip *clip) {
    switch (decision->kind) {
    case DECISION_KEEP: return clip->class_index;
    case DECISION_RELABEL: return server_class_find(&server->results, decision->label);
    case DECISION_EXCLUDE: return LEARNING_EXCLUDED;
    default: return LEARNING_UNSURE;
    }
}

enum error_code server_learning_decisions(const struct server *server,
                                          struct learning_decision **list, size_t *count,
                                          struct error *error) {
    *count = 0;
    *list = memory_array(server->decisions.count, sizeof **list, "the decisions of a list", error);
    if (*list == NULL) return error->code;
    for (size_t i = 0; i < server->decisions.count; i++) {
        const struct decided *decided = &server->decisions.list[i];
        const struct decision *decision = &decided->decision;
        const size_t row = server_run_row(decided);
        if (!server_is_current(server, decided) || row >= server->results.clips.count) continue;
        const struct run_clip clip = run_clip_at(&server->results.clips, row);
        int32_t class_index = learned_class(server, decision, &clip);
        if (class_index == -1) class_index = LEARNING_UNSURE; /* a class of another run */
        (*list)[(*count)++] = (struct learning_decision){row, class_index};
    }
    return ERROR_NONE;
}
