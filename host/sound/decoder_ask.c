#include "host/sound/decoder_ask.h"

#include "host/base/clock.h"
#include "host/sound/decoder_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Time on the clock without progress: this many times what a decoder may take of processor time.
 * Disks and mounts may be slow, and other programs may have the processors. */
#define WAIT_FACTOR 10

/* This many bytes of a large clip are in memory twice. */
#define COPY_BYTES ((size_t)4 << 20)

/* How often a thread that waits for a decoder checks whether it was cancelled, and the time. */
#define CHECK_MILLISECONDS 100
#define CHECKS_PER_SECOND (1000 / CHECK_MILLISECONDS)

/* Messages about one clip. A healthy decoder sends one a second, for at most the length of the
 * longest clip: none decodes slower than the sound plays. */
#define MOST_MESSAGES DECODE_MAXIMUM_SECONDS

/* How much more than it was allowed a decoder may have of the shared memory, whose pages may be
 * large. */
#define UNEVEN_BYTES ((size_t)8 << 20)

/* Seconds that a keeper may take to end its process. */
#define END_SECONDS 10

/* ---- how a decoder ended ---- */

#define ADVICE "convert the file again or leave it out"

static void explain_end(int status, int seconds, struct verdict *verdict) {
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *name = number == 0 ? NULL : sigabbrev_np(number);
    if (number == SIGXCPU)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder took more than %d s of processor time without progress; " ADVICE,
                    seconds);
    else if (number == SIGSYS)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder was ended because it used a system call that no decoder needs "
                    "(SIGSYS): the file may be made to attack programs; " ADVICE);
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

static enum error_code fail_gone(const struct decoder *decoder, struct error *error) {
    return FAIL(error, ERROR_FILE,
                "the process that keeps a decoder (%ld) was ended or stopped from outside; run the "
                "same command again",
                (long)decoder->keeper);
}

enum error_code decoder_fail_start(int number, struct error *error) {
    return FAIL(error, ERROR_FILE,
                "cannot start a decoder: %s; see ulimit -a, or give fewer "
                "--threads",
                strerror(number));
}

/* Whether the process could not do its work at all, whatever the file. */
static enum error_code check_start(const struct decoder_end *end, struct error *error) {
    int code = end->status != -1 && WIFEXITED(end->status) ? WEXITSTATUS(end->status) : 0;
    if (end->status == -1) return decoder_fail_start(end->failure, error);
    if (code == DECODER_EXIT_NO_ROOM) return decoder_fail_start(ENOMEM, error);
    if (code == DECODER_EXIT_NO_PROC)
        return FAIL(error, ERROR_FILE,
                    "cannot start a decoder: /proc/self/statm cannot be read, so its memory cannot "
                    "be bounded; mount /proc");
    if (code == DECODER_EXIT_NO_SANDBOX)
        return FAIL(
            error, ERROR_FILE,
            "cannot start a decoder: this system has seccomp or Landlock but refuses to use "
            "it; see earmark info, and what limits this process or its container");
    return ERROR_NONE;
}

/* ---- asking one ---- */

bool decoder_send(const struct decoder *decoder, const struct decoder_request *request, int file,
                  struct error *error) {
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } beside = {{0}};
    struct iovec part = {(void *)(uintptr_t)request, sizeof *request};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (file >= 0) {
        beside.head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&beside.head), &file, sizeof file);
        message.msg_control = &beside;
        message.msg_controllen = sizeof beside;
    }
    ssize_t sent;
    do sent = sendmsg(decoder->clips, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == ETOOMANYREFS) /* descriptors on their way count */
        decoder_fail_start(errno, error);
    else if (sent < 0 && errno != EAGAIN)
        fail_gone(decoder, error);
    return sent >= 0;
}

static bool send_clip(struct decoder *decoder, const struct sound_source *source,
                      const struct decode_settings *settings, struct error *error) {
    struct decoder_request request = {.kind = REQUEST_CLIP, .source = *source};
    request.number = ++decoder->number;
    request.settings = *settings;
    request.settings.kept = NULL;
    request.settings.reserve = NULL;
    request.settings.goes_on = NULL;
    request.settings.place = NULL;
    request.settings.context = NULL;
    return decoder_send(decoder, &request, source->descriptor, error);
}

