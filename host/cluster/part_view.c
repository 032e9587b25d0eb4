#include "host/cluster/part_view.h"

#include "host/base/memory.h"
#include "host/base/stop.h"
#include "host/base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_SIZE 1024

/* Notes the first problem of a part. */
static enum error_code note_problem(struct part_view *view, struct error *error, const char *format,
                                    ...) __attribute__((format(printf, 3, 4)));

static enum error_code note_problem(struct part_view *view, struct error *error, const char *format,
                                    ...) {
    char text[PROBLEM_SIZE];
    va_list arguments;
    if (view->problem != NULL) return ERROR_NONE;
    va_start(arguments, format);
    error_vformat(text, sizeof text, format, arguments);
    va_end(arguments);
    view->problem = memory_string(text, error);
    return error->code;
}

/* Whether an error is about the files of a part, and not of this process. */
static bool is_of_file(const struct error *error) {
    return error->code == ERROR_DATA || error->code == ERROR_FILE;
}

/* ---- does it fit? ---- */

/* The value of a line of a record; its length, or 0 where there is no such line. */
static size_t find_value(const char *record, size_t size, const char *name, size_t name_length,
                         const char **value) {
    for (const char *at = record, *end = record + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL) stop = end;
        if ((size_t)(stop - at) > name_length && at[name_length] == ' ' &&
            memcmp(at, name, name_length) == 0) {
            *value = at + name_length + 1;
            return (size_t)(stop - *value);
        }
        at = stop + 1;
    }
    *value = "";
    return 0;
}

static void append_value(struct text *text, const char *value, size_t length) {
    if (length == 0)
        text_string(text, "not given");
    else
        text_append(text, value, length < 100 ? length : 100);
}

/* One line of the run's own record; `length` without its end. */
static enum error_code compare_line(struct part_view *view, const char *line, size_t length,
                                    struct error *error) {
    const struct part_index *index = &view->index;
    const size_t name = strcspn(line, " \n");
    const size_t own = length > name ? length - name - 1 : 0;
    const char *other;
    const size_t others = find_value(index->record, index->facts.record_length, line, name, &other);
    struct text values = TEXT_INITIAL;
    if (name == strlen("views") && memcmp(line, "views", name) == 0) return ERROR_NONE;
    if (own == others && memcmp(line + name + 1, other, own) == 0) return ERROR_NONE;
    append_value(&values, other, others);
    text_string(&values, " there, ");
    append_value(&values, line + name + 1, own);
    if (text_check(&values, error) == ERROR_NONE)
        note_problem(view, error,
                     "was made with another setting (%.*s: %s here); make it again with", (int)name,
                     line, values.data);
    text_free(&values);
    return error->code;
}

/* Names the first setting that differs. The views are compared by what the rows have. */
static enum error_code compare_records(struct part_view *view, const struct text *record,
                                       struct error *error) {
    for (const char *at = record->data; *at != '\0' && view->problem == NULL;) {
        const size_t length = strcspn(at, "\n");
        TRY(compare_line(view, at, length, error));
        at += length;
        if (*at == '\n') at++;
    }
    return ERROR_NONE;
}

static enum error_code check_facts(struct part_view *view, const struct part *part,
                                   const struct text *record, const struct shard_key *key,
                                   struct error *error) {
    const struct part_index_facts *facts = &view->index.facts;
    if (facts->part.number != part->number || facts->part.count != part->count)
        return note_problem(view, error, "is another shard in its folder; make it again with");
    TRY(compare_records(view, record, error));
    if (facts->clips != view->clips)
        return note_problem(view, error,
                            "was made of another list, with %zu clips where this list has %zu; "
                            "make it again with",
                            facts->clips, view->clips);
    if (facts->list_hash != view->list_hash)
        return note_problem(view, error,
                            "was made of another list, with other clips; make it again with");
    if (facts->key.statistics < key->statistics)
        return note_problem(view, error,
                            "was made without the statistics of the clips (--views xvector); make "
                            "it again with");
    if (facts->key.columns - facts->key.statistics != key->columns - key->statistics)
        return note_problem(view, error, "has embeddings of another size; make it again with");
    return ERROR_NONE;
}

/* A folder without the sign: who is at work in it? */
static enum error_code check_owner(struct part_view *view, const struct folder *folder,
                                   struct error *error) {
    struct part_owner owner;
    struct error unread = ERROR_INITIAL;
    bool there = false;
    part_owner_read(folder, &owner, &there, &unread);
    if (unread.code == ERROR_NONE && there && owner.tag[0] != '\0' &&
        !lock_owner_is_gone(&owner.process))
        return note_problem(view, error,
                            "is not complete: process %s on %s has it, with %llu of %llu clips "
                            "done; if that has ended, go on with",
                            owner.process.process, owner.process.host,
                            (unsigned long long)owner.clips_done, (unsigned long long)owner.clips);
    return note_problem(view, error, "was begun and is not complete; go on with");
}

