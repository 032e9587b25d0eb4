/* simulate_review OUT PLANTED.csv DECISIONS BATCH [THREADS]
 *
 * Plays a reviewer who goes down the list of a run and decides every clip as PLANTED.csv (row,
 * label, true_label: what plant_labels writes) says. The fixed list is the ranking of the flagged
 * clips, then the others by their scores; the order of the learning list is made anew after every
 * BATCH decisions. OUT has embeddings.npy. Prints, with tabs: rows, planted errors, flagged clips;
 * errors found in the first DECISIONS of what was flagged, with the fixed and the learning list;
 * where the list goes on with the other clips, as the page's does once something is decided, in the
 * first 50, 100 and DECISIONS with the fixed and with the learning list; seconds of the preparation
 * and of the slowest order, by the clock and of the processors.
 */
#include "host/base/clock.h"
#include "host/base/text.h"
#include "host/report/all_clips.h"
#include "host/report/read.h"
#include "host/review/learning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LISTS 4

struct review {
    struct folder out;
    struct run_read *run;
    struct all_clips *clips;
    struct run_results results;
    struct learning *learning;
    int32_t *truth; /* (clips) class, or -1: the label is right */
    size_t clip_count, planted;
    double prepared, slowest;
    double prepared_work, most_work; /* processor seconds */
};

static void fail(const char *what) {
    fprintf(stderr, "simulate_review: %s\n", what);
    exit(1);
}

static void check(const struct error *error) {
    if (error->code != ERROR_NONE) fail(error->message);
}

static double processor_seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

static int32_t find_class(const struct review *review, const char *name) {
    char buffer[16];
    for (size_t c = 0; c < review->results.class_count; c++)
        if (strcmp(run_class_name(&review->results, (int32_t)c, buffer), name) == 0)
            return (int32_t)c;
    return LEARNING_EXCLUDED; /* its class is not in the run: no label is right */
}

static void read_truth(struct review *review, const char *path) {
    char line[256], label[64];
    size_t row;
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) fail(path);
    review->clip_count = review->results.clips.count;
    review->truth = malloc((review->clip_count + 1) * sizeof *review->truth);
    if (review->truth == NULL) fail("out of memory");
    for (size_t i = 0; i < review->clip_count; i++) review->truth[i] = -1;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%zu,%*[^,],%63s", &row, label) != 2 || row >= review->clip_count)
            fail(path);
        struct run_clip clip = run_clip_at(&review->results.clips, row);
        if (clip.array_row == RUN_NO_ROW) continue;
        review->truth[row] = find_class(review, label);
        review->planted++;
    }
    fclose(file);
}

static void open_review(struct review *review, char **argv, int threads) {
    struct error error = ERROR_INITIAL;
    folder_open(argv[1], false, &review->out, &error);
    check(&error);
    run_read_open(&review->out, &review->run, &error);
    check(&error);
    all_clips_open(&review->out, &review->clips, &error);
    check(&error);
    review->results = *run_read_results(review->run);
    review->results.clips = all_clips_view(review->clips);
    read_truth(review, argv[2]);
    double start = clock_seconds(), work = processor_seconds();
    learning_open(&review->out, &review->results, threads, &review->learning, &error);
    check(&error);
    char words[LEARNING_WORDS];
    if (learning_wait(review->learning) != LEARNING_READY) {
        learning_state(review->learning, words);
        fail(words);
    }
    review->prepared = clock_seconds() - start;
    review->prepared_work = processor_seconds() - work;
}

static void close_review(struct review *review) {
    learning_close(review->learning);
    all_clips_close(review->clips);
    run_read_close(review->run);
    folder_close(&review->out);
    free(review->truth);
}

