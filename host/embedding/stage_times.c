#include "host/embedding/stage_times.h"

#include "host/base/clock.h"
#include "host/base/run_state.h"

#include <math.h>
#include <string.h>

/* From this share on processors, or reads, are what a stage waits for. */
#define MOST 0.7
#define HALF 0.5

/* Fewer bytes from disks explain no wait. */
#define FETCHED 1e6

static void show_stage(const char *stage) {
    run_state_stage(&(struct progress_view){.stage = stage, .unit = "clips"}, true);
}

void stage_times_begin(struct stage_times *times, const char *stage) {
    *times = (struct stage_times){.began = clock_seconds(), .resources = resources_now()};
    times->stage_began = times->began;
    show_stage(stage);
}

/* Clips are decoded ahead of a device, and both wait only for each other. */
static const char *limit_of_embedding(const struct run_timing *timing,
                                      const struct embedding_counts *counts,
                                      const struct decoders_usage *used) {
    if (used->seconds <= 0.0 || timing->seconds <= 0.0) return NULL;
    if (counts->decode_wait_seconds < counts->device_seconds) return "network";
    return used->reads.seconds >= HALF * used->seconds ? "disk" : "decoding";
}

/* The other stages run on the processors or the device, and read mapped files. */
const char *stage_times_limit(const struct run_timing *timing, double queued_seconds, int threads,
                              bool device) {
    const double busy = timing->processor_seconds / timing->seconds;
    const double wanted = busy + queued_seconds / timing->seconds;
    if (timing->seconds <= 0.0 || threads < 1) return NULL;
    if (busy >= MOST * threads) return "processors";
    if (wanted >= MOST && busy <= MOST * wanted) return "other programs";
    if (timing->bytes_fetched >= FETCHED && busy < MOST) return "disk";
    if (busy >= MOST) return "one processor";
    return device ? "device" : NULL;
}

void stage_times_end(struct stage_times *times, const char *stage, double amount, const char *unit,
                     const struct session *session, const char *next) {
    const double now = clock_seconds();
    const struct resources resources = resources_now();
    struct decoders_usage usage = {.seconds = 0}, used = {.seconds = 0};
    const int decoders = session->decoders == NULL ? 0 : decoders_count(session->decoders);
    if (decoders > 0) usage = decoders_usage(session->decoders);
    used.seconds = usage.seconds - times->usage.seconds;
    used.reads.seconds = usage.reads.seconds - times->usage.reads.seconds;
    used.reads.bytes = usage.reads.bytes - times->usage.reads.bytes;
    used.copied = usage.copied - times->usage.copied;
    struct run_timing timing = {.stage = stage,
                                .seconds = now - times->stage_began,
                                .amount = amount,
                                .unit = unit,
                                .disk_wait = NAN,
                                .device_wait = NAN,
                                .bytes_read = NAN,
                                .bytes_fetched = NAN};
    timing.processor_seconds = resources.processor_seconds - times->resources.processor_seconds;
    if (resources.has_bytes && times->resources.has_bytes) {
        /* Samples come from decoders through a file in memory. */
        const uint64_t own = resources.bytes_read - times->resources.bytes_read;
        timing.bytes_read =
            (double)used.reads.bytes + (own > used.copied ? (double)(own - used.copied) : 0.0);
        timing.bytes_fetched = (double)(resources.bytes_fetched - times->resources.bytes_fetched);
    }
    const bool embeds = strcmp(stage, "embedding") == 0;
    const bool device = strcmp(session->engine.properties.name, "cpu") != 0;
    const int processors = engine_processors(), most = session->engine.threads;
    const int threads = most < processors ? most : processors;
    /* Of the threads there are now; those that have ended are not in it. */
    const double queued = fmax(resources.queued_seconds - times->resources.queued_seconds, 0.0);
    if (used.seconds > 0.0) timing.disk_wait = used.reads.seconds / decoders;
    if (embeds) timing.device_wait = session->counts.decode_wait_seconds;
    timing.limit = embeds ? limit_of_embedding(&timing, &session->counts, &used)
                          : stage_times_limit(&timing, queued, threads, device);
    if (embeds) timing.audio_seconds = session->counts.audio_seconds;
    if (times->count < STAGE_TIMES) times->list[times->count++] = timing;
    times->stage_began = now;
    times->resources = resources;
    times->usage = usage;
    show_stage(next);
}

/* Of all clips that have an embedding. */
static double audio_seconds(const struct session *session) {
    double seconds = 0.0;
    for (size_t i = 0; session->measures != NULL && i < session->input.clips.count; i++)
        if (session->measures[i].row != EMBEDDING_NO_ROW)
            seconds += session->measures[i].facts.seconds;
    return seconds;
}

enum error_code stage_times_write(const struct stage_times *times, const struct session *session,
                                  struct error *error) {
    const struct run_times all = {.stages = times->list,
                                  .count = times->count,
                                  .seconds = clock_seconds() - times->began,
                                  .audio_seconds = audio_seconds(session)};
    return run_write_timing(&session->out.folder, &all, error);
}
