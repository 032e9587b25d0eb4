#include "host/embedding/embedding.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/run_state.h"
#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/clips/fingerprint.h"
#include "host/embedding/feature_files.h"
#include "host/embedding/open_batches.h"
#include "host/embedding/stored_report.h"
#include "host/sound/decode_pool.h"

#include <stdlib.h>
#include <string.h>

/* Decoded samples waiting for a batch. */
#define DECODED_BYTES ((size_t)32 << 20)

/* What the host keeps about a batch while the device has it; reused for later batches. */
struct batch_note {
    struct batch_note *next; /* of the job's list, which owns them */
    bool used;
    size_t *clips; /* (clip_capacity): which clip of the list each one is */
    size_t clip_capacity;
    double seconds;
};

/* A clip that could not be used. The list gets it once the decode threads no longer read it. */
struct failure {
    size_t clip;
    enum clip_status status;
    char *reason;
};

struct embedding_job {
    struct device *device;
    const struct device_operations *operations;
    struct device_properties properties;
    size_t mels;
    size_t embedding_size;
    struct clip_list *clips;
    const struct embedding_settings *settings;
    struct embedding_store *store;
    struct clip_measures *measures;
    struct embedding_counts *counts;
    const struct stored_clip **stored; /* (clips) of an earlier run, or NULL: there are none */
    size_t *chosen;                    /* (chosen_count) clips that are not stored */
    size_t chosen_count;
    size_t known_count;       /* clips that are stored */
    size_t changed_count;     /* of these, with other samples than were embedded */
    size_t judged_count;      /* clips with a verdict of an earlier run */
    size_t next_stored;       /* stored clips before this one have been taken */
    struct open_batches open; /* acquired, not yet submitted */
    int in_flight;
    size_t next_row;
    size_t clips_done, kept_clips; /* kept from an earlier run */
    struct batch_note *notes;
    struct failure *failures;
    size_t failure_count, failure_capacity;
    struct progress progress;
};

/* A free note for a batch of up to clip_capacity clips, from the list or new. */
static struct batch_note *take_note(struct embedding_job *job, size_t clip_capacity,
                                    struct error *error) {
    struct batch_note *note = job->notes;
    while (note != NULL && note->used) note = note->next;
    if (note == NULL) {
        note = memory_array(1, sizeof *note, "a batch", error);
        if (note == NULL) return NULL;
        note->next = job->notes;
        job->notes = note;
    }
    if (memory_grow(&note->clips, &note->clip_capacity, clip_capacity, sizeof *note->clips,
                    "a batch's clips", error) != ERROR_NONE)
        return NULL;
    note->used = true;
    note->seconds = 0;
    return note;
}

/* Keeps up to date what a stop reports: how many clips the next run need not embed. */
static void note_safe(const struct embedding_job *job) {
    size_t safe = job->known_count + job->store->committed_count;
    struct text note = TEXT_INITIAL;
    if (job->settings->next_step == NULL || safe == 0) {
        stop_note("no embedding is kept; the same command starts again");
        return;
    }
    number_thousands(&note, safe);
    text_string(&note, " of ");
    number_thousands(&note, job->clips->count);
    text_format(&note, " clips are safe %s", job->settings->next_step);
    if (!note.failed) stop_note(note.data);
    text_free(&note);
}

/* Puts the rows of an answered batch into the store. */
static enum error_code store_batch(struct embedding_job *job, const struct device_batch *batch,
                                   struct error *error) {
    const struct batch_note *note = batch->tag;
    if (job->store->key.statistics > 0 && batch->clip_count > 0 && batch->statistics == NULL)
        return FAIL(error, ERROR_INTERNAL, "the device has not computed the statistics of clips");
    for (size_t i = 0; i < batch->clip_count; i++) {
        size_t committed = job->store->committed_count;
        const struct clip_measures *measures = &job->measures[note->clips[i]];
        const float *statistics =
            batch->statistics == NULL ? NULL : batch->statistics + i * STATISTICS_COUNT;
        TRY(embedding_store_add(job->store, measures->row, &measures->facts,
                                batch->embeddings + i * job->embedding_size, statistics, error));
        if (job->store->committed_count != committed) note_safe(job);
    }
    return ERROR_NONE;
}