enum outcome {
    OUTCOME_WAITING,
    OUTCOME_ANSWER, /* of kind ANSWER_CLIP, not checked yet */
    OUTCOME_ENDED,  /* the process did, by itself or as it was told to */
    OUTCOME_WRONG,  /* no healthy decoder says this */
    OUTCOME_SILENT  /* for too long */
};

/* One clip under way. */
struct asking {
    struct decoder *decoder;
    struct decoder_question question;
    struct decoder_answer answer;
    struct decoder_end end;
    size_t most;       /* bytes of samples that the clip may have */
    size_t messages;   /* from the decoder about it */
    uint64_t advanced; /* frames read, as far as it said */
    int checks;        /* since it last advanced */
    int waits;         /* checks since it was asked */
    double checked;    /* clock_seconds() of the last one */
};

/* Another clip's answer, or room for this one, or how far it is. */
static enum outcome take_message(struct asking *asking, struct error *error) {
    const struct decoder_answer *answer = &asking->answer;
    const struct decode_settings *settings = asking->question.settings;
    if (++asking->messages > MOST_MESSAGES) return OUTCOME_WRONG;
    if (answer->number != asking->decoder->number) return OUTCOME_WAITING; /* it was cancelled */
    if (answer->kind == ANSWER_CLIP) return OUTCOME_ANSWER;
    if (answer->kind == ANSWER_ADVANCES) {
        if (answer->amount > asking->advanced) asking->checks = 0;
        if (answer->amount > asking->advanced) asking->advanced = answer->amount;
        return OUTCOME_WAITING;
    }
    if (answer->kind != ANSWER_ROOM || answer->amount <= asking->question.granted ||
        answer->amount > asking->most)
        return OUTCOME_WRONG;
    struct decoder_request request = {.kind = REQUEST_ROOM, .granted = true};
    if (settings->reserve != NULL)
        request.granted = settings->reserve(settings->context, answer->amount);
    if (request.granted) asking->question.granted = answer->amount;
    asking->question.cancelled = !request.granted;
    asking->checks = 0;
    bool read = decoder_send(asking->decoder, &request, -1, error) || error->code != ERROR_NONE;
    return read ? OUTCOME_WAITING : OUTCOME_WRONG;
}

/* Whether the shared memory holds more than the decoder was allowed to use. */
static bool takes_too_much(const struct asking *asking) {
    struct stat status;
    size_t allowed = asking->question.granted + UNEVEN_BYTES;
    return fstat(asking->decoder->samples, &status) == 0 &&
           (uint64_t)status.st_blocks * 512 > allowed;
}

/* Whether it is time for check_time: messages without end must not keep it from being called. */
static bool is_due(struct asking *asking) {
    const double now = clock_seconds();
    if ((now - asking->checked) * 1000 < CHECK_MILLISECONDS) return false;
    asking->checked = now;
    return true;
}

/* What a wait that goes on means. */
static enum outcome check_time(struct asking *asking, struct error *error) {
    const struct decode_settings *settings = asking->question.settings;
    if (settings->goes_on != NULL && !settings->goes_on(settings->context, 0)) {
        FAIL(error, ERROR_STOPPED, "a clip was cancelled");
        return OUTCOME_WAITING;
    }
    if (takes_too_much(asking)) return OUTCOME_WRONG;
    /* Small steps are progress, but none decodes slower than the longest sound plays. */
    if (++asking->waits / CHECKS_PER_SECOND > DECODE_MAXIMUM_SECONDS) return OUTCOME_SILENT;
    /* Counted in checks, not read from a clock: this process may have been suspended as well. */
    if (++asking->checks / CHECKS_PER_SECOND > WAIT_FACTOR * asking->decoder->seconds)
        return OUTCOME_SILENT;
    return OUTCOME_WAITING;
}

