#include "host/cluster/part_run.h"

#include "host/base/clock.h"
#include "host/base/file_replace.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/base/version.h"
#include "host/cluster/part_index.h"
#include "host/embedding/run_record.h"
#include "host/embedding/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum error_code part_record(const struct session_settings *settings, const struct session *session,
                            struct text *record, struct shard_key *key, struct error *error) {
    const struct resume_settings resume = session_resume(settings, session);
    TRY(resume_binding(&session->engine, &resume, record, key, error));
    /* It decides which clips are readable. */
    if (settings->clip_memory > 0)
        run_record_add(record, "clip-memory", "%zu", settings->clip_memory >> 20);
    else
        run_record_add(record, "clip-memory", "%s", "");
    return text_check(record, error);
}

/* ---- the list ---- */

/* Reduces the list to the clips of the part. */
static enum error_code choose_clips(const struct part *part, struct part_run *run,
                                    struct error *error) {
    struct clip_list *clips = &run->session.input.clips;
    size_t count = 0;
    run->list_rows = part_clips(clips, part, &count, error);
    if (run->list_rows == NULL) return error->code;
    clip_list_keep(clips, run->list_rows, count);
    run->session.list_rows = run->list_rows;
    return ERROR_NONE;
}

static uint64_t hash_clips(const struct clip_list *clips) {
    uint64_t hash = 0;
    for (size_t i = 0; i < clips->count; i++) hash = part_hash(clips, i, hash);
    return hash;
}

/* ---- the folder ---- */

static enum error_code open_folders(const struct session_settings *settings,
                                    const struct part *part, struct part_run *run,
                                    struct error *error) {
    struct folder out = FOLDER_INITIAL;
    part_name(part, run->name);
    if (folder_open(parts_home(settings), true, &out, error) == ERROR_NONE &&
        folder_open_in(&out, PARTS_FOLDER, true, &run->parts, error) == ERROR_NONE)
        folder_open_in(&run->parts, run->name, true, &run->folder, error);
    folder_close(&out);
    return error->code;
}

static void observe(void *context, size_t clips, double audio_seconds) {
    part_lease_progress(context, clips, audio_seconds);
}

static enum error_code may_commit(void *context, struct error *error) {
    return part_lease_check(context, error);
}

static enum error_code open_lease(const struct session_settings *settings, struct part_run *run,
                                  struct error *error) {
    const struct part_lease_settings lease = {.what = run->what,
                                              .beat_seconds = PART_LEASE_BEAT,
                                              .stale_seconds = PART_LEASE_STALE,
                                              .quiet = settings->engine.quiet};
    TRY(part_lease_open(&run->folder, &lease, run->session.input.clips.count, &run->lease, error));
    run->session.observe = observe;
    run->session.observer = &run->lease;
    return ERROR_NONE;
}

/* Whether the index that is there is that of these clips and settings. */
static bool index_fits(const struct part_run *run, uint64_t list_hash,
                       const struct shard_key *key) {
    struct part_index index;
    struct error ignored = ERROR_INITIAL;
    bool fits = part_index_open(&run->folder, &index, &ignored) == ERROR_NONE &&
                index.facts.list_hash == list_hash &&
                index.facts.clips == run->session.input.clips.count &&
                memcmp(index.facts.key.settings, key->settings, sizeof key->settings) == 0 &&
                index.facts.key.columns == key->columns;
    part_index_close(&index);
    return fits;
}

/* What a killed process leaves. A process that was stopped before it comes here may have lost the
 * part: what its successor writes is left alone. */
static enum error_code remove_temporary(void *context, const char *name, struct error *error) {
    const struct part_run *run = context;
    static const char *const of[] = {PART_INDEX, PART_COMPLETE, PART_OWNER};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++)
        if (file_is_temporary(name, of[i]))
            return file_remove_temporary(&run->folder, name, &run->lease.since, error);
    return ERROR_NONE;
}

/* Opens the store. A part that was complete stays so until its shards are removed: before that its
 * sign is. */
static enum error_code open_store(const struct session_settings *settings, struct part_run *run,
                                  struct error *error) {
    struct session *session = &run->session;
    struct resume_settings resume = session_resume(settings, session);
    struct text record = TEXT_INITIAL;
    struct shard_key key;
    resume.writer = part_lease_writer(&run->lease);
    resume.since = &run->lease.since;
    resume.may_commit = may_commit;
    resume.context = &run->lease;
    resume.part_of = settings->input;
    resume.keep = resume.keep && !settings->fresh;
    part_record(settings, session, &record, &key, error);
    text_free(&record);
    TRY(error->code);
    TRY(folder_each(&run->folder, remove_temporary, run, error));
    if (!resume.keep || !index_fits(run, hash_clips(&session->input.clips), &key)) {
        TRY(folder_remove(&run->folder, PART_COMPLETE, error));
        TRY(folder_remove(&run->folder, PART_INDEX, error));
    }
    return resume_open(&run->parts, run->name, &session->engine, &session->input, &resume,
                       &session->store, error);
}

