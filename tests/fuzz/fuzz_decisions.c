/* Files of decisions of two reviewers and the clips.csv of a run: what is read, placed, compared
 * and written again; a line that was written must be read as the same decision. */
#include "host/review/decisions.h"
#include "tests/fuzz/memory_folder.h"

#include <math.h>

static const char *const names[] = {"decisions-anna.jsonl", "decisions-bob.jsonl", "clips.csv"};

static void write_again(const struct decision *decision) {
    struct error error = ERROR_INITIAL;
    struct text text = TEXT_INITIAL;
    struct text again = TEXT_INITIAL;
    struct decision read;
    decision_append(&text, decision);
    if (text.failed) abort();
    if (decision_parse(text.data, text.length, "line", "x", &read, &error) != ERROR_NONE) abort();
    if (!decision_agrees(decision, &read)) abort();
    decision_append(&again, &read);
    if (again.failed || strcmp(text.data, again.data) != 0) abort();
    if (memchr(text.data, '\n', text.length) != text.data + text.length - 1) abort();
    decision_free(&read);
    text_free(&text);
    text_free(&again);
}

static void look_at(struct decisions *decisions) {
    size_t first = 0;
    for (size_t i = 0; i < decisions->count; i++) {
        const struct decided *decided = &decisions->list[i];
        first += decided->first;
        if ((decided->row == DECISION_NO_ROW) != (decided->state == DECISION_GONE)) abort();
        if (decided->reviewer >= decisions->reviewer_count) abort();
        if (decided->first) decisions_conflict(decisions, i);
        write_again(&decided->decision);
    }
    if (first != decisions->clip_count) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct folder out;
    struct decisions decisions = {0};
    if (size < 1) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data + 1, size - 1);
    if (folder_open(memory_folder, false, &out, &error) != ERROR_NONE) abort();
    if (decisions_read(&decisions, &out, NULL, &error) == ERROR_NONE &&
        decisions_place_run(&decisions, &out, (data[0] & 1) != 0 ? ";" : NULL, &error) ==
            ERROR_NONE)
        look_at(&decisions);
    decisions_free(&decisions);
    folder_close(&out);
    return 0;
}