/* For whoever looks at the run. */
static void show_waits(const struct embedding_job *job) {
    const struct decoders_usage usage = decoders_usage(job->settings->decoders);
    run_state_audio(job->counts->audio_seconds);
    run_state_waits(&(struct run_waits){.disk_wait = usage.reads.seconds /
                                                     decoders_count(job->settings->decoders),
                                        .device_wait = job->counts->decode_wait_seconds,
                                        .bytes_read = usage.reads.bytes});
}

/* Waits for any one batch and stores its rows. */
static enum error_code collect(struct embedding_job *job, struct error *error) {
    struct device_batch *batch = NULL;
    const double before = clock_seconds();
    TRY(job->operations->wait(job->device, &batch, error));
    job->counts->device_seconds += clock_seconds() - before;
    job->in_flight--;
    struct batch_note *note = batch->tag;
    store_batch(job, batch, error);
    if (error->code == ERROR_NONE && job->settings->features_folder != NULL)
        feature_files_write(job->settings->features_folder, batch, note->clips,
                            job->settings->list_rows, job->mels, error);
    job->counts->embedded += batch->clip_count;
    job->counts->audio_seconds += note->seconds;
    job->clips_done += batch->clip_count;
    note->used = false;
    job->operations->release(job->device, batch);
    note_safe(job);
    progress_audio(&job->progress, job->counts->audio_seconds);
    show_waits(job);
    progress_update(&job->progress, job->clips_done);
    if (job->settings->observe != NULL)
        job->settings->observe(job->settings->observer, job->clips_done,
                               job->counts->audio_seconds);
    return error->code;
}

/* Submits a batch that is filled; one without clips is released. */
static enum error_code submit(struct embedding_job *job, struct device_batch *batch,
                              struct error *error) {
    const double before = clock_seconds();
    if (batch->clip_count == 0) {
        ((struct batch_note *)batch->tag)->used = false;
        job->operations->release(job->device, batch);
        return ERROR_NONE;
    }
    if (job->operations->submit(job->device, batch, error) != ERROR_NONE) {
        job->operations->release(job->device, batch);
        return error->code;
    }
    job->counts->device_seconds += clock_seconds() - before;
    job->in_flight++;
    while (job->in_flight >= job->properties.batches_in_flight) TRY(collect(job, error));
    return stop_check(error);
}

/* Those that take no more clips and wait for none; with `all` those that take more, too. */
static enum error_code submit_filled(struct embedding_job *job, bool all, struct error *error) {
    for (struct device_batch *batch; (batch = open_batches_take(&job->open, all)) != NULL;)
        TRY(submit(job, batch, error));
    return ERROR_NONE;
}

/* Acquires a batch with room for at least one clip of this many bytes. */
static enum error_code begin_batch(struct embedding_job *job, int index, size_t bytes,
                                   struct error *error) {
    struct device_batch *batch = NULL;
    size_t room = bytes > job->properties.batch_bytes ? bytes : job->properties.batch_bytes;
    TRY(job->operations->acquire(job->device, room, job->properties.batch_clips,
                                 job->settings->features_folder != NULL, &batch, error));
    batch->clip_count = 0;
    batch->want_statistics = job->store->key.statistics > 0;
    batch->tag = take_note(job, batch->clip_capacity, error);
    if (batch->tag == NULL)
        job->operations->release(job->device, batch);
    else
        open_batches_set(&job->open, index, batch);
    return error->code;
}

/* Keeps room for the clips that are being decoded. */
static enum error_code keep_room(struct embedding_job *job, struct error *error) {
    TRY(submit_filled(job, false, error));
    const int wanted = open_batches_wanted(&job->open);
    return wanted < 0 ? ERROR_NONE : begin_batch(job, wanted, 0, error);
}

/* For the decoders' threads. A clip that is decoded to be verified is rarely embedded. */
static void *place_clip(void *context, size_t clip, const struct decoded *decoded, void **place) {
    struct embedding_job *job = context;
    if (job->stored != NULL && job->stored[clip] != NULL) return NULL;
    return open_batches_place(&job->open, decoded, place);
}

