/* feeding_speed write FOLDER CLIPS SECONDS RATE FORMAT
 * feeding_speed measure MODEL FOLDER REPEATS DECODERS...
 *
 * How fast decoders feed a device. `write` makes FOLDER/corpus, synthetic clips of one channel, in
 * an empty folder. `measure` decodes it REPEATS times with each number of decoders, in three ways:
 *
 *   processes  as many processes that only decode: nobody takes the samples
 *   decoders   the program's decoders, each asked by a thread that drops the samples
 *   run        as `embed` does it, for a device that only counts (counting_device.h); it writes
 *              FOLDER/out
 *
 * Prints, with tabs: decoders; MB/s of samples of the three, each the fastest of REPEATS; the
 * run's share of the two others; processor seconds of the three in all processes, each the least of
 * REPEATS; and those of the thread that fills batches, with the MB/s that it could fill at most.
 */
#include "bench/feeding/counting_device.h"
#include "host/base/clock.h"
#include "host/commands/corpus_make.h"
#include "host/embedding/session.h"
#include "host/lists/input.h"
#include "host/sound/clip_sources.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_DECODERS 256

static const struct decode_settings decoding = {
    .model_rate = 16000, .minimum_samples = 1600, .measure = true};

/* What one way took. */
struct took {
    double seconds;
    double processors; /* seconds of all processes */
    double filling;    /* of the thread that fills batches */
};

struct work {
    const struct clip_list *clips;
    struct clip_sources *sources;
    struct decoders *decoders;
    atomic_size_t *next; /* clip */
};

struct worker {
    struct work *work;
    int index;
    pthread_t thread;
};

static void fail(const char *what) {
    fprintf(stderr, "feeding: %s\n", what);
    exit(1);
}

static void check(const struct error *error) {
    if (error->code != ERROR_NONE) fail(error->message);
}

