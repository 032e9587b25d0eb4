#include "host/cluster/parts.h"

#include "host/base/memory.h"
#include "host/base/stop.h"
#include "host/cluster/part_view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which numbers of parts there are ---- */

struct found {
    size_t *counts; /* (count), each once */
    size_t count, capacity;
};

static enum error_code take_name(void *context, const char *name, struct error *error) {
    struct found *found = context;
    struct part part;
    if (!part_read_name(name, &part)) return ERROR_NONE;
    for (size_t i = 0; i < found->count; i++)
        if (found->counts[i] == part.count) return ERROR_NONE;
    TRY(memory_grow(&found->counts, &found->capacity, found->count + 1, sizeof *found->counts,
                    "shards", error));
    found->counts[found->count++] = part.count;
    return ERROR_NONE;
}

static enum error_code find_counts(const struct folder *folder, struct found *found,
                                   struct error *error) {
    return folder->descriptor < 0 ? ERROR_NONE : folder_each(folder, take_name, found, error);
}

/* Better: complete, or of a larger share that fits, or of more parts. */
static bool is_better(const struct part_views *a, const struct part_views *b) {
    const size_t left = a->fitting * b->count, right = b->fitting * a->count;
    return left != right ? left > right : a->count > b->count;
}

static enum error_code fail_none(const struct session_settings *settings,
                                 const struct parts_command *command, struct error *error) {
    const struct part part = {0, 8};
    struct text text = TEXT_INITIAL;
    command->append(command->context, &part, &text);
    if (text_check(&text, error) == ERROR_NONE)
        progress_error("%s/" PARTS_FOLDER
                       " holds no shards; each of, say, 8 is made with a command like: %s",
                       parts_home(settings), text.data);
    text_free(&text);
    return FAIL(error, ERROR_DATA, "there are no shards in %s", parts_home(settings));
}

/* Looks at the parts of every number that is there, and keeps the best. */
static enum error_code choose(const struct session_settings *settings,
                              const struct session *session, const struct folder *folder,
                              const struct found *found, struct part_views *best,
                              struct error *error) {
    for (size_t i = 0; i < found->count; i++) {
        struct part_views views = {0};
        part_views_open(settings, session, folder, found->counts[i], &views, error);
        bool better = error->code == ERROR_NONE && (i == 0 || is_better(&views, best));
        part_views_close(better ? best : &views);
        if (better) *best = views;
        TRY(error->code);
    }
    for (size_t i = 0; i < found->count; i++)
        if (found->counts[i] != best->count && !settings->engine.quiet)
            progress_message("note: %s/" PARTS_FOLDER " also holds shards of %zu, which are not "
                             "used: those of %zu are",
                             parts_home(settings), found->counts[i], best->count);
    return ERROR_NONE;
}

/* ---- rows ---- */

/* Names every part that cannot be used. */
static enum error_code report(const struct session_settings *settings,
                              const struct parts_command *command, const struct part_views *views,
                              struct error *error) {
    size_t bad = 0;
    for (size_t p = 0; p < views->count; p++) {
        const struct part part = {p, views->count};
        struct text text = TEXT_INITIAL;
        const char *problem = views->list[p].problem;
        if (problem == NULL) continue;
        bad++;
        command->append(command->context, &part, &text);
        if (text_check(&text, error) == ERROR_NONE)
            progress_error("shard %zu/%zu %s: %s", p, views->count, problem, text.data);
        text_free(&text);
        TRY(error->code);
    }
    if (bad == 0) return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "%zu of %zu shards in %s cannot be used; run the commands above, then this one "
                "again",
                bad, views->count, parts_home(settings));
}

static enum error_code take_rows(struct session *session, struct part_views *views,
                                 struct error *error) {
    struct part_deal deal;
    part_deal_begin(&deal, &session->input.clips, views->count);
    for (size_t i = 0; i < session->input.clips.count; i++) {
        if (i % 65536 == 0) TRY(stop_check(error));
        TRY(part_view_take(&views->list[part_deal_next(&deal)], session, i, error));
    }
    return ERROR_NONE;
}

enum error_code parts_take(const struct session_settings *settings,
                           const struct parts_command *command, struct session *session,
                           size_t *count, struct error *error) {
    struct folder out = FOLDER_INITIAL, folder = FOLDER_INITIAL;
    struct found found = {0};
    struct part_views views = {0};
    *count = 0;
    if (access(parts_home(settings), F_OK) == 0 &&
        (folder_open(parts_home(settings), false, &out, error) != ERROR_NONE ||
         folder_open_in(&out, PARTS_FOLDER, false, &folder, error) != ERROR_NONE))
        goto done;
    if (find_counts(&folder, &found, error) != ERROR_NONE) goto done;
    if (found.count == 0) {
        fail_none(settings, command, error);
        goto done;
    }
    if (choose(settings, session, &folder, &found, &views, error) == ERROR_NONE &&
        report(settings, command, &views, error) == ERROR_NONE &&
        part_views_map(settings, &folder, session, &views, error) == ERROR_NONE &&
        report(settings, command, &views, error) == ERROR_NONE &&
        take_rows(session, &views, error) == ERROR_NONE)
        report(settings, command, &views, error);
    *count = views.count;
done:
    part_views_close(&views);
    free(found.counts);
    folder_close(&folder);
    folder_close(&out);
    return error->code;
}