/* Copies a clip that has no place into the batch of this thread. */
static enum error_code copy_clip(struct embedding_job *job, const struct decoded *decoded,
                                 const void **samples, struct error *error) {
    void *room = open_batches_place_own(&job->open, decoded);
    if (room == NULL) {
        TRY(submit_filled(job, false, error));
        TRY(begin_batch(job, OPEN_OWN, decoded->bytes + DEVICE_ALIGNMENT, error));
        room = open_batches_place_own(&job->open, decoded);
    }
    if (room == NULL) return FAIL(error, ERROR_INTERNAL, "an empty batch has no room for a clip");
    memcpy(room, decoded->samples, decoded->bytes);
    job->counts->copied++;
    *samples = room;
    return ERROR_NONE;
}

static enum error_code add_clip(struct embedding_job *job, const struct decode_item *item,
                                struct error *error) {
    const struct decoded *decoded = &item->decoded;
    const void *samples = decoded->samples;
    const struct open_batch *open = item->place;
    /* One that was decoded twice has a place that it does not use. */
    if (open == NULL || samples == decoded->buffer) {
        TRY(copy_clip(job, decoded, &samples, error));
        open = &job->open.all[OPEN_OWN];
    }
    struct device_batch *batch = open->batch; /* only this thread changes it */
    struct batch_note *note = batch->tag;
    note->clips[batch->clip_count] = item->clip;
    note->seconds += decoded->facts.seconds;
    open_batches_list(batch, decoded, samples);
    job->measures[item->clip].row = job->next_row++;
    return ERROR_NONE;
}

static enum error_code note_failure(struct embedding_job *job, size_t clip, enum clip_status status,
                                    const char *why, struct error *error) {
    TRY(memory_grow(&job->failures, &job->failure_capacity, job->failure_count + 1,
                    sizeof *job->failures, "unusable clips", error));
    char *reason = memory_string(why, error);
    if (reason == NULL) return error->code;
    job->failures[job->failure_count++] = (struct failure){clip, status, reason};
    return ERROR_NONE;
}

/* Takes the clips before `end` that an earlier run has embedded: rows are numbered in
 * the list's order. */
static enum error_code take_stored(struct embedding_job *job, size_t end, struct error *error) {
    if (job->settings->verify) return ERROR_NONE; /* one by one, when it was decoded */
    for (; job->stored != NULL && job->next_stored < end; job->next_stored++) {
        const struct stored_clip *stored = job->stored[job->next_stored];
        struct clip_measures *measures = &job->measures[job->next_stored];
        if (stored == NULL) continue;
        *measures = (struct clip_measures){.row = job->next_row++};
        const float *values = embedding_store_take(job->store, stored, &measures->facts);
        TRY(embedding_store_place(job->store, measures->row, values, error));
        job->counts->embedded++;
        job->counts->resumed++;
        run_state_clip(clip_status_name(measures->facts.silent ? CLIP_SILENT : CLIP_OK), true);
        if (measures->facts.silent != 0)
            TRY(note_failure(job, job->next_stored, CLIP_SILENT, DECODE_SILENT_REASON, error));
        progress_keep(&job->progress, ++job->kept_clips);
        job->clips_done++;
    }
    return ERROR_NONE;
}

/* Takes the stored embedding of a clip that was decoded all the same, if its samples are those that
 * were embedded. */
static enum error_code verify_clip(struct embedding_job *job, const struct decode_item *item,
                                   bool *verified, struct error *error) {
    const struct stored_clip *stored = job->stored == NULL ? NULL : job->stored[item->clip];
    struct clip_measures *measures = &job->measures[item->clip];
    struct clip_facts facts;
    if (stored == NULL) return ERROR_NONE;
    const float *values = embedding_store_take(job->store, stored, &facts);
    *verified = memcmp(facts.hash, measures->facts.hash, sizeof facts.hash) == 0;
    if (!*verified) {
        job->changed_count++;
        return ERROR_NONE;
    }
    measures->row = job->next_row++;
    job->counts->embedded++;
    job->counts->resumed++;
    return embedding_store_place(job->store, measures->row, values, error);
}