static double processor_seconds(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Decodes clips until none is left: by a decoder, or, without decoders, in this process. */
static void decode_some(const struct worker *worker) {
    const struct work *work = worker->work;
    struct decoded decoded = {.verdict = {.status = CLIP_OK}};
    struct error error = ERROR_INITIAL;
    for (size_t clip; (clip = atomic_fetch_add(work->next, 1)) < work->clips->count;) {
        struct sound_source source;
        clip_sources_open(work->sources, work->clips, clip, &source, &decoded.verdict, &error);
        check(&error);
        if (work->decoders == NULL) {
            decode_clip(&source, &decoding, &decoded, &error);
        } else {
            decoders_decode(work->decoders, worker->index, &source, &decoding, &decoded, &error);
            sound_source_close(&source);
        }
        check(&error);
        if (decoded.verdict.status != CLIP_OK) fail(decoded.verdict.reason);
    }
    decoded_free(&decoded);
}

static void *decode_thread(void *worker) {
    decode_some(worker);
    return NULL;
}

static void begin(struct work *work, const struct collection *input) {
    struct error error = ERROR_INITIAL;
    work->clips = &input->clips;
    clip_sources_new(&input->clips.root, &work->sources, &error);
    check(&error);
    work->next =
        mmap(NULL, sizeof *work->next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (work->next == MAP_FAILED) fail("no memory");
}

static void end(struct work *work) {
    clip_sources_free(work->sources);
    munmap((void *)work->next, sizeof *work->next);
}

static struct took by_processes(const struct collection *input, int count) {
    struct work work = {.decoders = NULL};
    const double worked = processor_seconds(RUSAGE_CHILDREN), before = clock_seconds();
    begin(&work, input);
    static pid_t children[MOST_DECODERS];
    for (int i = 0; i < count; i++) {
        const struct worker worker = {&work, i, 0};
        children[i] = fork();
        if (children[i] < 0) fail("cannot fork");
        if (children[i] > 0) continue;
        decode_some(&worker);
        _exit(0);
    }
    for (int i = 0; i < count; i++) {
        int status = 1;
        if (waitpid(children[i], &status, 0) < 0 || status != 0)
            fail("a process that decodes has failed");
    }
    end(&work);
    return (struct took){clock_seconds() - before, processor_seconds(RUSAGE_CHILDREN) - worked, 0};
}

static struct took by_decoders(const struct collection *input, int count) {
    static struct worker workers[MOST_DECODERS];
    struct error error = ERROR_INITIAL;
    struct work work = {.decoders = NULL};
    decoders_open(count, &work.decoders, &error);
    check(&error);
    const double worked = processor_seconds(RUSAGE_SELF), before = clock_seconds();
    begin(&work, input);
    for (int i = 0; i < count; i++) {
        workers[i] = (struct worker){&work, i, 0};
        if (pthread_create(&workers[i].thread, NULL, decode_thread, &workers[i]) != 0)
            fail("cannot start a thread");
    }
    for (int i = 0; i < count; i++) pthread_join(workers[i].thread, NULL);
    struct took took = {.seconds = clock_seconds() - before,
                        .processors = processor_seconds(RUSAGE_SELF) - worked};
    const double ended = processor_seconds(RUSAGE_CHILDREN);
    decoders_close(work.decoders);
    took.processors += processor_seconds(RUSAGE_CHILDREN) - ended;
    end(&work);
    return took;
}

static struct took by_run(const char *model, const char *corpus, const char *out, int count) {
    struct error error = ERROR_INITIAL;
    struct session session;
    const struct session_settings settings = {.input = corpus,
                                              .out = out,
                                              .engine = {.device = "counting",
                                                         .quiet = true,
                                                         .threads = count,
                                                         .model_path = model,
                                                         .operations = &counting_device_operations},
                                              .fresh = true,
                                              .progress = PROGRESS_QUIET};
    session_open(&settings, &session, &error);
    check(&error);
    session_start(&settings, &session, &error);
    check(&error);
    const double worked = processor_seconds(RUSAGE_SELF), began = processor_seconds(RUSAGE_THREAD);
    const double before = clock_seconds();
    session_embed(&settings, &session, &error);
    check(&error);
    struct took took = {.seconds = clock_seconds() - before,
                        .processors = processor_seconds(RUSAGE_SELF) - worked,
                        .filling = processor_seconds(RUSAGE_THREAD) - began};
    const double ended = processor_seconds(RUSAGE_CHILDREN);
    session_close(&session); /* its decoders end, and are counted from then on */
    took.processors += processor_seconds(RUSAGE_CHILDREN) - ended;
    return took;
}

static void keep_fastest(struct took *best, struct took took) {
    if (best->seconds == 0 || took.seconds < best->seconds) best->seconds = took.seconds;
    if (best->processors == 0 || took.processors < best->processors)
        best->processors = took.processors;
    if (best->filling == 0 || took.filling < best->filling) best->filling = took.filling;
}

static void measure(const char *model, const char *folder, int count, int repeats) {
    char corpus[2 * PATH_MAX], out[2 * PATH_MAX];
    struct error error = ERROR_INITIAL;
    struct collection input = {0};
    const struct input_options options = {.label_pattern = NULL};
    struct took processes = {0}, decoders = {0}, run = {0};
    struct counted counted = {0};
    snprintf(corpus, sizeof corpus, "%s/corpus", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    input_open(corpus, &options, &input, &error);
    check(&error);
    for (int i = 0; i < repeats; i++) {
        keep_fastest(&processes, by_processes(&input, count));
        keep_fastest(&decoders, by_decoders(&input, count));
        keep_fastest(&run, by_run(model, corpus, out, count));
        counted = counting_device_take();
        if (counted.clips != input.clips.count) fail("the device has not had every clip");
    }
    const double megabytes = counted.bytes / 1e6;
    printf("%d\t%.0f\t%.0f\t%.0f\t%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t%.3f\t%.0f\n", count,
           megabytes / processes.seconds, megabytes / decoders.seconds, megabytes / run.seconds,
           processes.seconds / run.seconds, decoders.seconds / run.seconds, processes.processors,
           decoders.processors, run.processors, run.filling, megabytes / run.filling);
    fflush(stdout);
    collection_close(&input);
}

static void write_corpus(char **argv) {
    struct error error = ERROR_INITIAL;
    struct corpus_folder folder = {.keeper = -1};
    double bytes = 0;
    struct corpus_settings settings = {.clips = strtoul(argv[3], NULL, 10),
                                       .seconds = strtod(argv[4], NULL),
                                       .rate = atoi(argv[5])};
    while (corpus_format_name(settings.format) != NULL &&
           strcmp(corpus_format_name(settings.format), argv[6]) != 0)
        settings.format++;
    if (corpus_format_name(settings.format) == NULL) fail("no such format");
    snprintf(folder.path, sizeof folder.path, "%s", argv[2]);
    corpus_write(&folder, &settings, &bytes, &error);
    check(&error);
}

int main(int argc, char **argv) {
    if (argc == 7 && strcmp(argv[1], "write") == 0) {
        write_corpus(argv);
        return 0;
    }
    if (argc < 6 || strcmp(argv[1], "measure") != 0)
        fail("usage: feeding_speed write FOLDER CLIPS SECONDS RATE FORMAT, or feeding_speed "
             "measure MODEL FOLDER REPEATS DECODERS...");
    printf("decoders\tprocesses MB/s\tdecoders MB/s\trun MB/s\trun/processes\trun/decoders\t"
           "processes s\tdecoders s\trun s\tfilling s\tfilling MB/s\n");
    for (int i = 5; i < argc; i++) {
        const int decoders = atoi(argv[i]);
        if (decoders < 1 || decoders > MOST_DECODERS) fail("DECODERS: give 1 to 256");
        measure(argv[2], argv[3], decoders, atoi(argv[4]));
    }
    return 0;
}
