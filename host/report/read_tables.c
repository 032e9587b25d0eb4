/* classes.csv, overlapping_classes.csv, confident_joint.csv and group_errors.csv of a run, read
 * back. */
#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/report/read_internal.h"
#include "host/report/read_source.h"

#include <stdlib.h>

/* The class whose number is in the cell. */
static int32_t class_number(const struct run_read *read, const struct source *source, size_t column,
                            struct error *error) {
    int64_t index = source_integer(source, source_cell(source, column), -1, error);
    if (error->code == ERROR_NONE && (index < 0 || (size_t)index >= read->results.class_count))
        FAIL(error, ERROR_DATA, "%s, line %zu: class %lld is not in classes.json", source->path,
             source->reader.line, (long long)index);
    return error->code == ERROR_NONE ? (int32_t)index : 0;
}

/* ---- classes.csv and overlapping_classes.csv ---- */

enum error_code run_read_classes(struct run_read *read, const struct run_file *file,
                                 struct error *error) {
    static const struct source_column columns[] = {
        {.name = "class_index"},         {.name = "examples"},
        {.name = "label_issues"},        {.name = "inverse_label_issues"},
        {.name = "label_noise"},         {.name = "inverse_label_noise"},
        {.name = "label_quality_score"}, {.name = "recall", .optional = true}};
    struct source source;
    size_t count = read->results.class_count;
    source_open(&source, file, columns, sizeof columns / sizeof columns[0], error);
    if (error->code == ERROR_NONE)
        read->classes = memory_array(count, sizeof *read->classes, "the classes of a run", error);
    size_t k = 0;
    while (error->code == ERROR_NONE && source_next(&source, error) == ERROR_NONE && !source.end) {
        if (k == count) {
            FAIL(error, ERROR_DATA, "%s: more than the %zu classes of classes.json", file->path,
                 count);
            break;
        }
        int64_t examples = source_integer(&source, source_cell(&source, 1), 0, error);
        read->classes[k++] = (struct run_class){
            .index = class_number(read, &source, 0, error),
            .examples = examples < 0 ? 0 : (uint64_t)examples,
            .label_issues = source_integer(&source, source_cell(&source, 2), 0, error),
            .inverse_label_issues = source_integer(&source, source_cell(&source, 3), 0, error),
            .label_noise = source_number(&source, 4),
            .inverse_label_noise = source_number(&source, 5),
            .label_quality = source_number(&source, 6),
            .recall = source_number(&source, 7)};
    }
    if (error->code == ERROR_NONE && k < count)
        FAIL(error, ERROR_DATA, "%s: %zu of the %zu classes of classes.json", file->path, k, count);
    read->results.classes = read->classes;
    source_close(&source);
    return error->code;
}

enum error_code run_read_pairs(struct run_read *read, const struct run_file *file,
                               struct error *error) {
    static const struct source_column columns[] = {{.name = "class_index_a"},
                                                   {.name = "class_index_b"},
                                                   {.name = "num_overlapping_examples"},
                                                   {.name = "joint_probability"}};
    struct source source;
    struct run_results *results = &read->results;
    source_open(&source, file, columns, sizeof columns / sizeof columns[0], error);
    if (error->code == ERROR_NONE) /* none is not the same as unknown */
        memory_grow(&read->pairs, &read->pair_capacity, 1, sizeof *read->pairs,
                    "the pairs of a run", error);
    while (error->code == ERROR_NONE && source_next(&source, error) == ERROR_NONE && !source.end) {
        struct run_pair pair = {.first = class_number(read, &source, 0, error),
                                .second = class_number(read, &source, 1, error),
                                .examples =
                                    source_integer(&source, source_cell(&source, 2), 0, error),
                                .joint_probability = source_number(&source, 3)};
        if (error->code == ERROR_NONE &&
            memory_grow(&read->pairs, &read->pair_capacity, results->pair_count + 1,
                        sizeof *read->pairs, "the pairs of a run", error) == ERROR_NONE)
            read->pairs[results->pair_count++] = pair;
    }
    results->pairs = read->pairs;
    source_close(&source);
    return error->code;
}

/* ---- confident_joint.csv ---- */

