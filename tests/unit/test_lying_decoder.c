/* A decoder that a file has taken over: whatever it answers, the clip is unreadable or the result
 * is one that a healthy decoder could give, and the next clip is fine. This program has a keeper of
 * its own in place of host/sound/decoder_process.c, which is keeper and decoder in one.
 *
 * EARMARK_ANSWERS: how many random answers (20,000). */
#include "host/sound/decoder_process.h"
#include "tests/support/decode_path.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)9000)
#define RATE 16000
#define CANNOT_BE_TRUE "gave an answer that cannot be true"

static char *folder;
static const struct decode_settings usual = {
    .model_rate = RATE, .measure = true, .minimum_samples = 480};

/* ---- the decoder ---- */

enum lie {
    HONEST,
    UNTERMINATED_REASON,
    UNTERMINATED_KIND,
    CONTROL_IN_KIND,
    REASON_OF_GOOD_CLIP,
    NO_REASON,
    MORE_FRAMES,
    FEWER_FRAMES,
    NO_FRAMES,
    HUGE_BYTES,
    WRAPPED_BYTES,
    BYTES_BEYOND_ROOM,
    ZERO_BYTES,
    NEGATIVE_CHANNELS,
    NO_CHANNELS,
    MANY_CHANNELS,
    UNKNOWN_FORMAT,
    FLOAT_FORMAT,
    ANOTHER_RATE,
    NEGATIVE_SOURCE_RATE,
    NO_SOURCE_RATE,
    UNKNOWN_STATUS,
    NEGATIVE_STATUS,
    STATUS_OF_THE_LIST,
    ENDLESS_SOURCE,
    MEASURES_NOT_NUMBERS,
    PEAK_NOT_A_NUMBER,
    UNKNOWN_CODE,
    USAGE_ERROR,
    FILE_ERROR,
    INTERNAL_ERROR,
    CANCELLED,
    UNKNOWN_KIND_OF_ANSWER,
    SHORT_MESSAGE,
    EMPTY_MESSAGE,
    LONG_MESSAGE,
    HUGE_ROOM,
    ROOM_AGAIN_AND_AGAIN,
    MORE_ROOM_UNREAD,
    ADVANCES_AGAIN_AND_AGAIN,
    OLD_ANSWERS_AGAIN_AND_AGAIN,
    LAST_OF_WRONG_ONES, /* the lies above are found out */

    ESCAPES_IN_REASON,
    HASH_OF_ANOTHER,
    NO_MEMORY,
    ANSWERS_UNREAD,
    SHRINKS_SAMPLES,
    FILLS_SAMPLES,
    SILENCE,
    RANDOM
};

static enum lie lie; /* chosen before the decoder is started */

static struct decoder_answer honest(const struct decoder_request *request) {
    struct decoder_answer answer = {
        .kind = ANSWER_CLIP, .number = request->number, .amount = DECODER_KEPT_BYTES};
    answer.decoded.frames = answer.decoded.source_frames = FRAMES;
    answer.decoded.channels = answer.decoded.facts.channels = 1;
    answer.decoded.rate = answer.decoded.facts.rate = RATE;
    answer.decoded.format = SAMPLES_INT16;
    answer.decoded.bytes = FRAMES * sizeof(int16_t);
    answer.decoded.peak = answer.decoded.facts.sound.peak = 0.5F;
    answer.decoded.facts.sound.level = -12;
    strcpy(answer.decoded.source_kind, "WAV PCM_16");
    return answer;
}

static void refuse(struct decoder_answer *answer, const char *reason) {
    answer->decoded.verdict.status = CLIP_UNREADABLE;
    snprintf(answer->decoded.verdict.reason, sizeof answer->decoded.verdict.reason, "%s", reason);
}

