#include "host/sound/decoder.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/sound/decoder_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processor time that a decoder may take without progress. Every block of some thousand
 * samples is progress and takes microseconds, so the bound is generous for a file of any
 * length. */
#define DECODER_SECONDS 30
#define DECODER_MOST_SECONDS 1000000

struct decoders {
    int count;   /* that run */
    int seconds; /* DECODER_SECONDS, or from the environment */
    size_t capacity;
    pthread_mutex_t usage_lock;
    struct decoders_usage usage;
    struct decoder all[];
};

int decoders_count(const struct decoders *decoders) {
    return decoders->count;
}

enum error_code decoders_decode(struct decoders *decoders, int index,
                                const struct sound_source *source,
                                const struct decode_settings *settings, struct decoded *decoded,
                                struct error *error) {
    if (index < 0 || index >= decoders->count)
        return FAIL(error, ERROR_INTERNAL, "decoder %d of %d", index, decoders->count);
    struct decoder *decoder = &decoders->all[index];
    pthread_mutex_lock(&decoder->lock);
    const double before = clock_seconds();
    decoder_ask(decoder, source, settings, decoded, error);
    const double took = clock_seconds() - before;
    pthread_mutex_unlock(&decoder->lock);
    pthread_mutex_lock(&decoders->usage_lock);
    decoders->usage.seconds += took;
    decoders->usage.reads.bytes += decoded->reads.bytes;
    decoders->usage.reads.seconds += decoded->reads.seconds;
    decoders->usage.copied += decoded->bytes;
    pthread_mutex_unlock(&decoders->usage_lock);
    return error->code;
}

struct decoders_usage decoders_usage(struct decoders *decoders) {
    pthread_mutex_lock(&decoders->usage_lock);
    const struct decoders_usage usage = decoders->usage;
    pthread_mutex_unlock(&decoders->usage_lock);
    return usage;
}

void decoders_opened(struct decoders *decoders, double seconds) {
    pthread_mutex_lock(&decoders->usage_lock);
    decoders->usage.reads.seconds += seconds;
    decoders->usage.seconds += seconds;
    pthread_mutex_unlock(&decoders->usage_lock);
}

void decoders_forget(struct decoders *decoders, int index) {
    struct decoder *decoder = &decoders->all[index];
    struct decoder_request request = {.kind = REQUEST_FORGET};
    struct error ignored = ERROR_INITIAL; /* the next clip reports it */
    pthread_mutex_lock(&decoder->lock);
    decoder_send(decoder, &request, -1, &ignored);
    pthread_mutex_unlock(&decoder->lock);
}

/* ---- starting and ending ---- */

static enum error_code read_seconds(int *seconds, struct error *error) {
    const char *text = getenv("EARMARK_DECODER_SECONDS");
    char *end = NULL;
    *seconds = DECODER_SECONDS;
    if (text == NULL) return ERROR_NONE;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > DECODER_MOST_SECONDS)
        return FAIL(error, ERROR_USAGE,
                    "EARMARK_DECODER_SECONDS: '%s' is not a number from 1 to %d", text,
                    DECODER_MOST_SECONDS);
    *seconds = (int)value;
    return ERROR_NONE;
}

/* Bounded by the limit on the length of files, since shared memory is a file, and by half of
 * the limit on memory. */
static size_t shared_bytes(void) {
    struct rlimit limits;
    size_t bytes = DECODER_SHARED_BYTES;
    if (getrlimit(RLIMIT_FSIZE, &limits) == 0 && limits.rlim_cur < bytes)
        bytes = (size_t)limits.rlim_cur;
    if (getrlimit(RLIMIT_AS, &limits) == 0 && limits.rlim_cur / 2 < bytes)
        bytes = (size_t)limits.rlim_cur / 2;
    return bytes;
}

/* Shared memory of a fixed size, so that no process that has it can take it away from another. */
static int make_samples(size_t capacity) {
    int samples = memfd_create("samples", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (samples >= 0 && ftruncate(samples, (off_t)capacity) == 0 &&
        fcntl(samples, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return samples;
    int failure = errno;
    if (samples >= 0) close(samples);
    errno = failure;
    return -1;
}

static pid_t fork_keeper(const struct decoder_process *process) {
    sigset_t all, before;
    /* No signal may reach the child while it has this process's handlers. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t keeper = fork();
    if (keeper == 0) decoder_keeper(process);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return keeper;
}

static enum error_code start(struct decoders *decoders, struct error *error) {
    struct decoder *decoder = &decoders->all[decoders->count];
    int clips[2] = {-1, -1}, control[2] = {-1, -1};
    *decoder = (struct decoder){.keeper = -1, .seconds = decoders->seconds, .fresh = true};
    decoder->samples = make_samples(decoders->capacity);
    if (decoder->samples >= 0 &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, clips) == 0 &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0) {
        const struct decoder_process process = {.clips = clips[1],
                                                .control = control[1],
                                                .samples = decoder->samples,
                                                .capacity = decoders->capacity,
                                                .seconds = decoders->seconds};
        decoder->keeper = fork_keeper(&process);
    }
    if (decoder->keeper < 0) decoder_fail_start(errno, error);
    if (clips[1] >= 0) close(clips[1]);
    if (control[1] >= 0) close(control[1]);
    decoder->clips = clips[0];
    decoder->control = control[0];
    if (error->code == ERROR_NONE) {
        pthread_mutex_init(&decoder->lock, NULL);
        decoders->count++;
        return ERROR_NONE;
    }
    const int own[] = {decoder->samples, clips[0], control[0]};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (own[i] >= 0) close(own[i]);
    return error->code;
}

enum error_code decoders_open(int count, struct decoders **result, struct error *error) {
    *result = NULL;
    if (count < 1) return FAIL(error, ERROR_INTERNAL, "%d decoders", count);
    struct decoders *decoders = memory_array(
        1, sizeof *decoders + (size_t)count * sizeof(struct decoder), "decoders", error);
    if (decoders == NULL) return error->code;
    pthread_mutex_init(&decoders->usage_lock, NULL);
    decoders->capacity = shared_bytes();
    read_seconds(&decoders->seconds, error);
    while (error->code == ERROR_NONE && decoders->count < count) start(decoders, error);
    if (error->code != ERROR_NONE)
        decoders_close(decoders);
    else
        *result = decoders;
    return error->code;
}

void decoders_close(struct decoders *decoders) {
    if (decoders == NULL) return;
    for (int i = 0; i < decoders->count; i++) {
        close(decoders->all[i].clips);
        close(decoders->all[i].control);
        kill(decoders->all[i].keeper, SIGCONT); /* somebody may have stopped it */
    }
    for (int i = 0; i < decoders->count; i++) {
        struct decoder *decoder = &decoders->all[i];
        while (waitpid(decoder->keeper, NULL, 0) < 0 && errno == EINTR) continue;
        close(decoder->samples);
        pthread_mutex_destroy(&decoder->lock);
    }
    pthread_mutex_destroy(&decoders->usage_lock);
    free(decoders);
}