static enum error_code look_at(struct part_view *view, const struct folder *parts,
                               const struct part *part, const struct text *record,
                               const struct shard_key *key, struct error *error) {
    struct folder folder = FOLDER_INITIAL;
    struct error unread = ERROR_INITIAL;
    char name[PART_NAME_SIZE];
    part_name(part, name);
    if (folder_open_in(parts, name, false, &folder, &unread) == ERROR_NONE) {
        if (folder.descriptor < 0)
            note_problem(view, error, "is missing; make it with");
        else if (!folder_has(&folder, PART_COMPLETE))
            check_owner(view, &folder, error);
        else if (part_index_open(&folder, &view->index, &unread) == ERROR_NONE)
            check_facts(view, part, record, key, error);
    }
    folder_close(&folder);
    if (unread.code != ERROR_NONE && !is_of_file(&unread)) {
        *error = unread;
        return error->code;
    }
    if (unread.code != ERROR_NONE)
        note_problem(view, error, "cannot be used (%s); make it again with", unread.message);
    return error->code;
}

enum error_code part_views_open(const struct session_settings *settings,
                                const struct session *session, const struct folder *parts,
                                size_t count, struct part_views *views, struct error *error) {
    const struct clip_list *clips = &session->input.clips;
    struct text record = TEXT_INITIAL;
    struct shard_key key;
    struct part_deal deal;
    *views = (struct part_views){.count = count};
    views->list = memory_array(count, sizeof *views->list, "shards", error);
    if (views->list == NULL) return error->code;
    part_deal_begin(&deal, clips, count);
    for (size_t i = 0; i < clips->count; i++) {
        struct part_view *view = &views->list[part_deal_next(&deal)];
        view->list_hash = part_hash(clips, i, view->list_hash);
        view->clips++;
    }
    part_record(settings, session, &record, &key, error);
    for (size_t p = 0; p < count && error->code == ERROR_NONE; p++) {
        const struct part part = {p, count};
        if (look_at(&views->list[p], parts, &part, &record, &key, error) != ERROR_NONE) break;
        views->fitting += views->list[p].problem == NULL;
    }
    text_free(&record);
    return error->code;
}

void part_views_close(struct part_views *views) {
    for (size_t p = 0; p < views->count && views->list != NULL; p++) {
        free(views->list[p].problem);
        part_index_close(&views->list[p].index);
    }
    free(views->list);
    *views = (struct part_views){0};
}

/* ---- shards ---- */

/* The network's embedding of a sound far beyond full scale may not be finite; statistics are. */
static bool has_finite_statistics(const struct shard *shard, const struct shard_key *key) {
    float sum = 0; /* of zeros, or NaN */
    for (size_t i = 0; i < shard->count; i++) {
        const float *values = shard->rows + (i + 1) * key->columns - key->statistics;
        for (size_t s = 0; s < key->statistics; s++) sum += values[s] * 0;
    }
    return sum == 0;
}

static enum error_code map_shard(struct part_view *view, const struct folder *folder,
                                 const struct part_shard *entry, struct embedding_store *store,
                                 struct error *error) {
    struct part_shard wanted = *entry;
    struct error unread = ERROR_INITIAL;
    bool fits = false;
    size_t number;
    wanted.name[sizeof wanted.name - 1] = '\0';
    if (!shard_number(wanted.name, &number))
        return note_problem(view, error, "has an index that names no shards; make it again with");
    TRY(memory_grow(&store->shards, &store->shard_capacity, store->shard_count + 1,
                    sizeof *store->shards, "shards", error));
    struct shard *shard = &store->shards[store->shard_count];
    shard_open(folder, wanted.name, &view->index.facts.key, shard, &fits, &unread);
    if (unread.code == ERROR_NONE &&
        (!fits || shard->count != wanted.clips ||
         memcmp(shard->checksum, wanted.checksum, sizeof wanted.checksum) != 0 ||
         !has_finite_statistics(shard, &view->index.facts.key)))
        FAIL(&unread, ERROR_DATA, "%s/%s: is not the file that was written", folder->path,
             wanted.name);
    if (unread.code == ERROR_NONE) {
        store->shard_count++;
        store->mixed = store->mixed || strcmp(shard->device, store->device) != 0;
        return ERROR_NONE;
    }
    shard_close(shard);
    if (is_of_file(&unread))
        return note_problem(view, error, "is damaged (%s); make it again with", unread.message);
    *error = unread;
    return error->code;
}

