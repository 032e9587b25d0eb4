#include "host/review/learning.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/review/learning_model.h"
#include "host/review/learning_read.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct learning {
    const struct folder *folder;
    int threads;
    size_t classes;
    size_t *issues; /* (issue_count) rows of clips.csv, in the order of the ranking */
    size_t issue_count;
    struct learning_clip *clips; /* (clip_count) */
    size_t clip_count;

    pthread_t thread;
    bool started;
    volatile bool stop;
    pthread_mutex_t state_lock; /* of what follows */
    pthread_cond_t changed;
    enum learning_state state;
    char words[LEARNING_WORDS];

    pthread_mutex_t model_lock; /* one order at a time */
    struct learning_arrays arrays;
    struct learning_model *model;
    double *keys; /* (candidate_count) */
};

static enum error_code copy_run(const struct run_results *results, struct learning *learning,
                                struct error *error) {
    const char *what = "the order of the list";
    learning->issues = memory_array(results->issue_count, sizeof *learning->issues, what, error);
    learning->clips = memory_array(results->clips.count, sizeof *learning->clips, what, error);
    if (error->code != ERROR_NONE) return error->code;
    learning->issue_count = results->issue_count;
    learning->clip_count = results->clips.count;
    learning->classes = results->class_count;
    for (size_t i = 0; i < results->issue_count; i++) learning->issues[i] = results->issues[i].row;
    for (size_t row = 0; row < results->clips.count; row++) {
        const struct run_clip clip = run_clip_at(&results->clips, row);
        learning->clips[row] = (struct learning_clip){clip.array_row, clip.fold};
    }
    return ERROR_NONE;
}

static void set_state(struct learning *learning, enum learning_state state, const char *before,
                      const char *message) {
    pthread_mutex_lock(&learning->state_lock);
    error_format(learning->words, sizeof learning->words, "%s%s", before, message);
    learning->state = state;
    pthread_cond_broadcast(&learning->changed);
    pthread_mutex_unlock(&learning->state_lock);
}

#define STAYS "the order of the list does not learn from decisions: "

static enum error_code prepare(struct learning *learning, struct error *error) {
    struct learning_arrays *arrays = &learning->arrays;
    TRY(learning_arrays_open(learning->folder, learning->clips, learning->clip_count,
                             learning->issues, learning->issue_count, learning->classes, arrays,
                             error));
    learning->keys =
        memory_array(arrays->candidate_count, sizeof *learning->keys, "the order of a list", error);
    if (learning->keys == NULL) return error->code;
    const float *embeddings = npy_direct(&arrays->embeddings, NPY_FLOAT32);
    const struct learning_input input = {.embeddings = matrix_of(embeddings, arrays->features),
                                         .labels = arrays->labels,
                                         .fold_of = arrays->fold_of,
                                         .scores = arrays->scores,
                                         .suggested = arrays->suggested,
                                         .issue = arrays->issue,
                                         .rows = arrays->rows,
                                         .features = arrays->features,
                                         .classes = arrays->classes,
                                         .candidates = arrays->candidates,
                                         .candidate_count = arrays->candidate_count,
                                         .threads = learning->threads};
    return learning_model_open(&input, &learning->stop, &learning->model, error);
}

static void *run(void *context) {
    struct learning *learning = context;
    struct error error = ERROR_INITIAL;
    char message[128];
    double start = clock_seconds();
    if (prepare(learning, &error) != ERROR_NONE) {
        set_state(learning, LEARNING_FIXED, STAYS, error.message);
        return NULL;
    }
    error_format(message, sizeof message, "it took %.1f s to prepare", clock_seconds() - start);
    set_state(learning, LEARNING_READY, "the order of the list learns from decisions; ", message);
    return NULL;
}

/* Why there is nothing to learn from; NULL where there is. */
static const char *why_fixed(const struct run_results *results) {
    if (results->multilabel) return "a clip may have several labels";
    if (results->score_name == NULL || strcmp(results->score_name, "log_margin") != 0)
        return "the run ranks by another score than log_margin";
    return NULL;
}

enum error_code learning_open(const struct folder *folder, const struct run_results *results,
                              int threads, struct learning **opened, struct error *error) {
    const char *why = why_fixed(results);
    struct learning *learning = memory_array(1, sizeof *learning, "the order of a list", error);
    if (learning == NULL) return error->code;
    learning->folder = folder;
    learning->threads = threads < 1 ? 1 : threads;
    pthread_mutex_init(&learning->state_lock, NULL);
    pthread_mutex_init(&learning->model_lock, NULL);
    pthread_cond_init(&learning->changed, NULL);
    if (copy_run(results, learning, error) != ERROR_NONE) goto failed;
    if (why != NULL) {
        set_state(learning, LEARNING_FIXED, STAYS, why);
    } else {
        set_state(learning, LEARNING_PREPARING, "the order of the list is being prepared", "");
        if (pthread_create(&learning->thread, NULL, run, learning) != 0) {
            FAIL(error, ERROR_INTERNAL, "no thread can be started");
            goto failed;
        }
        learning->started = true;
    }
    *opened = learning;
    return ERROR_NONE;
failed:
    learning_close(learning);
    return error->code;
}

void learning_close(struct learning *learning) {
    if (learning == NULL) return;
    learning->stop = true;
    if (learning->started) pthread_join(learning->thread, NULL);
    learning_model_close(learning->model);
    learning_arrays_close(&learning->arrays);
    pthread_mutex_destroy(&learning->state_lock);
    pthread_mutex_destroy(&learning->model_lock);
    pthread_cond_destroy(&learning->changed);
    free(learning->issues);
    free(learning->clips);
    free(learning->keys);
    free(learning);
}

