#include "host/review/server_run.h"

#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/base/random.h"
#include "host/report/run_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* ---- the run is the one that was opened ---- */

static enum error_code look_at_run(const struct server *server, struct stat *status,
                                   struct error *error) {
    if (fstatat(server->out->descriptor, "run.json", status, AT_SYMLINK_NOFOLLOW) == 0)
        return ERROR_NONE;
    return folder_fail(server->out, "run.json", "look at", errno, error);
}

static bool is_at(const struct folder *folder, const char *path) {
    struct stat opened, named;
    return fstat(folder->descriptor, &opened) == 0 && stat(path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Where the way to the folder may not be searched its place stays unknown. */
static void find_place(struct server *server) {
    server->place = realpath(server->out->path, NULL);
    if (server->place != NULL && is_at(server->out, server->place)) return;
    free(server->place);
    server->place = NULL;
}

static enum error_code check_place(const struct server *server, struct error *error) {
    if (server->place == NULL || is_at(server->out, server->place)) return ERROR_NONE;
    return FAIL(error, ERROR_FILE,
                "%s is no longer there: it was moved, or its disk is gone; start the review again "
                "where it is now",
                server->place);
}

enum error_code server_run_check(const struct server *server, struct error *error) {
    struct stat now;
    const struct stat *pinned = &server->pinned;
    TRY(check_place(server, error));
    TRY(look_at_run(server, &now, error));
    if (now.st_dev == pinned->st_dev && now.st_ino == pinned->st_ino &&
        now.st_size == pinned->st_size && now.st_mtim.tv_sec == pinned->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == pinned->st_mtim.tv_nsec)
        return ERROR_NONE;
    return FAIL(error, ERROR_FILE,
                "%s/run.json has changed: another run took its place; start the review again",
                server->out->path);
}

/* ---- opening ---- */

static enum error_code make_secret(char secret[REQUEST_KEY_SIZE], struct error *error) {
    unsigned char bytes[(REQUEST_KEY_SIZE - 1) / 2];
    TRY(random_bytes(bytes, sizeof bytes, error));
    for (size_t i = 0; i < sizeof bytes; i++) {
        secret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        secret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return ERROR_NONE;
}

static enum error_code find_separator(struct server *server, struct error *error) {
    const char *json = run_fact_find(&server->results.facts, "settings", "label_separator");
    if (json == NULL || !server->results.multilabel) return ERROR_NONE;
    json_t *value = json_parse(json, strlen(json), "run.json", error);
    if (value != NULL && json_is_string(value)) server->separator = json_bytes(value, error);
    json_decref(value);
    return error->code;
}

static int compare_ranks(const void *a, const void *b) {
    const struct row_rank *one = a, *other = b;
    if (one->row != other->row) return one->row > other->row ? 1 : -1;
    return (one->issue > other->issue) - (one->issue < other->issue);
}

static enum error_code rank_rows(struct server *server, struct error *error) {
    const size_t count = server->results.issue_count;
    free(server->ranks);
    server->ranks = memory_array(count, sizeof *server->ranks, "the issues of a run", error);
    if (server->ranks == NULL) return error->code;
    for (size_t i = 0; i < count; i++)
        server->ranks[i] = (struct row_rank){server->results.issues[i].row, i};
    if (count > 0) qsort(server->ranks, count, sizeof *server->ranks, compare_ranks);
    return ERROR_NONE;
}

static enum error_code open_run(struct server *server, struct error *error) {
    TRY(look_at_run(server, &server->pinned, error));
    TRY(review_run_hash(server->out, server->hash, error));
    TRY(run_read_open(server->out, &server->read, error));
    TRY(run_read_every_clip(server->read, server->out, error));
    server->results = *run_read_results(server->read);
    server->results.allow_outside = server->settings->allow_outside;
    if (server->settings->root == NULL)
        TRY(run_root_check(server->out->path, server->results.root, error));
    else
        server->results.root = server->settings->root;
    TRY(find_separator(server, error));
    return rank_rows(server, error);
}

static enum error_code open_sounds(struct server *server, struct decoders *decoders,
                                   struct error *error) {
    const char *root = server->results.root;
    if (root == NULL || root[0] == '\0') root = ".";
    TRY(root_folder_open(root, server->results.allow_outside, &server->root, error));
    TRY(clip_sources_new(&server->root, &server->sources, error));
    return server_cache_new(decoders, server->sources, &server->results.clips, &server->cache,
                            error);
}

/* ---- decisions ---- */

size_t server_run_row(const struct decided *decided) {
    return decided->state == DECISION_UNPLACED ? decided->decision.row : decided->row;
}

/* Only what reviewers decided differently is left. */
static enum error_code keep_conflicts(struct server *server, struct error *error) {
    struct conflicts *conflicts = &server->conflicts;
    TRY(conflicts_find(&server->results, &server->decisions, server->separator, conflicts, error));
    server->results.issues = conflicts->issues;
    server->results.issue_count = conflicts->issue_count;
    return rank_rows(server, error);
}

static enum error_code open_decisions(struct server *server, struct error *error) {
    const char *reviewer = server->settings->reviewer;
    struct decisions *decisions = &server->decisions;
    TRY(decision_writer_open(server->out, reviewer, &server->writer, error));
    if (server->writer.tail_cut)
        progress_warning("%s/%s: its last line was not whole, and was removed", server->out->path,
                         server->writer.name);
    TRY(decisions_read(decisions, server->out, server->settings->conflicts ? NULL : reviewer,
                       error));
    for (size_t i = 0; i < decisions->warnings.count; i++)
        progress_warning("%s", decisions->warnings.sentences[i]);
    if (decisions->count > 0)
        TRY(decisions_place_run(decisions, server->out, server->separator, error));
    return server->settings->conflicts ? keep_conflicts(server, error) : ERROR_NONE;
}

enum error_code server_run_open(struct server *server, struct decoders *decoders,
                                struct error *error) {
    pthread_mutex_init(&server->lock, NULL);
    server->writer = (struct decision_writer)DECISION_WRITER_INITIAL;
    server->root.descriptor = -1;
    find_place(server);
    TRY(make_secret(server->token, error));
    TRY(make_secret(server->key, error));
    TRY(open_run(server, error));
    TRY(open_sounds(server, decoders, error));
    TRY(open_decisions(server, error));
    TRY(review_data_open(server->out, &server->results, &server->data, error));
    TRY(learning_open(server->out, &server->results, server->settings->threads, &server->learning,
                      error));
    return server_run_check(server, error);
}

void server_run_close(struct server *server) {
    learning_close(server->learning);
    review_data_close(server->data);
    decision_writer_close(&server->writer);
    decisions_free(&server->decisions);
    server_cache_free(server->cache);
    clip_sources_free(server->sources);
    root_folder_close(&server->root);
    run_read_close(server->read);
    text_free(&server->page);
    text_free(&server->issues);
    text_free(&server->overview);
    free(server->place);
    free(server->separator);
    free(server->drawn);
    free(server->turns);
    free(server->ranks);
    conflicts_free(&server->conflicts);
    pthread_mutex_destroy(&server->lock);
}

/* ---- what it knows ---- */

size_t server_run_issue(const struct server *server, size_t row) {
    const size_t count = server->results.issue_count;
    const struct row_rank *ranks = server->ranks;
    size_t first = 0, last = count;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        if (ranks[middle].row < row)
            first = middle + 1;
        else
            last = middle;
    }
    return first < count && ranks[first].row == row ? ranks[first].issue : SIZE_MAX;
}
