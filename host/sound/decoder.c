#include "host/sound/decoder.h"

#include "host/base/memory.h"
#include "host/sound/decoder_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processor time that a decoder may take without progress. Every block of some thousand
 * samples is progress and takes microseconds, so the bound is generous for a file of any
 * length. */
#define DECODER_SECONDS 30
#define DECODER_MOST_SECONDS 1000000

/* The most that one clip may have, and what the resampler needs in addition. */
#define SHARED_BYTES (DECODE_MAXIMUM_BYTES + ((size_t)1 << 20))

/* This many bytes of a large clip are in memory twice. */
#define COPY_BYTES ((size_t)4 << 20)

/* How often a thread that waits for a decoder checks whether it was cancelled. */
#define CHECK_MICROSECONDS 100000

struct decoder {
    pthread_mutex_t lock;
    pid_t keeper;
    int socket;
    int samples;     /* descriptor of the shared memory */
    uint64_t number; /* of the last request */
    bool fresh;      /* its process has had no request yet */
};

struct decoders {
    int count;   /* that run */
    int seconds; /* DECODER_SECONDS, or from the environment */
    size_t capacity;
    struct decoder all[];
};

int decoders_count(const struct decoders *decoders) {
    return decoders->count;
}

/* ---- how a decoder ended ---- */

#define ADVICE "convert the file again or leave it out"

static void explain_end(int status, int seconds, struct verdict *verdict) {
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *name = number == 0 ? NULL : sigabbrev_np(number);
    if (number == SIGXCPU)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder took more than %d s of processor time without progress; " ADVICE,
                    seconds);
    else if (number == SIGKILL)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder was killed (SIGKILL); check whether memory was short");
    else if (number != 0)
        verdict_set(verdict, CLIP_UNREADABLE, "the decoder crashed (SIG%s); " ADVICE,
                    name == NULL ? "?" : name);
    else if (WEXITSTATUS(status) == DECODER_EXIT_MEMORY)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder needs more than %zu MiB of memory; " ADVICE, DECODER_MEMORY >> 20);
    else
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder ended unexpectedly (exit code %d); " ADVICE, WEXITSTATUS(status));
}

/* ---- asking one ---- */

static enum error_code fail_gone(const struct decoder *decoder, struct error *error) {
    return FAIL(error, ERROR_FILE,
                "the process that keeps a decoder (%ld) was ended from outside; run the same "
                "command again",
                (long)decoder->keeper);
}

static enum error_code fail_start(int number, struct error *error) {
    return FAIL(error, ERROR_FILE,
                "cannot start a decoder: %s; see ulimit -a, or give fewer "
                "--threads",
                strerror(number));
}