/* Lies in the texts and the kind of the answer. */
static void twist_words(struct decoder_answer *answer) {
    struct decoded *decoded = &answer->decoded;
    switch (lie) {
    case UNTERMINATED_REASON:
        decoded->verdict.status = CLIP_UNREADABLE;
        memset(decoded->verdict.reason, 'A', sizeof decoded->verdict.reason);
        break;
    case UNTERMINATED_KIND: memset(decoded->source_kind, 'A', sizeof decoded->source_kind); break;
    case CONTROL_IN_KIND: strcpy(decoded->source_kind, "\033[2J"); break;
    case REASON_OF_GOOD_CLIP: strcpy(decoded->verdict.reason, "fine"); break;
    case NO_REASON: decoded->verdict.status = CLIP_TRUNCATED; break;
    case UNKNOWN_STATUS: decoded->verdict.status = (enum clip_status)200; break;
    case NEGATIVE_STATUS: decoded->verdict.status = (enum clip_status) - 1; break;
    case STATUS_OF_THE_LIST:
        refuse(answer, "no label");
        decoded->verdict.status = CLIP_NO_LABEL;
        break;
    case UNKNOWN_CODE: answer->code = (enum error_code)77; break;
    case USAGE_ERROR: answer->code = ERROR_USAGE; break;
    case FILE_ERROR: answer->code = ERROR_FILE; break;
    case INTERNAL_ERROR: answer->code = ERROR_INTERNAL; break;
    case CANCELLED: answer->code = ERROR_STOPPED; break;
    case UNKNOWN_KIND_OF_ANSWER: answer->kind = (enum decoder_answer_kind)99; break;
    case NO_MEMORY: answer->code = ERROR_MEMORY; break;
    case ESCAPES_IN_REASON: refuse(answer, "\033]0;x\a<b>\r\xff"); break;
    default: break;
    }
}

/* Lies in its numbers. */
static void twist_numbers(struct decoder_answer *answer, size_t capacity) {
    struct decoded *decoded = &answer->decoded;
    switch (lie) {
    case MORE_FRAMES: decoded->frames = 1000000; break;
    case FEWER_FRAMES: decoded->frames = FRAMES - 1; break;
    case NO_FRAMES: decoded->frames = decoded->source_frames = decoded->bytes = 0; break;
    case HUGE_BYTES: decoded->bytes = SIZE_MAX - 64; break;
    case WRAPPED_BYTES:
        decoded->frames = decoded->source_frames = SIZE_MAX / 2 + 2;
        decoded->bytes = 2;
        break;
    case BYTES_BEYOND_ROOM:
        decoded->bytes = capacity;
        decoded->frames = decoded->source_frames = capacity / 2;
        break;
    case ZERO_BYTES: decoded->bytes = 0; break;
    case NEGATIVE_CHANNELS: decoded->channels = -1; break;
    case NO_CHANNELS: decoded->channels = 0; break;
    case MANY_CHANNELS: decoded->channels = decoded->facts.channels = 65; break;
    case UNKNOWN_FORMAT: decoded->format = (enum sample_format)7; break;
    case FLOAT_FORMAT: decoded->format = SAMPLES_FLOAT32; break;
    case ANOTHER_RATE: decoded->rate = 12345; break;
    case NEGATIVE_SOURCE_RATE: decoded->facts.rate = -RATE; break;
    case NO_SOURCE_RATE: decoded->facts.rate = 0; break;
    case ENDLESS_SOURCE: decoded->source_frames = SIZE_MAX; break;
    case MEASURES_NOT_NUMBERS:
        memset(&decoded->facts.sound, 0xff, sizeof decoded->facts.sound);
        break;
    case PEAK_NOT_A_NUMBER: decoded->peak = NAN; break;
    case HASH_OF_ANOTHER: decoded->facts.hash[0] = decoded->facts.hash[1] = 1; break;
    default: break;
    }
}

static void say(const struct decoder_process *process, const void *message, size_t size) {
    if (send(process->clips, message, size, MSG_NOSIGNAL) < 0) _exit(0);
}