static enum error_code read_joint_rows(struct run_read *read, struct source *source,
                                       struct error *error) {
    size_t classes = read->results.class_count;
    for (size_t k = 0; k < classes; k++) {
        TRY(source_next(source, error));
        if (source->end || source->reader.count != classes + 1)
            return FAIL(error, ERROR_DATA, "%s, line %zu: %zu cells instead of %zu", source->path,
                        source->reader.line, source->end ? 0 : source->reader.count, classes + 1);
        for (size_t j = 0; j < classes; j++) {
            const char *value = csv_cell(&source->reader, j + 1);
            read->joint[k * classes + j] = source_integer(source, value, 0, error);
        }
        TRY(error->code);
    }
    return ERROR_NONE;
}

/* A joint with more columns than the CSV reader takes is left out: the page then
 * has no section for it. */
enum error_code run_read_joint(struct run_read *read, const struct run_file *file,
                               struct error *error) {
    struct source source;
    size_t classes = read->results.class_count;
    if (classes == 0 || classes + 1 > CSV_MAXIMUM_COLUMNS) return ERROR_NONE;
    source_open(&source, file, NULL, 0, error);
    if (error->code == ERROR_NONE) {
        read->joint =
            memory_array(classes * classes, sizeof *read->joint, "the confident joint", error);
        if (read->joint != NULL) read_joint_rows(read, &source, error);
    }
    read->results.confident_joint = read->joint;
    source_close(&source);
    return error->code;
}

/* ---- group_errors.csv ---- */

/* The class whose name is in the cell. */
static int32_t class_of_name(const struct run_read *read, const struct source *source,
                             size_t column, struct error *error) {
    struct text name = TEXT_INITIAL;
    text_csv_undo(&name, source_cell(source, column));
    int32_t index = -1;
    if (text_check(&name, error) == ERROR_NONE)
        index = run_read_find_class(read, name.data == NULL ? "" : name.data);
    if (index < 0)
        FAIL(error, ERROR_DATA, "%s, line %zu: '%.*s' is not a class of classes.json", source->path,
             source->reader.line, UTF8_PIECE(source_cell(source, column), 40));
    text_free(&name);
    return index;
}

static enum error_code add_group(struct run_read *read, const struct source *source,
                                 struct error *error) {
    struct run_results *results = &read->results;
    struct text name = TEXT_INITIAL;
    struct run_group_error group = {.given = class_of_name(read, source, 1, error),
                                    .suggested = class_of_name(read, source, 2, error)};
    int64_t clips = source_integer(source, source_cell(source, 3), 0, error);
    int64_t matching = source_integer(source, source_cell(source, 4), 0, error);
    group.clips = clips < 0 ? 0 : (size_t)clips;
    group.matching = matching < 0 ? 0 : (size_t)matching;
    text_csv_undo(&name, source_cell(source, 0));
    if (error->code == ERROR_NONE && text_check(&name, error) == ERROR_NONE)
        group.group = memory_string(name.data == NULL ? "" : name.data, error);
    text_free(&name);
    if (group.group == NULL) return error->code;
    if (memory_grow(&read->group_errors, &read->group_error_capacity,
                    results->group_error_count + 1, sizeof *read->group_errors,
                    "the groups of a run", error) == ERROR_NONE)
        read->group_errors[results->group_error_count++] = group;
    else
        free((char *)(uintptr_t)group.group);
    return error->code;
}

enum error_code run_read_group_errors(struct run_read *read, const struct run_file *file,
                                      struct error *error) {
    static const struct source_column columns[] = {{.name = "group"},
                                                   {.name = "given_label"},
                                                   {.name = "suggested_label"},
                                                   {.name = "clips"},
                                                   {.name = "matching"}};
    struct source source;
    source_open(&source, file, columns, sizeof columns / sizeof columns[0], error);
    /* Not NULL even without a row: groups were looked for. */
    if (error->code == ERROR_NONE)
        memory_grow(&read->group_errors, &read->group_error_capacity, 1, sizeof *read->group_errors,
                    "the groups of a run", error);
    while (error->code == ERROR_NONE && source_next(&source, error) == ERROR_NONE && !source.end)
        add_group(read, &source, error);
    read->results.group_errors = read->group_errors;
    source_close(&source);
    return error->code;
}
