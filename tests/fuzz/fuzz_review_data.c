/* The data of a review, made from the files of a run: the input is split at bytes 0x1e into
 * run.json, classes.json, issues.jsonl, clips.csv, confident_joint.csv, embeddings.npy, labels.npy
 * and pred_probs.npy. What is made is one JSON object in which nothing ends a script element, and
 * names only rows that are there. */
#include "host/base/json.h"
#include "host/report/read.h"
#include "host/report/review_data.h"
#include "tests/fuzz/memory_folder.h"

#define MOST_CLIPS 64u /* of which each is written alone, too */

static const char *const names[] = {"run.json",   "classes.json",        "issues.jsonl",
                                    "clips.csv",  "confident_joint.csv", "embeddings.npy",
                                    "labels.npy", "pred_probs.npy"};

static void check_object(const struct text *text) {
    struct error error = ERROR_INITIAL;
    if (text->failed || text->data == NULL || memchr(text->data, '<', text->length) != NULL)
        abort();
    if (strstr(text->data, "\xe2\x80\xa8") != NULL || strstr(text->data, "\xe2\x80\xa9") != NULL)
        abort();
    json_t *json = json_parse(text->data, text->length, "the object", &error);
    if (!json_is_object(json)) abort();
    json_decref(json);
}

static void write_all(struct review_data *data, enum review_carrier carrier, size_t most_bytes) {
    struct error error = ERROR_INITIAL;
    struct text text = TEXT_INITIAL;
    if (review_data_write(data, carrier, most_bytes, &text, &error) == ERROR_NONE)
        check_object(&text);
    else if (error.code == ERROR_INTERNAL || error.message[0] == '\0')
        abort();
    text_free(&text);
}

static void look_at(struct review_data *data, const struct run_results *results) {
    const size_t count = results->clips.count;
    for (size_t i = 0; i < results->issue_count; i++) {
        size_t rows[REVIEW_HEARD];
        const size_t heard = review_data_heard(data, i, rows);
        if (heard > REVIEW_HEARD) abort();
        for (size_t n = 0; n < heard; n++)
            if (rows[n] >= count) abort();
    }
    for (size_t row = 0; row < count && row < MOST_CLIPS; row++) {
        struct error error = ERROR_INITIAL;
        struct text text = TEXT_INITIAL;
        if (review_data_clip(data, row, &text, &error) == ERROR_NONE) check_object(&text);
        text_free(&text);
    }
    if (review_data_searched(data) > results->issue_count) abort();
    write_all(data, REVIEW_SERVER, 0);
    write_all(data, REVIEW_FILE, 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run_read *read = NULL;
    struct review_data *review = NULL;
    struct error error = ERROR_INITIAL;
    struct folder folder;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data, size);
    if (folder_open(memory_folder, false, &folder, &error) == ERROR_NONE &&
        run_read_open(&folder, &read, &error) == ERROR_NONE &&
        run_read_every_clip(read, &folder, &error) == ERROR_NONE &&
        review_data_open(&folder, run_read_results(read), &review, &error) == ERROR_NONE)
        look_at(review, run_read_results(read));
    review_data_close(review);
    run_read_close(read);
    folder_close(&folder);
    return 0;
}
