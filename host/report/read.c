#include "host/report/read.h"

#include "host/base/memory.h"
#include "host/output/clip_columns.h"
#include "host/report/read_internal.h"

#include <stdlib.h>
#include <string.h>

static int compare_kept(const void *a, const void *b) {
    size_t first = ((const struct run_clip *)a)->row;
    size_t second = ((const struct run_clip *)b)->row;
    return (first > second) - (first < second);
}

/* Rows that were not kept are audited clips that the page does not list. */
static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    const struct run_read *read = context;
    struct run_clip wanted = {.row = row};
    const struct run_clip *found =
        read->kept_count == 0
            ? NULL
            : bsearch(&wanted, read->kept, read->kept_count, sizeof *read->kept, compare_kept);
    if (found != NULL)
        *clip = *found;
    else if (row < read->every.count)
        read->every.get(read->every.context, row, clip);
    else
        *clip = (struct run_clip)RUN_CLIP_INITIAL;
}

static int compare_rows(const void *a, const void *b) {
    size_t first = *(const size_t *)a;
    size_t second = *(const size_t *)b;
    return (first > second) - (first < second);
}

/* The rows of clips.csv that the issues, their copies and their neighbours are about. */
static enum error_code find_needed(struct run_read *read, struct error *error) {
    const struct run_results *results = &read->results;
    size_t total = 0;
    for (size_t i = 0; i < results->issue_count; i++)
        total += 2 + results->issues[i].neighbour_count;
    read->needed = memory_array(total, sizeof *read->needed, "the clips of a run", error);
    if (read->needed == NULL) return error->code;
    size_t count = 0;
    for (size_t i = 0; i < results->issue_count; i++) {
        const struct run_issue *issue = &results->issues[i];
        read->needed[count++] = issue->row;
        if (issue->certain) read->needed[count++] = issue->same_sound;
        for (size_t j = 0; j < issue->neighbour_count; j++)
            read->needed[count++] = issue->neighbours[j];
    }
    qsort(read->needed, count, sizeof *read->needed, compare_rows);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || read->needed[i] != read->needed[i - 1])
            read->needed[read->needed_count++] = read->needed[i];
    return ERROR_NONE;
}

/* Reads folder/name with `reader`; a missing file is an error only where it is required. */
static enum error_code
read_file(struct run_read *read, const struct folder *folder, const char *name, bool required,
          enum error_code (*reader)(struct run_read *, const struct run_file *, struct error *),
          struct error *error) {
    char *path = file_join(folder->path, name, error);
    if (path == NULL) return error->code;
    const struct run_file file = {folder, name, path};
    if (required || folder_has(folder, name)) reader(read, &file, error);
    free(path);
    return error->code;
}

static enum error_code read_all(struct run_read *read, const struct folder *folder,
                                struct error *error) {
    TRY(read_file(read, folder, "run.json", true, run_read_json, error));
    TRY(read_file(read, folder, "classes.json", true, run_read_class_names, error));
    TRY(read_file(read, folder, "issues.jsonl", true, run_read_issues, error));
    TRY(find_needed(read, error));
    TRY(read_file(read, folder, "clips.csv", false, run_read_clips, error));
    TRY(read_file(read, folder, "classes.csv", false, run_read_classes, error));
    TRY(read_file(read, folder, "overlapping_classes.csv", false, run_read_pairs, error));
    TRY(read_file(read, folder, "confident_joint.csv", false, run_read_joint, error));
    return read_file(read, folder, "group_errors.csv", false, run_read_group_errors, error);
}

enum error_code run_read_open(const struct folder *folder, struct run_read **opened,
                              struct error *error) {
    struct run_read *read = memory_array(1, sizeof *read, "a run", error);
    if (read == NULL) return error->code;
    if (read_all(read, folder, error) != ERROR_NONE) {
        run_read_close(read);
        return error->code;
    }
    if (read->results.clips.count > 0) {
        read->results.clips.get = get_clip;
        read->results.clips.context = read;
    }
    *opened = read;
    return ERROR_NONE;
}

enum error_code run_read_every_clip(struct run_read *read, const struct folder *folder,
                                    struct error *error) {
    if (read->all != NULL || !folder_has(folder, "clips.csv")) return ERROR_NONE;
    TRY(all_clips_open(folder, &read->all, error));
    read->every = all_clips_view(read->all);
    if (read->every.count != read->results.clips.count)
        return FAIL(error, ERROR_DATA, "%s/clips.csv: changed while it was read; try again",
                    folder->path);
    return ERROR_NONE;
}

const struct run_results *run_read_results(const struct run_read *read) {
    return &read->results;
}

static void free_strings(char **strings, size_t count) {
    for (size_t i = 0; strings != NULL && i < count; i++) free(strings[i]);
    free(strings);
}

void run_read_close(struct run_read *read) {
    if (read == NULL) return;
    free_strings(read->class_names, read->results.class_count);
    free_strings(read->warnings, read->results.warning_count);
    free_strings(read->cautions, read->results.caution_count);
    free_strings(read->view_names, read->results.view_count);
    for (size_t i = 0; i < read->kept_count; i++) clip_columns_free(&read->kept[i]);
    for (size_t i = 0; i < read->results.issue_count; i++) {
        const struct run_issue *issue = &read->issues[i];
        free((char *)(uintptr_t)issue->given_set);
        free((char *)(uintptr_t)issue->suggested_set);
        free((struct run_annotation *)(uintptr_t)issue->annotations);
        free((struct run_evidence *)(uintptr_t)issue->evidence);
    }
    for (size_t i = 0; i < read->results.group_error_count; i++)
        free((char *)(uintptr_t)read->group_errors[i].group);
    all_clips_close(read->all);
    run_facts_free(&read->results.facts);
    free(read->input);
    free(read->root);
    free(read->score_name);
    free(read->detector);
    free(read->group_name);
    free(read->group_errors);
    free(read->classes_by_name);
    free(read->issues);
    free(read->classes);
    free(read->pairs);
    free(read->joint);
    free(read->needed);
    free(read->kept);
    free(read);
}