static void order(struct review *review, const struct learning_decision *made, size_t count,
                  bool beyond, size_t **rows, size_t *row_count) {
    struct error error = ERROR_INITIAL;
    bool learned;
    double start = clock_seconds(), work = processor_seconds();
    learning_order(review->learning, made, count, beyond, rows, row_count, &learned, &error);
    check(&error);
    double seconds = clock_seconds() - start;
    work = processor_seconds() - work;
    if (seconds > review->slowest) review->slowest = seconds;
    if (work > review->most_work) review->most_work = work;
}

/* The next clips of the learning list, or all of the fixed one. */
static void next_rows(struct review *review, bool learns, bool beyond,
                      const struct learning_decision *made, size_t count, size_t **rows,
                      size_t *row_count) {
    size_t *others, other_count, issues = review->results.issue_count;
    order(review, made, count, learns && beyond && count > 0, rows, row_count);
    if (!beyond || learns) return;
    order(review, made, count, true, &others, &other_count);
    *rows = realloc(*rows, (issues + other_count + 1) * sizeof **rows);
    if (*rows == NULL) fail("out of memory");
    bool *flagged = calloc(review->clip_count + 1, sizeof *flagged);
    if (flagged == NULL) fail("out of memory");
    for (size_t i = 0; i < issues; i++) flagged[review->results.issues[i].row] = true;
    for (size_t i = 0; i < other_count; i++)
        if (!flagged[others[i]]) (*rows)[(*row_count)++] = others[i];
    free(flagged);
    free(others);
}

/* Decides the first clips of the list, `batch` at a time; found (decisions + 1). */
static void play(struct review *review, bool learns, bool beyond, size_t decisions, size_t batch,
                 size_t *found) {
    struct learning_decision *made = calloc(decisions + 1, sizeof *made);
    if (made == NULL) fail("out of memory");
    size_t count = 0;
    while (count < decisions) {
        size_t *rows, row_count, take = learns ? batch : decisions;
        next_rows(review, learns, beyond, made, count, &rows, &row_count);
        if (row_count == 0 || (!learns && count > 0)) {
            free(rows);
            break;
        }
        for (size_t i = 0; i < row_count && i < take && count < decisions; i++, count++) {
            struct run_clip clip = run_clip_at(&review->results.clips, rows[i]);
            int32_t truth = review->truth[rows[i]];
            made[count] =
                (struct learning_decision){rows[i], truth == -1 ? clip.class_index : truth};
            found[count + 1] = found[count] + (truth != -1);
        }
        free(rows);
    }
    for (; count < decisions; count++) found[count + 1] = found[count];
    free(made);
}

int main(int argc, char **argv) {
    struct review review = {.out = FOLDER_INITIAL};
    if (argc != 5 && argc != 6)
        fail("usage: simulate_review OUT PLANTED.csv DECISIONS BATCH [THREADS]");
    size_t decisions = strtoul(argv[3], NULL, 10), batch = strtoul(argv[4], NULL, 10);
    if (decisions < 100 || decisions > 1000000 || batch < 1)
        fail("DECISIONS: 100 to 1,000,000; BATCH: at least 1");
    size_t *found[LISTS];
    open_review(&review, argv, argc == 6 ? atoi(argv[5]) : 2);
    for (size_t i = 0; i < LISTS; i++) {
        found[i] = calloc(decisions + 1, sizeof *found[i]);
        if (found[i] == NULL) fail("out of memory");
        play(&review, i % 2 == 1, i >= 2, decisions, batch, found[i]);
    }
    printf("%zu\t%zu\t%zu", review.clip_count, review.planted, review.results.issue_count);
    for (size_t i = 0; i < 2; i++) printf("\t%zu", found[i][decisions]);
    for (size_t i = 2; i < LISTS; i++)
        printf("\t%zu\t%zu\t%zu", found[i][50], found[i][100], found[i][decisions]);
    printf("\t%.2f\t%.3f\t%.2f\t%.3f\n", review.prepared, review.slowest, review.prepared_work,
           review.most_work);
    for (size_t i = 0; i < LISTS; i++) free(found[i]);
    close_review(&review);
    return 0;
}
