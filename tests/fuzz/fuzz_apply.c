/* Lists written anew with other labels: they are read again, and must have just these. The first
 * byte chooses the kind of list and the options, the second what is decided on which clip. */
#include "host/lists/input.h"
#include "host/review/apply/list_edits.h"
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"m.csv", "m.txt", "m.jsonl", "cuts.jsonl"};

enum { LISTS = 4, MOST_CLIPS = 64 };

static const char *const labels[] = {"x",         "a,b",  "say \"no\"",  " lead",
                                     "#7",        "7",    "caf\xc3\xa9", "two\nlines",
                                     "tab\there", "it's", "true",        "\xf0\x9f\x90\xb6"};
static const char *const sets[] = {"x",
                                   "a\x1f"
                                   "b",
                                   "",
                                   "7\x1fx\x1fy",
                                   "it's",
                                   "caf\xc3\xa9",
                                   "a b\x1f"
                                   "c"};

/* What is decided on the clips, by a few bits of a number. */
static void decide(const struct collection *input, uint8_t seed, struct outcome *outcomes) {
    unsigned state = seed * 2654435761u + 1;
    for (size_t i = 0; i < input->clips.count; i++) {
        state = state * 1664525u + 1013904223u;
        const bool has_label =
            clip_label(&input->clips, i) != NULL && input->trace.spans[i].label_end > 0;
        outcomes[i] = (struct outcome){.kind = OUTCOME_NONE};
        if ((state >> 24) % 4 == 0 && has_label && seed != 0)
            outcomes[i] = (struct outcome){
                input->label_separator == NULL ? labels[(state >> 8) % 12] : sets[(state >> 8) % 7],
                OUTCOME_RELABEL};
        else if ((state >> 24) % 4 == 1 && seed != 0 &&
                 input->clips.clips[i].status != CLIP_BAD_ROW)
            outcomes[i].kind = OUTCOME_EXCLUDE;
    }
}

/* Whether the label is this one; a set has LABEL_JOINT, the list its separator. */
static bool is_label(const struct collection *input, size_t clip, const char *wanted) {
    const char *label = clip_label(&input->clips, clip);
    if (label == NULL || input->label_separator == NULL)
        return label == NULL ? wanted == NULL || wanted[0] == '\0' : strcmp(label, wanted) == 0;
    struct text joined = TEXT_INITIAL;
    size_t count;
    const int32_t *members =
        label_sets_of(&input->labels, input->clips.clips[clip].class_index, &count);
    text_string(&joined, "");
    for (size_t m = 0; m < count; m++)
        text_format(&joined, "%s%s", m == 0 ? "" : LABEL_JOINT, input->labels.names[members[m]]);
    const bool same = strcmp(joined.data, wanted) == 0;
    text_free(&joined);
    return same;
}

/* The clips of the new list are the old ones without those left out. */
static void compare(const struct collection *old, const struct collection *new,
                    const struct outcome *outcomes, enum exclude_how how) {
    size_t at = 0;
    for (size_t i = 0; i < old->clips.count; i++) {
        if (outcomes[i].kind == OUTCOME_EXCLUDE && how == EXCLUDE_DROP) continue;
        if (at == new->clips.count) abort();
        if (old->clips.clips[i].status != CLIP_BAD_ROW &&
            strcmp(clip_path(&old->clips, i), clip_path(&new->clips, at)) != 0)
            abort();
        if (outcomes[i].kind == OUTCOME_RELABEL && !is_label(new, at, outcomes[i].label)) abort();
        at++;
    }
    if (at != new->clips.count) abort();
}

/* Reads the new bytes as the old ones were. */
static void read_again(const struct collection *old, const char *path, size_t list,
                       const struct input_options *options, const char *bytes, size_t length,
                       const struct outcome *outcomes, enum exclude_how how) {
    struct error error = ERROR_INITIAL;
    struct collection new = {0};
    size_t left = 0;
    for (size_t i = 0; i < old->clips.count; i++)
        left += outcomes[i].kind != OUTCOME_EXCLUDE && old->clips.clips[i].status == CLIP_OK;
    memory_folder_set(list, (const uint8_t *)bytes, length);
    input_open(path, options, &new, &error);
    if (error.code == ERROR_NONE)
        compare(old, &new, outcomes, how);
    else if (left > 0 && error.code != ERROR_MEMORY)
        abort();
    collection_close(&new);
}

static void apply(const struct collection *old, const char *path, size_t list,
                  const struct input_options *options, uint8_t seed, enum exclude_how how) {
    struct error error = ERROR_INITIAL;
    struct stored_text stored = {0};
    struct list_edits edits = {0};
    struct outcome outcomes[MOST_CLIPS];
    const struct traced_file *file = &old->trace.files[0];
    char *bytes = NULL;
    size_t length = 0;
    if (old->trace.span_count != old->clips.count) abort();
    decide(old, seed, outcomes);
    if (stored_text_open(path, file->hash, &stored, &error) == ERROR_NONE &&
        list_edits_find(old, 0, &stored, outcomes, how, &edits, &error) == ERROR_NONE)
        stored_text_edit(&stored, "m", edits.list, edits.count, &bytes, &length, &error);
    if (error.code == ERROR_INTERNAL) abort();
    if (error.code == ERROR_NONE && edits.count == 0 &&
        (length != stored.stored_size || memcmp(bytes, stored.stored, length) != 0))
        abort();
    /* Without a header the first rows decide what the columns are; a text that is broken may be
     * read otherwise once something in it is gone. */
    bool is_bad = false;
    for (size_t i = 0; i < old->clips.count; i++)
        is_bad = is_bad || old->clips.clips[i].status == CLIP_BAD_ROW;
    if (error.code == ERROR_NONE && !is_bad && (file->delimiter == 0 || file->header_end > 0))
        read_again(old, path, list, options, bytes, length, outcomes, how);
    free(bytes);
    list_edits_free(&edits);
    stored_text_free(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct collection old = {0};
    char path[128];
    if (size < 2) return 0;
    const size_t list = data[0] % LISTS;
    const struct input_options options = {.label_separator = (data[0] & 4) != 0 ? ";" : NULL,
                                          .wants_spans = true};
    memory_folder_make(names, LISTS);
    for (size_t i = 0; i < LISTS; i++) memory_folder_set(i, NULL, 0);
    memory_folder_set(list, data + 2, size - 2);
    memory_folder_path(list, path, sizeof path);
    if (input_open(path, &options, &old, &error) == ERROR_NONE && old.trace.file_count == 1 &&
        old.trace.pattern == NULL && old.clips.count <= MOST_CLIPS)
        apply(&old, path, list, &options, data[1],
              (data[0] & 8) != 0 ? EXCLUDE_MARK : EXCLUDE_DROP);
    collection_close(&old);
    return 0;
}