/* ---- the index ---- */

/* What becomes the arrays of the index. */
struct index_parts {
    const struct session *session;
    struct part_shard *shards;
    struct part_entry *entries;
    struct part_note *notes;
    size_t note_capacity;
    struct text reasons, record;
};

static void free_parts(struct index_parts *parts) {
    free(parts->shards);
    scratch_free(parts->entries);
    scratch_free(parts->notes);
    text_free(&parts->reasons);
    text_free(&parts->record);
}

static enum error_code add_note(const struct session *session, size_t clip,
                                struct index_parts *parts, struct part_index *index,
                                struct error *error) {
    const struct clip_list *clips = &session->input.clips;
    const char *reason = clip_reason(clips, clip);
    size_t next = index->facts.notes;
    TRY(scratch_grow(&parts->notes, &parts->note_capacity, next + 1, sizeof *parts->notes, "clips",
                     error));
    parts->notes[next] = (struct part_note){.facts = session->measures[clip].facts,
                                            .clip = clip,
                                            .reason = parts->reasons.length,
                                            .reason_length = (uint32_t)strlen(reason),
                                            .status = clips->clips[clip].status};
    text_string(&parts->reasons, reason);
    index->facts.notes++;
    return ERROR_NONE;
}

/* Entries with the store's shards, of which *used are marked. */
static void fill_entries(const struct session *session, struct part_entry *entries, bool *used) {
    for (size_t i = 0; i < session->input.clips.count; i++) {
        size_t shard, row;
        entries[i] = (struct part_entry){PART_NO_SHARD, 0};
        if (session->measures[i].row == EMBEDDING_NO_ROW) continue;
        embedding_store_locate(&session->store, session->measures[i].row, &shard, &row);
        entries[i] = (struct part_entry){(uint32_t)shard, (uint32_t)row};
        used[shard] = true;
    }
}

/* The shards that are used get new numbers. */
static enum error_code fill_shards(const struct embedding_store *store, struct index_parts *parts,
                                   struct part_index *index, struct error *error) {
    const size_t count = store->shard_count;
    bool *used = memory_array(count, sizeof *used, "an index of shards", error);
    uint32_t *numbers = memory_array(count, sizeof *numbers, "an index of shards", error);
    if (error->code == ERROR_NONE) fill_entries(parts->session, parts->entries, used);
    for (size_t s = 0; s < count && error->code == ERROR_NONE; s++) {
        const struct shard *shard = &store->shards[s];
        if (!used[s]) continue;
        struct part_shard *entry = &parts->shards[index->facts.shards];
        *entry = (struct part_shard){.checksum = {shard->checksum[0], shard->checksum[1]},
                                     .clips = shard->count};
        memcpy(entry->name, shard->name, sizeof entry->name);
        numbers[s] = (uint32_t)index->facts.shards++;
    }
    for (size_t i = 0; i < index->facts.clips && error->code == ERROR_NONE; i++)
        if (parts->entries[i].shard != PART_NO_SHARD)
            parts->entries[i].shard = numbers[parts->entries[i].shard];
    free(used);
    free(numbers);
    return error->code;
}

/* listed (clips): which clips were to be embedded. */
static enum error_code fill_index(const bool *listed, struct index_parts *parts,
                                  struct part_index *index, struct error *error) {
    const struct session *session = parts->session;
    TRY(fill_shards(&session->store, parts, index, error));
    for (size_t i = 0; i < index->facts.clips; i++)
        if (listed[i] && session->input.clips.clips[i].status != CLIP_OK)
            TRY(add_note(session, i, parts, index, error));
    return text_check(&parts->reasons, error);
}