static enum error_code send_request(const struct decoder *decoder,
                                    const struct decoder_request *request, size_t size,
                                    struct error *error) {
    ssize_t sent;
    do sent = send(decoder->socket, request, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? fail_gone(decoder, error) : ERROR_NONE;
}

static enum error_code send_clip(struct decoder *decoder, const char *path,
                                 const struct decode_settings *settings, struct error *error) {
    struct decoder_request request;
    size_t length = strlen(path);
    request.kind = REQUEST_CLIP;
    request.granted = false;
    request.number = ++decoder->number;
    request.settings = *settings;
    memcpy(request.path, path, length + 1);
    return send_request(decoder, &request, offsetof(struct decoder_request, path) + length + 1,
                        error);
}

/* Waits for the answer to the last request, or for the end of the process. */
static enum error_code receive(const struct decoder *decoder,
                               const struct decode_settings *settings,
                               struct decoder_answer *answer, struct error *error) {
    for (;;) {
        ssize_t got = recv(decoder->socket, answer, sizeof *answer, 0);
        bool waits = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        if (!waits && got != (ssize_t)sizeof *answer) return fail_gone(decoder, error);
        if (waits && settings->goes_on != NULL && !settings->goes_on(settings->context))
            return FAIL(error, ERROR_STOPPED, "a clip was cancelled");
        if (waits) continue;
        if (answer->kind == ANSWER_ENDED) return ERROR_NONE;
        if (answer->kind == ANSWER_CLIP && answer->number == decoder->number) return ERROR_NONE;
        if (answer->kind != ANSWER_ROOM) continue; /* of a clip that was cancelled */
        struct decoder_request request = {.kind = REQUEST_ROOM, .granted = true};
        if (settings->reserve != NULL)
            request.granted = settings->reserve(settings->context, answer->bytes);
        TRY(send_request(decoder, &request, offsetof(struct decoder_request, path), error));
    }
}

/* ---- samples ---- */

static void forget(const struct decoder *decoder, size_t from, size_t bytes) {
    fallocate(decoder->samples, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
              (off_t)bytes);
}

/* Copies the samples; a large clip's memory is returned to the system piece by piece. */
static enum error_code copy_samples(const struct decoder *decoder, unsigned char *samples,
                                    size_t bytes, struct error *error) {
    for (size_t have = 0; have < bytes;) {
        size_t wanted = bytes - have < COPY_BYTES ? bytes - have : COPY_BYTES;
        ssize_t got = pread(decoder->samples, samples + have, wanted, (off_t)have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return FAIL(error, ERROR_MEMORY, "cannot read a decoder's samples: %s",
                        got == 0 ? "they end early" : strerror(errno));
        if (bytes > DECODER_KEPT_BYTES) forget(decoder, have, (size_t)got);
        have += (size_t)got;
    }
    return ERROR_NONE;
}

/* Moves the answer to the caller's struct. */
static enum error_code take(const struct decoder *decoder, const struct decode_settings *settings,
                            const struct decoder_answer *answer, struct decoded *decoded,
                            struct error *error) {
    const struct decoded own = *decoded;
    *decoded = answer->decoded;
    decoded->samples = NULL;
    decoded->buffer = own.buffer;
    decoded->capacity = own.capacity;
    decoded->target = own.target;
    decoded->target_capacity = own.target_capacity;
    if (answer->error.code != ERROR_NONE)
        return FAIL(error, answer->error.code, "%s", answer->error.message);
    if (decoded->verdict.status != CLIP_OK && decoded->verdict.status != CLIP_SILENT)
        return ERROR_NONE;
    size_t room = decoded->bytes > own.capacity ? decoded->bytes : own.capacity;
    if (settings->reserve != NULL && !settings->reserve(settings->context, room))
        return FAIL(error, ERROR_STOPPED, "a clip was cancelled");
    if (decoded->bytes > own.capacity) {
        free(own.buffer); /* its content is not needed */
        decoded->buffer = malloc(decoded->bytes);
        decoded->capacity = decoded->buffer == NULL ? 0 : decoded->bytes;
        if (decoded->buffer == NULL)
            return FAIL(error, ERROR_MEMORY, "no memory for %zu bytes of samples", decoded->bytes);
    }
    decoded->samples = decoded->buffer;
    return copy_samples(decoder, decoded->buffer, decoded->bytes, error);
}

/* A process that decoded other files before may have been corrupted by them: the clip is then
 * decoded once more, by a new process. */
static enum error_code ask(struct decoder *decoder, int seconds, const char *path,
                           const struct decode_settings *settings, struct decoded *decoded,
                           struct error *error) {
    struct decoder_answer answer;
    for (;;) {
        bool fresh = decoder->fresh;
        decoder->fresh = false;
        TRY(send_clip(decoder, path, settings, error));
        TRY(receive(decoder, settings, &answer, error));
        if (answer.kind == ANSWER_CLIP) break;
        decoder->fresh = true;
        forget(decoder, DECODER_KEPT_BYTES, SHARED_BYTES - DECODER_KEPT_BYTES);
        if (answer.status == -1) return fail_start(answer.failure, error);
        if (WIFEXITED(answer.status) && WEXITSTATUS(answer.status) == DECODER_EXIT_NO_ROOM)
            return fail_start(ENOMEM, error);
        if (!fresh) continue;
        *decoded = (struct decoded){.buffer = decoded->buffer, .capacity = decoded->capacity};
        explain_end(answer.status, seconds, &decoded->verdict);
        return ERROR_NONE;
    }
    take(decoder, settings, &answer, decoded, error);
    if (answer.bytes > DECODER_KEPT_BYTES)
        forget(decoder, DECODER_KEPT_BYTES, SHARED_BYTES - DECODER_KEPT_BYTES);
    return error->code;
}

enum error_code decoders_decode(struct decoders *decoders, int index, const char *path,
                                const struct decode_settings *settings, struct decoded *decoded,
                                struct error *error) {
    if (index < 0 || index >= decoders->count)
        return FAIL(error, ERROR_INTERNAL, "decoder %d of %d", index, decoders->count);
    if (strlen(path) >= PATH_MAX) /* the system opens no such path, and reports it */
        return decode_clip(path, settings, decoded, error);
    struct decoder *decoder = &decoders->all[index];
    pthread_mutex_lock(&decoder->lock);
    ask(decoder, decoders->seconds, path, settings, decoded, error);
    pthread_mutex_unlock(&decoder->lock);
    return error->code;
}

void decoders_forget(struct decoders *decoders, int index) {
    struct decoder *decoder = &decoders->all[index];
    struct decoder_request request = {.kind = REQUEST_FORGET};
    struct error ignored = ERROR_INITIAL; /* the next clip reports it */
    pthread_mutex_lock(&decoder->lock);
    send_request(decoder, &request, offsetof(struct decoder_request, path), &ignored);
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
    size_t bytes = SHARED_BYTES;
    if (getrlimit(RLIMIT_FSIZE, &limits) == 0 && limits.rlim_cur < bytes)
        bytes = (size_t)limits.rlim_cur;
    if (getrlimit(RLIMIT_AS, &limits) == 0 && limits.rlim_cur / 2 < bytes)
        bytes = (size_t)limits.rlim_cur / 2;
    return bytes;
}

/* In the new process: closes what belongs to the decoders started before. */
static _Noreturn void be_keeper(const struct decoders *decoders, int socket, int samples) {
    for (int i = 0; i < decoders->count; i++) {
        close(decoders->all[i].socket);
        close(decoders->all[i].samples);
    }
    decoder_keeper(socket, samples, decoders->capacity, decoders->seconds);
}

static enum error_code start(struct decoders *decoders, struct error *error) {
    struct decoder *decoder = &decoders->all[decoders->count];
    const struct timeval check = {.tv_usec = CHECK_MICROSECONDS};
    int ends[2] = {-1, -1};
    sigset_t all, before;
    *decoder = (struct decoder){.keeper = -1, .socket = -1, .fresh = true};
    decoder->samples = memfd_create("samples", MFD_CLOEXEC);
    if (decoder->samples < 0 || ftruncate(decoder->samples, (off_t)decoders->capacity) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        goto failed;
    /* No signal may reach the child while it has this process's handlers. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    decoder->keeper = fork();
    if (decoder->keeper == 0) {
        close(ends[0]);
        be_keeper(decoders, ends[1], decoder->samples);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (decoder->keeper < 0) goto failed;
    close(ends[1]);
    decoder->socket = ends[0];
    setsockopt(decoder->socket, SOL_SOCKET, SO_RCVTIMEO, &check, sizeof check);
    pthread_mutex_init(&decoder->lock, NULL);
    decoders->count++;
    return ERROR_NONE;
failed:
    fail_start(errno, error);
    if (decoder->samples >= 0) close(decoder->samples);
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0) close(ends[i]);
    return error->code;
}

enum error_code decoders_open(int count, struct decoders **result, struct error *error) {
    *result = NULL;
    if (count < 1) return FAIL(error, ERROR_INTERNAL, "%d decoders", count);
    struct decoders *decoders = memory_array(
        1, sizeof *decoders + (size_t)count * sizeof(struct decoder), "decoders", error);
    if (decoders == NULL) return error->code;
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
    for (int i = 0; i < decoders->count; i++) close(decoders->all[i].socket);
    for (int i = 0; i < decoders->count; i++) {
        struct decoder *decoder = &decoders->all[i];
        while (waitpid(decoder->keeper, NULL, 0) < 0 && errno == EINTR) continue;
        close(decoder->samples);
        pthread_mutex_destroy(&decoder->lock);
    }
    free(decoders);
}