static enum error_code take_item(struct embedding_job *job, const struct decode_item *item,
                                 struct error *error) {
    const struct decoded *decoded = &item->decoded;
    struct clip_measures *measures = &job->measures[item->clip];
    bool usable = decoded->verdict.status == CLIP_OK || decoded->verdict.status == CLIP_SILENT;
    bool verified = false;
    TRY(take_stored(job, item->clip, error));
    *measures = (struct clip_measures){.facts = decoded->facts, .row = EMBEDDING_NO_ROW};
    run_state_clip(clip_status_name(decoded->verdict.status), false);
    if (usable) TRY(verify_clip(job, item, &verified, error));
    if (usable && !verified) TRY(add_clip(job, item, error));
    if (item->place != NULL) open_batches_delivered(&job->open, item->place);
    if (decoded->verdict.status != CLIP_OK && job->clips->clips[item->clip].status == CLIP_OK)
        TRY(note_failure(job, item->clip, decoded->verdict.status, decoded->verdict.reason, error));
    if (!usable)
        TRY(embedding_store_add_verdict(job->store, &decoded->facts, &decoded->verdict, error));
    if (!usable || verified) progress_update(&job->progress, ++job->clips_done);
    return ERROR_NONE;
}

static enum error_code stream_clips(struct embedding_job *job, struct decode_pool *pool,
                                    struct error *error) {
    for (;;) {
        struct decode_item *item = NULL;
        const double before = clock_seconds();
        TRY(decode_pool_next(pool, &item, error));
        job->counts->decode_wait_seconds += clock_seconds() - before;
        if (item == NULL) break;
        enum error_code code = take_item(job, item, error);
        decode_pool_recycle(pool, item);
        if (code != ERROR_NONE) return code;
        TRY(keep_room(job, error));
    }
    TRY(take_stored(job, job->clips->count, error));
    TRY(submit_filled(job, true, error));
    while (job->in_flight > 0) TRY(collect(job, error));
    TRY(embedding_store_commit(job->store, error));
    stored_report_changed(job->changed_count);
    return ERROR_NONE;
}

/* Takes what an earlier run has found out about a clip that cannot be used, if it has. */
static enum error_code take_verdict(struct embedding_job *job, size_t clip,
                                    const uint64_t fingerprint[2], bool *taken,
                                    struct error *error) {
    struct known_verdicts *known = &job->store->verdicts;
    const struct verdict_entry *entry = known_verdicts_find(known, fingerprint);
    struct verdict verdict = {.status = CLIP_OK};
    if (entry == NULL || job->settings->verify) return ERROR_NONE;
    *taken = true;
    TRY(known_verdicts_take(known, entry, &verdict, error));
    job->measures[clip] = (struct clip_measures){.facts = entry->facts, .row = EMBEDDING_NO_ROW};
    job->judged_count++;
    run_state_clip(clip_status_name(verdict.status), true);
    progress_keep(&job->progress, ++job->kept_clips);
    job->clips_done++;
    return note_failure(job, clip, verdict.status, verdict.reason, error);
}

/* Finds the clips that an earlier run has embedded or judged; the others are chosen. */
static enum error_code find_stored(struct embedding_job *job, struct error *error) {
    const struct clip_list *clips = job->clips;
    struct clip_looks looks;
    if (!job->store->resumes && job->store->verdicts.earlier.count == 0) return ERROR_NONE;
    clip_looks_begin(clips, &looks);
    job->stored = scratch_array(clips->count, sizeof(struct stored_clip *), "stored clips", error);
    job->chosen = scratch_array(clips->count, sizeof *job->chosen, "clips to embed", error);
    for (size_t i = 0; i < clips->count && error->code == ERROR_NONE; i++) {
        uint64_t fingerprint[2] = {0, 0};
        bool judged = false;
        if (i % 1024 == 0 && stop_check(error) != ERROR_NONE) break;
        if (clips->clips[i].status == CLIP_OK) clip_fingerprint_now(&looks, i, fingerprint);
        if (clip_fingerprint_is_known(fingerprint)) {
            take_verdict(job, i, fingerprint, &judged, error);
            if (judged) continue;
            job->stored[i] = embedding_store_find(job->store, fingerprint);
        }
        job->known_count += job->stored[i] != NULL;
        if (job->stored[i] == NULL || job->settings->verify) job->chosen[job->chosen_count++] = i;
    }
    clip_looks_end(&looks);
    if (error->code != ERROR_NONE) return error->code;
    if (job->settings->progress != PROGRESS_QUIET)
        stored_report(&(struct stored_counts){.clips = clips->count,
                                              .known = job->known_count,
                                              .stored = job->store->stored_count,
                                              .judged = job->judged_count,
                                              .state = job->settings->state,
                                              .verify = job->settings->verify});
    return ERROR_NONE;
}

