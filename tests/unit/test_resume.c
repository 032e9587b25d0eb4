/* A run that was killed or stopped at any moment continues and ends with the bytes of an
 * undisturbed run; changes in between are noticed and reported.
 *
 * Of the files of a run only timing.json may differ (run.json has no times). */
#include "host/base/clock.h"
#include "host/base/file.h"
#include "host/base/npy.h"
#include "host/base/stop.h"
#include "host/commands/commands.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/run_child.h"
#include "tests/support/same_run.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* EARMARK_EVERY_STEP (make test-failures) tries every step; otherwise one in STEP_STRIDE. */
#ifdef __SANITIZE_ADDRESS__ /* slow; the release build tries more */
#define RANDOM_KILLS 6
#define STEP_STRIDE 53
#else
#define RANDOM_KILLS 50
#define STEP_STRIDE 7
#endif
#define KILLS_OF_A_RUN 5
/* The corpus: clips, and those of them that have an embedding, which a stopped run keeps. */
#define CORPUS_READABLE (CORPUS_CLASSES * CORPUS_CLIPS_PER_CLASS + CORPUS_SILENT)
#define CORPUS_CLIPS (CORPUS_READABLE + CORPUS_TOO_SHORT + CORPUS_UNREADABLE)
#define STOPS 9

/* Seconds added whenever the clock is read, so that a run of a second has several shards. */
#define TICK 0.06

static struct corpus corpus;
static char expected[512]; /* the folder of the undisturbed run */
static char out[512];      /* the folder that the tests disturb */
static char view[512];     /* a file of embeddings: view-1.npy is made from it */
static double undisturbed_seconds;

static struct child_result audit(const char *folder, const struct failure_plan *plan,
                                 const char *option, const char *value) {
    const char *arguments[] = {"audit",        corpus.clips, "-o",   folder,    "--model",
                               corpus.model,   "--threads",  "2",    "--folds", "4",
                               "--embeddings", view,         option, value,     NULL};
    return child_run(command_audit, arguments, plan);
}