/* The same message until nobody listens, or the keeper's part has to answer. */
static void repeat(const struct decoder_process *process, struct decoder_answer *answer,
                   enum decoder_answer_kind kind, uint64_t step, uint64_t next) {
    struct pollfd control = {.fd = process->control, .events = POLLIN};
    answer->kind = kind;
    while (poll(&control, 1, 0) == 0) {
        answer->amount += step;
        if (send(process->clips, answer, sizeof *answer, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            answer->number += next;
        else if (errno != EAGAIN)
            _exit(0);
    }
}

static uint64_t random_state = 88172645463325252U;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

#define PLACE(member) offsetof(struct decoder_answer, member)

/* Where an answer has what is used of it. */
static const size_t places[] = {
    PLACE(kind),
    PLACE(code),
    PLACE(number),
    PLACE(amount),
    PLACE(decoded.verdict.status),
    PLACE(decoded.verdict.reason),
    PLACE(decoded.samples),
    PLACE(decoded.frames),
    PLACE(decoded.channels),
    PLACE(decoded.rate),
    PLACE(decoded.format),
    PLACE(decoded.bytes),
    PLACE(decoded.facts.seconds),
    PLACE(decoded.facts.rate),
    PLACE(decoded.facts.channels),
    PLACE(decoded.facts.silent),
    PLACE(decoded.facts.sound.peak),
    PLACE(decoded.facts.sound.level),
    PLACE(decoded.facts.sound.bandwidth),
    PLACE(decoded.source_frames),
    PLACE(decoded.peak),
    PLACE(decoded.source_kind),
    PLACE(decoded.buffer),
    PLACE(decoded.capacity),
};

/* Some of the bytes, or a whole number, of an honest answer are anything; or all bytes are. */
static void say_anything(const struct decoder_process *process, struct decoder_answer answer) {
    static const uint64_t edges[] = {0, 1, 2, 64, 65, 480, 1000, FRAMES, 4 << 20, 1U << 31};
    unsigned char *bytes = (unsigned char *)&answer;
    const uint64_t number = answer.number, way = next_random() % 8;
    size_t changes = 1 + next_random() % 4;
    if (way == 0) changes = sizeof answer;
    for (size_t i = 0; i < changes; i++) {
        uint64_t value = next_random() % 3 == 0
                             ? 0 - next_random() % 3
                             : edges[next_random() % (sizeof edges / sizeof edges[0])];
        size_t size = way == 0 ? 1 : (size_t)1 << next_random() % 4;
        size_t at = next_random() % (sizeof answer / size) * size;
        if (way == 0) at = i;
        if (way > 1) at = places[next_random() % (sizeof places / sizeof places[0])];
        if (at + size > sizeof answer) size = 1;
        if (way < 3) value = next_random();
        memcpy(bytes + at, &value, size);
    }
    if (next_random() % 4 != 0) answer.kind = ANSWER_CLIP;
    if (next_random() % 8 != 0) answer.number = number;
    say(process, &answer, next_random() % 64 == 0 ? next_random() % sizeof answer : sizeof answer);
    /* Whatever that was, the program waits no longer after this. */
    answer.number = number;
    answer.kind = (enum decoder_answer_kind)99;
    say(process, &answer, sizeof answer);
}

static void answer_clip(const struct decoder_process *process, void *samples,
                        const struct decoder_request *request) {
    char longer[sizeof(struct decoder_answer) + 1] = "";
    struct decoder_answer answer = honest(request);
    for (size_t i = 0; i < FRAMES; i++) ((int16_t *)samples)[i] = (int16_t)(i * 31 % 2000);
    twist_words(&answer);
    twist_numbers(&answer, process->capacity);
    switch (lie) {
    case SHORT_MESSAGE: say(process, &answer, 7); return;
    case EMPTY_MESSAGE: say(process, &answer, 0); return;
    case LONG_MESSAGE: say(process, longer, sizeof longer); return;
    case HUGE_ROOM:
        answer.kind = ANSWER_ROOM;
        answer.amount = SIZE_MAX / 2;
        break;
    case ROOM_AGAIN_AND_AGAIN: repeat(process, &answer, ANSWER_ROOM, 0, 0); return;
    case MORE_ROOM_UNREAD: repeat(process, &answer, ANSWER_ROOM, 1, 0); return;
    case ANSWERS_UNREAD: repeat(process, &answer, ANSWER_CLIP, 0, 1); return;
    case ADVANCES_AGAIN_AND_AGAIN: repeat(process, &answer, ANSWER_ADVANCES, 1, 0); return;
    case OLD_ANSWERS_AGAIN_AND_AGAIN:
        answer.number--;
        repeat(process, &answer, ANSWER_CLIP, 0, 0);
        return;
    case SHRINKS_SAMPLES:
        if (ftruncate(process->samples, 0) == 0 || errno != EPERM) _exit(1);
        if (ftruncate(process->samples, (off_t)1 << 44) == 0) _exit(1);
        break;
    case FILLS_SAMPLES: memset(samples, 1, (size_t)64 << 20); return;
    case SILENCE: return;
    case RANDOM: say_anything(process, answer); return;
    default: break;
    }
    say(process, &answer, sizeof answer);
}

_Noreturn void decoder_keeper(const struct decoder_process *process) {
    static struct decoder_request request;
    void *samples = mmap(NULL, process->capacity, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_NORESERVE, process->samples, 0);
    if (samples == MAP_FAILED) _exit(1);
    for (int i = STDERR_FILENO + 1; i < 256; i++) /* the program's ends of the connections */
        if (i != process->clips && i != process->control && i != process->samples) close(i);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        struct pollfd files[2] = {{.fd = process->clips, .events = POLLIN},
                                  {.fd = process->control, .events = POLLIN}};
        uint64_t ends;
        if (poll(files, 2, -1) < 0) continue;
        if ((files[1].revents & (POLLHUP | POLLERR)) != 0) _exit(0);
        if (files[1].revents != 0) {
            const struct decoder_end end = {.status = SIGKILL};
            if (recv(process->control, &ends, sizeof ends, 0) == (ssize_t)sizeof ends)
                send(process->control, &end, sizeof end, MSG_NOSIGNAL);
            continue;
        }
        /* The descriptor that comes with it is dropped. */
        if (recv(process->clips, &request, sizeof request, 0) <= 0) _exit(0);
        if (request.kind == REQUEST_CLIP) answer_clip(process, samples, &request);
    }
}

/* ---- the program ---- */

static int make_file(void **state) {
    (void)state;
    int16_t samples[FRAMES] = {0};
    folder = test_folder_make();
    test_sound_int16(test_path(folder, "clip.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, RATE, 1,
                     samples, FRAMES);
    return 0;
}

static int remove_file(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static struct decoders *open_liar(enum lie next) {
    struct error error = ERROR_INITIAL;
    struct decoders *decoders = NULL;
    lie = next;
    if (decoders_open(1, &decoders, &error) != ERROR_NONE) fail_msg("%s", error.message);
    return decoders;
}

/* Everything that is used of a result. */
static void check_result(const struct decoded *decoded, const struct error *error) {
    uint64_t sum = 0;
    if (error->code != ERROR_NONE) {
        if (error->code != ERROR_MEMORY) fail_msg("%s", error->message);
        return;
    }
    const struct verdict *verdict = &decoded->verdict;
    const bool usable = verdict->status == CLIP_OK || verdict->status == CLIP_SILENT;
    assert_true(strnlen(verdict->reason, VERDICT_REASON_SIZE) < VERDICT_REASON_SIZE);
    for (const char *at = verdict->reason; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f) fail_msg("a control character");
    assert_true(strnlen(decoded->source_kind, sizeof decoded->source_kind) <
                sizeof decoded->source_kind);
    assert_true(isfinite(decoded->facts.seconds) && isfinite(decoded->facts.sound.level) &&
                isfinite(decoded->peak));
    if (!usable) {
        assert_true(verdict->reason[0] != '\0');
        return;
    }
    const size_t size = decoded->format == SAMPLES_INT16 ? sizeof(int16_t) : sizeof(float);
    assert_true(decoded->frames > 0 && decoded->channels >= 1 && decoded->channels <= 2);
    assert_true(decoded->rate == RATE || device_resamples(decoded->rate));
    assert_true(decoded->bytes == decoded->frames * (size_t)decoded->channels * size);
    for (size_t i = 0; i < decoded->bytes; i++) sum += ((const unsigned char *)decoded->samples)[i];
    assert_true(sum < SIZE_MAX);
}

/* Asks for the clip, of a decoder that tells this lie. */
static void ask(enum lie next, struct decoded *decoded, struct error *error) {
    struct decoders *decoders = open_liar(next);
    decoders_decode_path(decoders, 0, test_path(folder, "clip.wav"), &usual, decoded, error);
    decoders_close(decoders);
    check_result(decoded, error);
}

static void honest_answers(void **state) {
    (void)state;
    const enum lie harmless[] = {HONEST, HASH_OF_ANOTHER, SHRINKS_SAMPLES};
    struct decoded decoded = {0};
    uint64_t hash[2];
    for (size_t i = 0; i < 3; i++) {
        struct error error = ERROR_INITIAL;
        ask(harmless[i], &decoded, &error);
        assert_int_equal(decoded.verdict.status, CLIP_OK);
        assert_int_equal(decoded.frames, FRAMES);
        assert_true(decoded.facts.seconds == (double)FRAMES / RATE);
        memcpy(hash, decoded.facts.hash, sizeof hash);
        decoded_hash(&decoded); /* of the samples, whatever it said */
        assert_memory_equal(hash, decoded.facts.hash, sizeof hash);
    }
    decoded_free(&decoded);
}

static void wrong_answers(void **state) {
    (void)state;
    struct decoded decoded = {0};
    for (int next = HONEST + 1; next < LAST_OF_WRONG_ONES; next++) {
        struct error error = ERROR_INITIAL;
        ask((enum lie)next, &decoded, &error);
        if (error.code != ERROR_NONE || decoded.verdict.status != CLIP_UNREADABLE ||
            strstr(decoded.verdict.reason, CANNOT_BE_TRUE) == NULL)
            fail_msg("lie %d: %s, status %d, '%s'", next, error.message, decoded.verdict.status,
                     decoded.verdict.reason);
    }
    decoded_free(&decoded);
}

static void words_are_made_visible(void **state) {
    (void)state;
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    ask(ESCAPES_IN_REASON, &decoded, &error);
    assert_int_equal(decoded.verdict.status, CLIP_UNREADABLE);
    assert_string_equal(decoded.verdict.reason, "\\x1b]0;x\\x07<b>\\r\\xff");
    decoded_free(&decoded);
}

static void an_error_that_may_be_true(void **state) {
    (void)state;
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    ask(NO_MEMORY, &decoded, &error);
    assert_int_equal(error.code, ERROR_MEMORY);
    assert_string_equal(error.message, "a decoder has no memory for a clip");
    decoded_free(&decoded);
}

static void no_answer(void **state) {
    (void)state;
    struct decoded decoded = {0};
    struct error error = ERROR_INITIAL;
    setenv("EARMARK_DECODER_SECONDS", "1", 1);
    ask(SILENCE, &decoded, &error);
    unsetenv("EARMARK_DECODER_SECONDS");
    assert_int_equal(decoded.verdict.status, CLIP_UNREADABLE);
    assert_non_null(strstr(decoded.verdict.reason, "made no progress for 10 s"));
    ask(FILLS_SAMPLES, &decoded, &error);
    assert_non_null(strstr(decoded.verdict.reason, CANNOT_BE_TRUE));
    decoded_free(&decoded);
}

/* Answers to questions that the decoder does not read: there is an end to what waits for it. */
static void answers_in_advance(void **state) {
    (void)state;
    struct decoders *decoders = open_liar(ANSWERS_UNREAD);
    struct decoded decoded = {0};
    for (size_t i = 0; i < 1000 && strstr(decoded.verdict.reason, CANNOT_BE_TRUE) == NULL; i++) {
        struct error error = ERROR_INITIAL;
        decoders_decode_path(decoders, 0, test_path(folder, "clip.wav"), &usual, &decoded, &error);
        check_result(&decoded, &error);
    }
    assert_non_null(strstr(decoded.verdict.reason, CANNOT_BE_TRUE));
    decoded_free(&decoded);
    decoders_close(decoders);
}

static void random_answers(void **state) {
    (void)state;
    const char *text = getenv("EARMARK_ANSWERS");
    const long count = text == NULL ? 20000 : strtol(text, NULL, 10);
    struct decoders *decoders = open_liar(RANDOM);
    struct decoded decoded = {0};
    long taken = 0, wrong = 0;
    assert_true(count > 0);
    for (long i = 0; i < count; i++) {
        struct error error = ERROR_INITIAL;
        decoders_decode_path(decoders, 0, test_path(folder, "clip.wav"), &usual, &decoded, &error);
        check_result(&decoded, &error);
        taken += error.code == ERROR_NONE && decoded.verdict.status == CLIP_OK;
        wrong += strstr(decoded.verdict.reason, CANNOT_BE_TRUE) != NULL;
    }
    printf("# of %ld clips %ld were taken, %ld answers could not be true\n", count, taken, wrong);
    assert_true(taken > 0 && wrong > 0);
    decoded_free(&decoded);
    decoders_close(decoders);
}

int main(void) {
    alarm(3000); /* a hang is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_answers),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(words_are_made_visible),
        cmocka_unit_test(an_error_that_may_be_true),
        cmocka_unit_test(no_answer),
        cmocka_unit_test(answers_in_advance),
        cmocka_unit_test(random_answers),
    };
    return cmocka_run_group_tests_name("lying decoder", tests, make_file, remove_file);
}