/* Releases everything, after a failure also the batches that the device still has, so that the
 * next call finds it empty. Their rows are committed with the others as far as possible:
 * errors are ignored, since the first one is already reported. */
static void finish(struct embedding_job *job) {
    struct error ignored = ERROR_INITIAL, unkept = ERROR_INITIAL;
    embedding_store_commit(job->store, &unkept); /* the device may take longer than a stop may */
    note_safe(job);
    for (int i = 0; i < OPEN_BATCHES; i++)
        if (job->open.all[i].batch != NULL)
            job->operations->release(job->device, job->open.all[i].batch);
    open_batches_end(&job->open);
    while (job->in_flight-- > 0) {
        struct device_batch *batch = NULL;
        if (job->operations->wait(job->device, &batch, &ignored) != ERROR_NONE) break;
        store_batch(job, batch, &unkept);
        job->operations->release(job->device, batch);
    }
    embedding_store_commit(job->store, &unkept);
    known_verdicts_commit(&job->store->verdicts, &job->store->folder, &unkept);
    note_safe(job);
    show_waits(job); /* of clips after the last batch, too */
    progress_finish(&job->progress);
    while (job->notes != NULL) {
        struct batch_note *note = job->notes;
        job->notes = note->next;
        free(note->clips);
        free(note);
    }
    for (size_t i = 0; i < job->failure_count; i++) free(job->failures[i].reason);
    free(job->failures);
    scratch_free((void *)job->stored);
    scratch_free(job->chosen);
}

enum error_code embedding_run(struct device *device, const struct xvector_model *model,
                              struct clip_list *clips, const struct embedding_settings *settings,
                              struct embedding_store *store, struct clip_measures *measures,
                              struct embedding_counts *counts, struct error *error) {
    struct embedding_job job = {
        .device = device,
        .operations = device->operations,
        .mels = model->mels,
        .embedding_size = model->embedding_size,
        .clips = clips,
        .settings = settings,
        .store = store,
        .measures = measures,
        .counts = counts,
    };
    struct decode_pool_settings pool_settings = {
        .decoders = settings->decoders,
        .threads = decoders_count(settings->decoders),
        .maximum_bytes = DECODED_BYTES,
        .place = place_clip,
        .place_context = &job,
        .decode = {.model_rate = model->sample_rate,
                   .no_resample = settings->no_resample,
                   .most_bytes = settings->clip_memory,
                   .measure = true,
                   .minimum_samples = xvector_minimum_samples(model)},
    };
    *counts = (struct embedding_counts){0};
    device->operations->properties(device, &job.properties);
    open_batches_begin(&job.open, &job.properties);
    progress_start(&job.progress, settings->progress, "embedding", "clips", clips->count);
    struct decode_pool *pool = NULL;
    if (find_stored(&job, error) == ERROR_NONE) {
        note_safe(&job);
        size_t count = job.stored == NULL ? clips->count : job.chosen_count;
        pool_settings.chosen = job.stored == NULL ? NULL : job.chosen;
        if (count > 0) keep_room(&job, error); /* before the first clip is decoded */
        if (error->code == ERROR_NONE &&
            decode_pool_open(clips, 0, count, &pool_settings, &pool, error) == ERROR_NONE)
            stream_clips(&job, pool, error);
    }
    decode_pool_close(pool);
    for (size_t i = 0; i < job.failure_count && error->code == ERROR_NONE; i++)
        clip_list_set_status(clips, job.failures[i].clip, job.failures[i].status,
                             job.failures[i].reason, error);
    finish(&job);
    return error->code;
}