static bool exists(const char *folder, const char *name) {
    struct error error = ERROR_INITIAL;
    char *path = file_join(folder, name, &error);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

static void write_view(size_t clips) {
    struct error error = ERROR_INITIAL;
    float values[CORPUS_CLIPS + 1][3];
    const size_t shape[2] = {clips, 3};
    for (size_t i = 0; i < clips; i++)
        for (size_t f = 0; f < 3; f++) values[i][f] = (float)((7 * i + 5 * f) % 11);
    struct folder folder;
    folder_open(corpus.folder, false, &folder, &error);
    npy_write_in(&folder, "model.npy", NPY_FLOAT32, 2, shape, values, &error);
    assert_no_error(&error);
    folder_close(&folder);
}

static int make_corpus(void **state) {
    (void)state;
    corpus_make(&corpus);
    snprintf(view, sizeof view, "%s", corpus_path(&corpus, "model.npy"));
    write_view(CORPUS_CLIPS);
    snprintf(expected, sizeof expected, "%s", corpus_path(&corpus, "expected"));
    snprintf(out, sizeof out, "%s", corpus_path(&corpus, "out"));
    double began = clock_seconds();
    struct child_result result = audit(expected, NULL, NULL, NULL);
    undisturbed_seconds = clock_seconds() - began;
    bool complete = exists(expected, "view-1.npy") && exists(expected, "scores.npy");
    return result.code == EXIT_UNREADABLE_CLIPS && complete && !exists(expected, "shards") ? 0 : -1;
}

static int drop_corpus(void **state) {
    (void)state;
    corpus_remove(&corpus);
    return 0;
}

static int clear_out(void **state) {
    (void)state;
    corpus_remove_folder(out);
    return 0;
}

/* The run finished, now or before it was killed after its last commit. */
static void assert_finished(const struct child_result *result) {
    bool before = strstr(result->said, "holds the files of a finished run") != NULL;
    assert_code(result, before ? EXIT_FATAL : EXIT_UNREADABLE_CLIPS);
}

/* Continues until the end: the same files as of an undisturbed run. */
static struct child_result finish(void) {
    struct child_result result = audit(out, NULL, NULL, NULL);
    assert_finished(&result);
    assert_false(exists(out, "shards"));
    assert_same_run(expected, out);
    return result;
}

static int calls_of_a_run(unsigned calls) {
    struct failure_plan plan = {.under = out, .calls = calls, .tick = TICK};
    struct child_result result = audit(out, &plan, NULL, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_same_run(expected, out);
    corpus_remove_folder(out);
    return result.calls;
}

/* Kills the run after `seconds`; false if it had finished before. */
static bool kill_after(double seconds) {
    struct failure_plan plan = {.under = out, .tick = TICK};
    const char *arguments[] = {"audit",        corpus.clips, "-o", out,       "--model",
                               corpus.model,   "--threads",  "2",  "--folds", "4",
                               "--embeddings", view,         NULL};
    int output = -1;
    pid_t process = child_start(command_audit, arguments, &plan, &output);
    usleep((useconds_t)(seconds * 1e6));
    kill(process, SIGKILL);
    struct child_result result = child_wait(process, output);
    if (result.signal != SIGKILL) assert_finished(&result);
    return result.signal == SIGKILL;
}

/* Up to five kills in sequence, then a run to the end. If a run finished before its kill, it
 * was faster than the measured one, and the next is killed earlier. */
static void test_killed_at_random_moments(void **state) {
    (void)state;
    double most = undisturbed_seconds;
    unsigned moment = 0, in_a_row = 0;
    for (int killed = 0; killed < RANDOM_KILLS; moment++) {
        double share = (double)(signal_hash(6, moment, 1) % 1000) / 1000.0;
        bool was_killed = kill_after(share * most);
        killed += was_killed;
        in_a_row += was_killed;
        if (!was_killed) most *= 0.9;
        if (was_killed && in_a_row < KILLS_OF_A_RUN && killed < RANDOM_KILLS) continue;
        if (was_killed) finish();
        assert_same_run(expected, out);
        corpus_remove_folder(out);
        in_a_row = 0;
        assert_true(moment < 10 * RANDOM_KILLS);
    }
}

static void test_killed_at_every_step(void **state) {
    (void)state;
    const unsigned calls = FAIL_ALL & ~(unsigned)FAIL_READ;
    int steps = calls_of_a_run(calls), resumed = 0;
    int stride = getenv("EARMARK_EVERY_STEP") != NULL ? 1 : STEP_STRIDE;
    assert_true(steps > 100);
    for (int at = 1; at <= steps; at += stride) {
        struct failure_plan plan = {
            .under = out, .calls = calls, .kind = FAIL_KILL, .at = at, .tick = TICK};
        struct child_result result = audit(out, &plan, NULL, NULL);
        if (result.signal != SIGKILL) break; /* this run had fewer */
        result = finish();
        resumed += strstr(result.said, "an unfinished run goes on") != NULL;
        corpus_remove_folder(out);
    }
    assert_true(resumed * 2 * stride > steps / 2);
}

/* Leaves an unfinished run in OUT with every clip embedded, as after a kill. */
static void leave_unfinished(void) {
    struct failure_plan plan = {
        .under = out, .calls = FAIL_RENAME, .kind = ENOSPC, .at = 8, .tick = TICK};
    struct child_result result = audit(out, &plan, NULL, NULL);
    assert_code(&result, EXIT_FATAL);
    assert_true(exists(out, "shards"));
    assert_false(exists(out, "run.json"));
}

/* Seconds of sound in the speed of embedding; 0 when there is none. */
static double embedded_seconds(const char *folder) {
    struct error error = ERROR_INITIAL;
    char *path = file_join(folder, "timing.json", &error), *data = NULL;
    size_t size = 0;
    double seconds = 0;
    file_read(path, SIZE_MAX / 4, &data, &size, &error);
    assert_no_error(&error);
    const char *stage = strstr(data, "{\"stage\": \"embedding\"");
    assert_non_null(stage);
    const char *amount = strstr(stage, "\"amount\": ");
    if (amount != NULL && amount < strchr(stage, '}')) seconds = strtod(amount + 10, NULL);
    free(path);
    free(data);
    return seconds;
}

static void test_nothing_changed(void **state) {
    (void)state;
    leave_unfinished();
    struct child_result result = finish();
    assert_said(&result, "an unfinished run goes on");
    assert_null(strstr(result.said, "changed"));
    assert_null(strstr(result.said, "goes on: 0 of"));
    /* sound of the earlier run is not in the speed of this one */
    print_message("# seconds of sound: %g, then %g\n", embedded_seconds(expected),
                  embedded_seconds(out));
    assert_true(embedded_seconds(out) < 0.9 * embedded_seconds(expected));
}

/* embed as well: killed at its sixth rename, with rows in shards, then continued. */
static void test_embed_goes_on(void **state) {
    (void)state;
    char whole[512];
    snprintf(whole, sizeof whole, "%s", corpus_path(&corpus, "other"));
    const char *arguments[] = {"embed", corpus.clips, "-o", whole, "--model", corpus.model, NULL};
    struct child_result result = child_run(command_embed, arguments, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    arguments[3] = out;
    struct failure_plan plan = {
        .under = out, .calls = FAIL_RENAME, .kind = FAIL_KILL, .at = 6, .tick = TICK};
    result = child_run(command_embed, arguments, &plan);
    assert_int_equal(result.signal, SIGKILL);
    result = child_run(command_embed, arguments, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_said(&result, "goes on");
    assert_same_run(whole, out);
    corpus_remove_folder(whole);
}

/* Continued with an option that embeddings depend on: what is there is thrown away. */
static void check_embeds_again(const char *option, const char *value, const char *changed) {
    char fresh[512];
    leave_unfinished();
    snprintf(fresh, sizeof fresh, "%s", corpus_path(&corpus, "other"));
    for (int i = 0; i < 2; i++) {
        struct child_result result = audit(i == 0 ? out : fresh, NULL, option, value);
        assert_code(&result, EXIT_UNREADABLE_CLIPS);
        if (i > 0) break;
        assert_said(&result, changed);
        assert_said(&result, "thrown away");
        assert_null(strstr(result.said, "goes on"));
    }
    assert_same_run(fresh, out);
    corpus_remove_folder(fresh);
}

static void test_another_model_embeds_again(void **state) {
    (void)state;
    check_embeds_again("--model", "tests/golden/model/float32.safetensors",
                       "changed since the run that was stopped: model");
}

static void test_other_views_embed_again(void **state) {
    (void)state;
    assert_true(exists(expected, "statistics.npy"));
    check_embeds_again("--views", "xvector", "changed since the run that was stopped: views");
    assert_false(exists(out, "statistics.npy"));
}

static void test_another_setting_keeps_the_embeddings(void **state) {
    (void)state;
    char fresh[512];
    snprintf(fresh, sizeof fresh, "%s", corpus_path(&corpus, "other"));
    leave_unfinished();
    struct child_result result = audit(out, NULL, "--C", "0.5");
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_said(&result, "changed since the run that was stopped: C");
    assert_said(&result, "goes on");
    result = audit(fresh, NULL, "--C", "0.5");
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_same_run(fresh, out);
    corpus_remove_folder(fresh);
}

static void copy_file(const char *from, const char *to) {
    struct error error = ERROR_INITIAL;
    char *data = NULL;
    size_t size = 0;
    file_read(from, SIZE_MAX / 4, &data, &size, &error);
    assert_no_error(&error);
    test_file_write(to, data, size);
    free(data);
}

/* A clip whose samples were replaced is embedded again, and so is a new clip. */
static void test_a_changed_clip_is_embedded_again(void **state) {
    (void)state;
    char changed[512], kept[512], added[512], fresh[512];
    snprintf(changed, sizeof changed, "%s/class0/clip00.wav", corpus.clips);
    snprintf(kept, sizeof kept, "%s", corpus_path(&corpus, "kept.wav"));
    snprintf(added, sizeof added, "%s/class1/clip05b.wav", corpus.clips);
    snprintf(fresh, sizeof fresh, "%s", corpus_path(&corpus, "other"));
    leave_unfinished();
    assert_int_equal(rename(changed, kept), 0);
    copy_file(corpus_path(&corpus, "clips/class1/clip01.wav"), changed);
    copy_file(corpus_path(&corpus, "clips/class1/clip04.wav"), added);
    write_view(CORPUS_CLIPS + 1);
    struct child_result result = audit(out, NULL, NULL, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_said(&result, "changed since the run that was stopped: clips");
    assert_said(&result, "have changed since");
    result = audit(fresh, NULL, NULL, NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_same_run(fresh, out);
    assert_int_equal(rename(kept, changed), 0);
    assert_int_equal(unlink(added), 0);
    write_view(CORPUS_CLIPS);
    corpus_remove_folder(fresh);
}

static void test_damaged_shards_are_thrown_away(void **state) {
    (void)state;
    char shard[600];
    leave_unfinished();
    snprintf(shard, sizeof shard, "%s/shards/000000.shard", out);
    struct stat status;
    assert_int_equal(stat(shard, &status), 0);
    int file = open(shard, O_RDWR);
    assert_int_equal(pwrite(file, "x", 1, status.st_size - 3), 1);
    close(file);
    struct child_result result = finish();
    assert_said(&result, "1 damaged shard");
    corpus_remove_folder(out);
    leave_unfinished();
    assert_int_equal(truncate(shard, status.st_size - 4), 0);
    result = finish();
    assert_said(&result, "1 damaged shard");
}

static void test_fresh_starts_over(void **state) {
    (void)state;
    leave_unfinished();
    struct child_result result = audit(out, NULL, "--fresh", NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_null(strstr(result.said, "goes on"));
    assert_same_run(expected, out);
    result = audit(out, NULL, NULL, NULL);
    assert_code(&result, EXIT_FATAL);
    assert_said(&result, "--fresh");
    assert_same_run(expected, out);
}

static void test_a_second_run_is_refused(void **state) {
    (void)state;
    leave_unfinished();
    int folder = open(out, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(folder, LOCK_EX | LOCK_NB), 0);
    double began = clock_seconds();
    struct child_result result = audit(out, NULL, NULL, NULL);
    assert_code(&result, EXIT_FATAL);
    assert_said(&result, "another earmark is writing there");
    assert_true(clock_seconds() - began < 2.0 + undisturbed_seconds);
    assert_true(exists(out, "shards"));
    close(folder); /* as the end of a process does, for whatever reason */
    finish();
}

/* A signal at any moment of an audit: exit code 75 within two seconds, in every stage; then
 * the run continues. */
static void test_stopped_by_a_signal(void **state) {
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
    const char *arguments[] = {"audit",        corpus.clips, "-o", out,       "--model",
                               corpus.model,   "--threads",  "2",  "--folds", "4",
                               "--embeddings", view,         NULL};
    int stopped = 0;
    for (unsigned moment = 0; moment < STOPS; moment++) {
        int output = -1;
        pid_t process = child_start(command_audit, arguments, NULL, &output);
        usleep((useconds_t)(undisturbed_seconds * 1e6 * ((double)moment + 0.5) / STOPS));
        struct child_result result = child_stop(process, output, signals[moment % 3]);
        if (result.signal == signals[moment % 3]) continue; /* hardly begun */
        if (result.code == EXIT_STOPPED) {
            assert_stopped(&result);
            stopped++;
            continue;
        }
        assert_finished(&result); /* it was faster than the measured run */
        assert_same_run(expected, out);
        corpus_remove_folder(out);
    }
    assert_true(stopped > 0);
    finish();
}

/* Stops an audit while it writes out/name; returns how many clips it says are safe. */
static int stop_while_writing(const char *name, const struct failure_plan *plan) {
    const char *arguments[] = {"audit",        corpus.clips, "-o", out,       "--model",
                               corpus.model,   "--threads",  "2",  "--folds", "4",
                               "--embeddings", view,         NULL};
    int output = -1, safe = 0;
    char words[1024], part[600];
    glob_t found;
    pid_t process = child_start(command_audit, arguments, plan, &output);
    snprintf(part, sizeof part, "%s/%s.*.part", out, name);
    while (glob(part, 0, NULL, &found) != 0) usleep(1000);
    globfree(&found);
    struct child_result result = child_stop(process, output, SIGINT);
    assert_stopped(&result);
    const char *reported = strstr(result.said, "stopped by");
    assert_non_null(reported);
    if (sscanf(strchr(reported, ';'), "; %d of", &safe) != 1)
        fail_msg("no count of clips in: %s", result.said);
    snprintf(words, sizeof words,
             "; %d of %d clips are safe in %s; the same command goes on from there\n", safe,
             CORPUS_CLIPS, out);
    assert_said(&result, words);
    return safe;
}

/* A stop reports how many clips are safe, and the next run takes them over. */
static void test_a_stop_reports_what_is_safe(void **state) {
    (void)state;
    char shards[600], labels[600], words[128];
    snprintf(shards, sizeof shards, "%s/shards", out);
    snprintf(labels, sizeof labels, "%s/labels.npy", out);
    /* While embedding: the second shard waits for the signal, however late that is. */
    const struct failure_plan second_shard = {
        .under = shards, .calls = FAIL_RENAME, .kind = FAIL_WAIT, .at = 3, .tick = TICK};
    int safe = stop_while_writing("shards/000001.shard", &second_shard);
    assert_in_range(safe, 1, CORPUS_READABLE);
    /* Before cross-validation: labels.npy waits. */
    const struct failure_plan labels_wait = {
        .under = labels, .calls = FAIL_RENAME, .kind = FAIL_WAIT, .at = 1};
    assert_int_equal(stop_while_writing("labels.npy", &labels_wait), CORPUS_READABLE);
    struct child_result result = finish();
    snprintf(words, sizeof words, "goes on: %d of %d clips are embedded already", CORPUS_READABLE,
             CORPUS_CLIPS);
    assert_said(&result, words);
}

static int never_ends(int count, char **arguments) {
    (void)count;
    stop_install();
    fputs("begun\n", stderr);
    while (arguments[0] != NULL) pause();
    return EXIT_DONE;
}

/* A stage that does not check for signals, whichever it is. */
static void test_stopped_where_nobody_asks(void **state) {
    (void)state;
    const char *arguments[] = {"never", NULL};
    int output = -1;
    pid_t process = child_start(never_ends, arguments, NULL, &output);
    child_wait_for_words(output);
    struct child_result result = child_stop(process, output, SIGTERM);
    assert_stopped(&result);
    assert_said(&result, "earmark: stopped by SIGTERM; what was committed is kept\n");
    process = child_start(never_ends, arguments, NULL, &output);
    child_wait_for_words(output);
    kill(process, SIGTERM);
    usleep(50000);
    kill(process, SIGINT);
    result = child_wait(process, output);
    assert_code(&result, 128 + SIGINT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_killed_at_random_moments, clear_out),
        cmocka_unit_test_teardown(test_killed_at_every_step, clear_out),
        cmocka_unit_test_teardown(test_stopped_by_a_signal, clear_out),
        cmocka_unit_test_teardown(test_a_stop_reports_what_is_safe, clear_out),
        cmocka_unit_test_teardown(test_stopped_where_nobody_asks, clear_out),
        cmocka_unit_test_teardown(test_nothing_changed, clear_out),
        cmocka_unit_test_teardown(test_embed_goes_on, clear_out),
        cmocka_unit_test_teardown(test_another_model_embeds_again, clear_out),
        cmocka_unit_test_teardown(test_other_views_embed_again, clear_out),
        cmocka_unit_test_teardown(test_another_setting_keeps_the_embeddings, clear_out),
        cmocka_unit_test_teardown(test_a_changed_clip_is_embedded_again, clear_out),
        cmocka_unit_test_teardown(test_damaged_shards_are_thrown_away, clear_out),
        cmocka_unit_test_teardown(test_fresh_starts_over, clear_out),
        cmocka_unit_test_teardown(test_a_second_run_is_refused, clear_out),
    };
    return cmocka_run_group_tests_name("resume", tests, make_corpus, drop_corpus);
}