/* Reads what the keeper says of the end of its process. */
static enum outcome take_end(struct asking *asking, struct error *error) {
    ssize_t got = recv(asking->decoder->control, &asking->end, sizeof asking->end, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return OUTCOME_WAITING;
    if (got != (ssize_t)sizeof asking->end) fail_gone(asking->decoder, error);
    asking->decoder->ends++;
    return OUTCOME_ENDED;
}

/* Waits for the next message, or for the end of the process; answers are read first. */
static enum outcome wait_once(struct asking *asking, struct error *error) {
    struct pollfd files[2] = {{.fd = asking->decoder->clips, .events = POLLIN},
                              {.fd = asking->decoder->control, .events = POLLIN}};
    int ready = poll(files, 2, CHECK_MILLISECONDS);
    if (ready < 0 && errno == EINTR) return OUTCOME_WAITING;
    if (is_due(asking) || ready <= 0) {
        enum outcome outcome = check_time(asking, error);
        if (outcome != OUTCOME_WAITING || ready <= 0) return outcome;
    }
    if ((files[0].revents & POLLIN) != 0) {
        ssize_t got = recv(asking->decoder->clips, &asking->answer, sizeof asking->answer,
                           MSG_DONTWAIT | MSG_TRUNC);
        if (got == (ssize_t)sizeof asking->answer) return take_message(asking, error);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return OUTCOME_WAITING;
        if (files[1].revents == 0) return OUTCOME_WRONG;
    }
    return take_end(asking, error);
}

/* Drops what a process that has ended said before. */
static void drain(const struct decoder *decoder) {
    struct decoder_answer ignored;
    size_t most = MOST_MESSAGES;
    while (most-- > 0 && recv(decoder->clips, &ignored, sizeof ignored, MSG_DONTWAIT) >= 0)
        continue;
}

/* Has the keeper end its process. SIGCONT: somebody may have stopped the keeper. */
static void end_process(struct asking *asking, struct error *error) {
    struct pollfd control = {.fd = asking->decoder->control, .events = POLLIN};
    kill(asking->decoder->keeper, SIGCONT);
    const uint64_t ends = asking->decoder->ends;
    if (send(control.fd, &ends, sizeof ends, MSG_NOSIGNAL) != (ssize_t)sizeof ends) {
        fail_gone(asking->decoder, error);
        return;
    }
    for (int checks = 0; checks < END_SECONDS * CHECKS_PER_SECOND; checks++) {
        int ready = poll(&control, 1, CHECK_MILLISECONDS);
        if (ready > 0 && take_end(asking, error) == OUTCOME_ENDED) return;
    }
    fail_gone(asking->decoder, error); /* a disk or mount that does not answer holds it */
}

/* ---- samples ---- */

static void forget_piece(const struct decoder *decoder, size_t from, size_t bytes) {
    fallocate(decoder->samples, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
              (off_t)bytes);
}

static void forget(const struct decoder *decoder, size_t from) {
    forget_piece(decoder, from, DECODER_SHARED_BYTES - from);
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
        if (bytes > DECODER_KEPT_BYTES) forget_piece(decoder, have, (size_t)got);
        have += (size_t)got;
    }
    return ERROR_NONE;
}

/* Memory of this program alone for the samples, so that no decoder changes what was checked. */
static void *room_for(const struct decode_settings *settings, struct decoded *decoded,
                      struct error *error) {
    void *place = settings->place == NULL ? NULL : settings->place(settings->context, decoded);
    if (place != NULL) return place;
    if (decoded->bytes > decoded->capacity) {
        free(decoded->buffer); /* its content is not needed */
        decoded->buffer = malloc(decoded->bytes);
        decoded->capacity = decoded->buffer == NULL ? 0 : decoded->bytes;
        if (decoded->buffer == NULL)
            FAIL(error, ERROR_MEMORY, "no memory for %zu bytes of samples", decoded->bytes);
    }
    return decoded->buffer;
}