enum learning_state learning_state(struct learning *learning, char *words) {
    pthread_mutex_lock(&learning->state_lock);
    enum learning_state state = learning->state;
    if (words != NULL) memcpy(words, learning->words, sizeof learning->words);
    pthread_mutex_unlock(&learning->state_lock);
    return state;
}

enum learning_state learning_wait(struct learning *learning) {
    pthread_mutex_lock(&learning->state_lock);
    while (learning->state == LEARNING_PREPARING)
        pthread_cond_wait(&learning->changed, &learning->state_lock);
    enum learning_state state = learning->state;
    pthread_mutex_unlock(&learning->state_lock);
    return state;
}

static int compare_decisions(const void *a, const void *b) {
    size_t first = ((const struct learning_decision *)a)->row;
    size_t second = ((const struct learning_decision *)b)->row;
    return (first > second) - (first < second);
}

/* The decisions by rows; to be freed. */
static struct learning_decision *sort_decisions(const struct learning *learning,
                                                const struct learning_decision *decisions,
                                                size_t count, struct error *error) {
    struct learning_decision *sorted =
        memory_array(count, sizeof *sorted, "the decisions on a list", error);
    for (size_t i = 0; sorted != NULL && i < count; i++) {
        int32_t class_index = decisions[i].class_index;
        if (class_index < LEARNING_EXCLUDED ||
            (class_index >= 0 && (size_t)class_index >= learning->classes))
            FAIL(error, ERROR_DATA, "class %d: the run has %zu", class_index, learning->classes);
        sorted[i] = decisions[i];
    }
    if (sorted == NULL || count == 0) return sorted;
    qsort(sorted, count, sizeof *sorted, compare_decisions);
    for (size_t i = 1; i < count; i++)
        if (sorted[i].row == sorted[i - 1].row)
            FAIL(error, ERROR_INTERNAL, "row %zu: two current decisions", sorted[i].row);
    return sorted;
}

static bool is_decided(const struct learning_decision *sorted, size_t count, size_t row) {
    const struct learning_decision wanted = {.row = row};
    return count > 0 && bsearch(&wanted, sorted, count, sizeof wanted, compare_decisions) != NULL;
}

struct place {
    double key;
    size_t row; /* of clips.csv */
};

static int compare_places(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Ranks the undecided candidates; sorted decisions of clips that are in the arrays are renamed to
 * rows of these. */
static enum error_code rank(struct learning *learning, const struct learning_decision *sorted,
                            size_t count, bool beyond, struct place *places, size_t *place_count,
                            struct error *error) {
    const struct learning_arrays *arrays = &learning->arrays;
    size_t known = 0;
    struct learning_decision *renamed =
        memory_array(count, sizeof *renamed, "the decisions on a list", error);
    if (renamed == NULL) return error->code;
    for (size_t i = 0; i < count; i++)
        if (sorted[i].row < learning->clip_count &&
            learning->clips[sorted[i].row].array_row != RUN_NO_ROW)
            renamed[known++] = (struct learning_decision){learning->clips[sorted[i].row].array_row,
                                                          sorted[i].class_index};
    if (known > 0) qsort(renamed, known, sizeof *renamed, compare_decisions);
    *place_count = 0;
    pthread_mutex_lock(&learning->model_lock);
    learning_model_keys(learning->model, renamed, known, learning->keys, error);
    for (size_t i = 0; error->code == ERROR_NONE && i < arrays->candidate_count; i++) {
        size_t row = arrays->candidates[i], clip = arrays->clip_of[row];
        double key = learning->keys[i];
        if ((!beyond && !arrays->issue[row]) || is_decided(sorted, count, clip)) continue;
        places[(*place_count)++] = (struct place){isnan(key) ? INFINITY : key, clip};
    }
    pthread_mutex_unlock(&learning->model_lock);
    free(renamed);
    if (*place_count > 0) qsort(places, *place_count, sizeof *places, compare_places);
    return error->code;
}

enum error_code learning_order(struct learning *learning, const struct learning_decision *decisions,
                               size_t count, bool beyond, size_t **rows, size_t *row_count,
                               bool *learned, struct error *error) {
    *learned = learning_state(learning, NULL) == LEARNING_READY;
    *rows = NULL;
    *row_count = 0;
    size_t most = *learned ? learning->arrays.candidate_count : learning->issue_count;
    struct place *places = NULL;
    struct learning_decision *sorted = sort_decisions(learning, decisions, count, error);
    *rows = memory_array(most, sizeof **rows, "the order of a list", error);
    if (error->code != ERROR_NONE) goto done;
    if (!*learned) {
        for (size_t i = 0; i < learning->issue_count; i++)
            if (!is_decided(sorted, count, learning->issues[i]))
                (*rows)[(*row_count)++] = learning->issues[i];
        goto done;
    }
    places = memory_array(most, sizeof *places, "the order of a list", error);
    if (places != NULL &&
        rank(learning, sorted, count, beyond, places, row_count, error) == ERROR_NONE)
        for (size_t i = 0; i < *row_count; i++) (*rows)[i] = places[i].row;
done:
    if (error->code != ERROR_NONE) {
        free(*rows);
        *rows = NULL;
        *row_count = 0;
    }
    free(sorted);
    free(places);
    return error->code;
}