static enum error_code map_part(struct part_view *view, const struct folder *parts,
                                const struct part *part, struct embedding_store *store,
                                struct error *error) {
    struct folder folder = FOLDER_INITIAL;
    struct error unread = ERROR_INITIAL;
    char name[PART_NAME_SIZE];
    part_name(part, name);
    view->first_shard = store->shard_count;
    if (folder_open_in(parts, name, false, &folder, &unread) == ERROR_NONE &&
        folder.descriptor >= 0) {
        for (size_t s = 0; s < view->index.facts.shards && view->problem == NULL; s++)
            if (map_shard(view, &folder, &view->index.shards[s], store, error) != ERROR_NONE) break;
    } else {
        note_problem(view, error, "was removed meanwhile; make it again with");
    }
    folder_close(&folder);
    return error->code;
}

enum error_code part_views_map(const struct session_settings *settings, const struct folder *parts,
                               struct session *session, struct part_views *views,
                               struct error *error) {
    struct embedding_store *store = &session->store;
    struct text record = TEXT_INITIAL;
    struct progress progress = {0};
    part_record(settings, session, &record, &store->key, error);
    text_free(&record);
    TRY(error->code);
    snprintf(store->device, sizeof store->device, "%s", session->engine.properties.name);
    progress_start(&progress, settings->progress, "reading", "shards", views->count);
    for (size_t p = 0; p < views->count; p++) {
        const struct part part = {p, views->count};
        if (stop_check(error) != ERROR_NONE ||
            map_part(&views->list[p], parts, &part, store, error) != ERROR_NONE)
            break;
        progress_update(&progress, p + 1);
    }
    progress_finish(&progress);
    return error->code;
}

/* ---- rows ---- */

/* The part's note about its clip of this number, copied; false where there is none. */
static bool find_note(struct part_view *view, size_t number, struct part_note *note) {
    const struct part_index *index = &view->index;
    for (; view->next_note < index->facts.notes; view->next_note++) {
        *note = index->notes[view->next_note];
        if (note->clip == number) return true;
        if (note->clip > number) return false;
    }
    return false;
}

static enum error_code set_status(struct part_view *view, struct session *session, size_t clip,
                                  const struct part_note *note, struct error *error) {
    struct text reason = TEXT_INITIAL;
    if (!part_index_reason(&view->index, note, &reason))
        note_problem(view, error, "has an index without its reasons; make it again with");
    else if (text_check(&reason, error) == ERROR_NONE)
        clip_list_set_status(&session->input.clips, clip, (enum clip_status)note->status,
                             reason.length == 0 ? NULL : reason.data, error);
    text_free(&reason);
    return error->code;
}

/* Whether decoding can give a clip this status. */
static bool is_status(uint32_t status, bool embedded) {
    return embedded ? status == CLIP_SILENT
                    : status < CLIP_STATUS_COUNT && status != CLIP_OK && status != CLIP_SILENT;
}

enum error_code part_view_take(struct part_view *view, struct session *session, size_t clip,
                               struct error *error) {
    const struct clip_list *clips = &session->input.clips;
    struct embedding_store *store = &session->store;
    struct clip_measures *measures = &session->measures[clip];
    const size_t number = view->next_clip++;
    struct part_note note;
    *measures = (struct clip_measures){.row = EMBEDDING_NO_ROW};
    if (clips->clips[clip].status != CLIP_OK || view->problem != NULL) return ERROR_NONE;
    const struct part_entry entry = view->index.entries[number];
    const bool embedded = entry.shard != PART_NO_SHARD, noted = find_note(view, number, &note);
    if (!embedded && !noted)
        return note_problem(view, error,
                            "was made with options of the list that left out %.*s; make it again "
                            "with",
                            UTF8_PIECE(clip_path(clips, clip), 200));
    if ((noted && !is_status(note.status, embedded)) ||
        (embedded && entry.shard >= view->index.facts.shards))
        return note_problem(view, error, "has an index that is wrong; make it again with");
    if (noted) measures->facts = note.facts;
    if (embedded) {
        const struct shard *shard = &store->shards[view->first_shard + entry.shard];
        if (entry.row >= shard->count)
            return note_problem(view, error, "has an index that is wrong; make it again with");
        *measures = (struct clip_measures){shard->clips[entry.row], session->counts.embedded++};
        TRY(embedding_store_place(store, measures->row,
                                  shard->rows + entry.row * view->index.facts.key.columns, error));
    }
    return noted ? set_status(view, session, clip, &note, error) : ERROR_NONE;
}