/* Checks the answer and copies the samples; false: no healthy decoder gives it. */
static bool take(struct asking *asking, struct decoded *decoded, struct error *error) {
    const struct decode_settings *settings = asking->question.settings;
    const enum error_code code = asking->answer.code;
    if (!decoder_answer_take(&asking->answer, &asking->question, decoded)) return false;
    if (code != ERROR_NONE)
        FAIL(error, code,
             code == ERROR_STOPPED ? "a clip was cancelled" : "a decoder has no memory for a clip");
    if (error->code != ERROR_NONE || decoded->bytes == 0) return true;
    size_t room = decoded->bytes > decoded->capacity ? decoded->bytes : decoded->capacity;
    if (settings->reserve != NULL && !settings->reserve(settings->context, room)) {
        FAIL(error, ERROR_STOPPED, "a clip was cancelled");
        return true;
    }
    unsigned char *samples = room_for(settings, decoded, error);
    if (samples == NULL ||
        copy_samples(asking->decoder, samples, decoded->bytes, error) != ERROR_NONE)
        return true;
    decoded->samples = samples;
    decoded_hash(decoded);
    return decoder_samples_are_finite(decoded);
}

/* Asks once; the reason why there is no answer is set in decoded->verdict. */
static enum outcome ask_once(struct asking *asking, const struct sound_source *source,
                             struct decoded *decoded, struct error *error) {
    struct verdict *verdict = &decoded->verdict;
    enum outcome outcome = OUTCOME_WAITING;
    asking->question.granted = DECODER_KEPT_BYTES;
    asking->question.cancelled = false;
    asking->messages = 0;
    asking->advanced = 0;
    asking->checks = 0;
    asking->waits = 0;
    asking->checked = clock_seconds();
    if (!send_clip(asking->decoder, source, asking->question.settings, error))
        outcome = OUTCOME_WRONG;
    while (outcome == OUTCOME_WAITING && error->code == ERROR_NONE)
        outcome = wait_once(asking, error);
    if (error->code != ERROR_NONE) return outcome;
    if (outcome == OUTCOME_ANSWER && !take(asking, decoded, error)) outcome = OUTCOME_WRONG;
    if (outcome == OUTCOME_ANSWER) return outcome;
    *decoded = (struct decoded){.buffer = decoded->buffer, .capacity = decoded->capacity};
    if (outcome == OUTCOME_ENDED) {
        check_start(&asking->end, error);
        explain_end(asking->end.status, asking->decoder->seconds, verdict);
        return outcome;
    }
    end_process(asking, error);
    if (outcome == OUTCOME_WRONG)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder gave an answer that cannot be true: the file may be made to "
                    "attack programs; " ADVICE);
    else
        verdict_set(verdict, CLIP_UNREADABLE,
                    "the decoder made no progress for %d s; check the disk or mount of the file, "
                    "or " ADVICE,
                    WAIT_FACTOR * asking->decoder->seconds);
    return outcome;
}

/* A process that decoded other files before may have been corrupted by them: the clip is then
 * decoded once more, by a new process. So is the first one that needs FFmpeg's libraries. */
enum error_code decoder_ask(struct decoder *decoder, const struct sound_source *source,
                            const struct decode_settings *settings, struct decoded *decoded,
                            struct error *error) {
    struct asking asking = {.decoder = decoder, .question = {.settings = settings}};
    asking.most = decode_most_bytes(settings, source) + DECODER_SPARE_BYTES;
    for (bool again = true; again;) {
        again = !decoder->fresh;
        decoder->fresh = false;
        enum outcome outcome = ask_once(&asking, source, decoded, error);
        /* After an error its process goes on, until it sees the next request. */
        if (outcome == OUTCOME_ANSWER || error->code != ERROR_NONE) break;
        decoder->fresh = true;
        if (outcome == OUTCOME_ENDED && !decoder->ffmpeg && decoder_asks_for_ffmpeg(&asking.end))
            again = decoder->ffmpeg = true;
        drain(decoder);
        forget(decoder, 0);
    }
    if (asking.question.granted > DECODER_KEPT_BYTES) forget(decoder, DECODER_KEPT_BYTES);
    return error->code;
}