static enum error_code write_index(const struct session_settings *settings, const struct part *part,
                                   const bool *listed, struct part_run *run, struct error *error) {
    struct session *session = &run->session;
    const size_t clips = session->input.clips.count, shards = session->store.shard_count;
    struct index_parts parts = {
        .session = session, .reasons = TEXT_INITIAL, .record = TEXT_INITIAL};
    struct part_index index = {
        .facts = {.part = *part, .list_hash = hash_clips(&session->input.clips), .clips = clips}};
    embedding_store_sort(&session->store);
    parts.shards = memory_array(shards, sizeof *parts.shards, "an index of shards", error);
    parts.entries = scratch_array(clips, sizeof *parts.entries, "an index of shards", error);
    if (error->code == ERROR_NONE && fill_index(listed, &parts, &index, error) == ERROR_NONE &&
        part_record(settings, session, &parts.record, &index.facts.key, error) == ERROR_NONE) {
        index.shards = parts.shards;
        index.entries = parts.entries;
        index.notes = parts.notes;
        index.reasons = parts.reasons.data;
        index.facts.reasons_length = parts.reasons.length;
        index.record = parts.record.data;
        index.facts.record_length = parts.record.length;
        part_index_write(&run->folder, &index, error);
    }
    free_parts(&parts);
    return error->code;
}

/* ---- the sign ---- */

static enum error_code write_complete(const struct part *part, struct part_run *run,
                                      struct error *error) {
    const struct session *session = &run->session;
    struct text *text = &run->complete;
    text_format(text,
                "{\"shard\": %zu,\n \"shards\": %zu,\n \"clips\": %zu,\n \"embedded\": %zu,\n",
                part->number, part->count, session->input.clips.count, session->counts.embedded);
    text_format(text, " \"silent\": %zu,\n \"unreadable\": %zu,\n \"resumed\": %zu,\n", run->silent,
                run->unreadable, session->counts.resumed);
    text_format(text, " \"audio_seconds\": %.3f,\n \"seconds\": %.3f,\n \"earmark\": ",
                session->counts.audio_seconds, clock_seconds() - run->began);
    text_json(text, EARMARK_VERSION);
    text_string(text, ",\n \"device\": ");
    text_json(text, session->engine.properties.name);
    text_string(text, ",\n \"model\": ");
    text_json(text, session->engine.model.hash);
    text_format(text, ",\n \"clips_hash\": \"%016llx\"}\n",
                (unsigned long long)hash_clips(&session->input.clips));
    TRY(text_check(text, error));
    return file_write(&run->folder, PART_COMPLETE, text->data, text->length, error);
}

static enum error_code finish(const struct session_settings *settings, const struct part *part,
                              const bool *listed, struct part_run *run, struct error *error) {
    const struct clip_list *clips = &run->session.input.clips;
    struct embedding_store *store = &run->session.store;
    bool drops = false;
    run->unreadable = clip_list_unreadable(clips);
    for (size_t i = 0; i < clips->count; i++) run->silent += clips->clips[i].status == CLIP_SILENT;
    TRY(part_lease_check(&run->lease, error));
    TRY(state_gather(store, run->unreadable, settings->engine.quiet, &drops, error));
    TRY(write_index(settings, part, listed, run, error));
    TRY(part_lease_check(&run->lease, error));
    TRY(write_complete(part, run, error));
    TRY(part_lease_check(&run->lease, error));
    return state_drop(store, drops, run->unreadable, error);
}

enum error_code part_run(const struct session_settings *settings, const struct part *part,
                         struct part_run *run, struct error *error) {
    struct session *session = &run->session;
    const struct clip_list *clips = &session->input.clips;
    run->began = clock_seconds();
    snprintf(run->what, sizeof run->what, "shard %zu/%zu", part->number, part->count);
    TRY(session_open(settings, session, error));
    TRY(choose_clips(part, run, error));
    TRY(session_open_device(settings, session, error));
    TRY(open_folders(settings, part, run, error));
    TRY(open_lease(settings, run, error));
    TRY(open_store(settings, run, error));
    bool *listed = scratch_array(clips->count, sizeof *listed, "clips", error);
    if (listed == NULL) return error->code;
    for (size_t i = 0; i < clips->count; i++) listed[i] = clips->clips[i].status == CLIP_OK;
    if (session_embed(settings, session, error) == ERROR_NONE)
        finish(settings, part, listed, run, error);
    if (error->code == ERROR_STOPPED && !run->lease.held)
        stop_note("what was committed is kept; the same command waits for that process, or goes on "
                  "where it ended");
    scratch_free(listed);
    return error->code;
}

void part_run_close(struct part_run *run) {
    part_lease_close(&run->lease);
    session_close(&run->session);
    folder_close(&run->folder);
    folder_close(&run->parts);
    text_free(&run->complete);
    scratch_free(run->list_rows);
    *run = (struct part_run)PART_RUN_INITIAL;
}
