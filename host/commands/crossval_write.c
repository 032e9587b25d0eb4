#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/scratch.h"
#include "host/base/table_file.h"
#include "host/commands/crossval_files.h"

#include <stdlib.h>

static enum error_code write_text(const struct folder *folder, const char *name,
                                  const struct text *text, struct error *error) {
    TRY(text_check(text, error));
    return file_write(folder, name, text->data, text->length, error);
}

static enum error_code write_labels(const struct folder *folder, const struct crossval_data *data,
                                    struct error *error) {
    const size_t shape[2] = {data->input.rows, data->input.classes};
    if (data->label_matrix != NULL)
        return npy_write_in(folder, "labels.npy", NPY_INT8, 2, shape, data->label_matrix, error);
    int64_t *labels = scratch_array(data->input.rows, sizeof *labels, "labels", error);
    if (labels == NULL) return error->code;
    for (size_t row = 0; row < data->input.rows; row++) labels[row] = data->labels[row];
    npy_write_in(folder, "labels.npy", NPY_INT64, 1, shape, labels, error);
    scratch_free(labels);
    return error->code;
}

static void append_classes(const struct crossval_data *data, struct text *text) {
    text_string(text, "[");
    for (size_t c = 0; c < data->input.classes; c++)
        text_format(text, "%s%lld", c == 0 ? "" : ", ", (long long)data->class_values[c]);
    text_string(text, "]");
}

static enum error_code write_not_auditable(const struct folder *folder,
                                           const struct crossval_data *data, struct error *error) {
    struct table table;
    TRY(table_open(&table, folder, "not_auditable.csv", error));
    text_string(&table.row, "row,label,reason\n");
    for (size_t c = 0; c < data->given_classes; c++) {
        enum auditable status = (enum auditable)data->class_status[c];
        if (status != AUDITABLE_YES)
            text_format(&table.row, ",%zu,%s\n", c, auditable_class_reason(status));
    }
    for (size_t row = 0; row < data->given_rows && error->code == ERROR_NONE; row++) {
        enum auditable status = (enum auditable)data->assigned.status[row];
        if (status == AUDITABLE_UNLABELLED)
            text_format(&table.row, "%zu,,%s\n", row, auditable_reason(status));
        else if (status != AUDITABLE_YES)
            text_format(&table.row, "%zu,%lld,%s\n", row, (long long)data->given_labels[row],
                        auditable_reason(status));
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

static void append_warnings(const struct text *warnings, struct text *text) {
    struct text line = TEXT_INITIAL;
    text_string(text, "[");
    for (size_t begin = 0, end; begin < warnings->length; begin = end + 1) {
        for (end = begin; warnings->data[end] != '\n';) end++;
        line.length = 0;
        text_append(&line, warnings->data + begin, end - begin);
        if (begin > 0) text_string(text, ", ");
        if (line.data != NULL) text_json(text, line.data);
    }
    text_string(text, "]");
    if (line.failed) text->failed = true;
    text_free(&line);
}

static void append_report(const struct crossval_files *files,
                          const struct crossval_settings *settings,
                          const struct crossval_data *data, const struct text *result,
                          const struct text *warnings, struct text *text) {
    text_format(text, "{\"rows\": %zu, \"auditable_rows\": %zu, \"features\": %zu,\n",
                data->given_rows, data->input.rows, data->input.features);
    text_string(text, " \"classes\": ");
    append_classes(data, text);
    if (files->multi_label) text_string(text, ",\n \"multi_label\": true");
    if (files->has_unlabelled)
        text_format(text, ",\n \"unlabelled\": %lld", (long long)files->unlabelled);
    text_format(text, ",\n \"folds\": %zu, \"folds_from\": \"%s\"", data->input.folds,
                files->fold_of != NULL  ? "column"
                : files->groups != NULL ? "groups"
                : files->multi_label    ? "shuffle"
                                        : "labels");
    if ((settings->shuffle || (files->multi_label && files->groups == NULL)) &&
        files->fold_of == NULL)
        text_format(text, ", \"seed\": %lu", (unsigned long)settings->seed);
    text_format(text, ",\n \"scale\": \"%s\", \"tol\": ",
                settings->scale == SCALE_STANDARD ? "standard" : "none");
    number_json(text, settings->tolerance);
    text_format(text, ", \"max_iterations\": %d, \"embeddings_type\": \"%s\",\n \"warnings\": ",
                settings->max_iterations, npy_type_name(data->arrays[0].type));
    append_warnings(warnings, text);
    text_string(text, ",\n \"result\": ");
    text_string(text, result->data == NULL ? "null" : result->data);
    text_string(text, "}\n");
    if (result->failed || warnings->failed) text->failed = true;
}

enum error_code crossval_data_write(const struct folder *folder, const struct crossval_files *files,
                                    const struct crossval_settings *settings,
                                    const struct crossval_data *data, const float *probabilities,
                                    const struct text *result, const struct text *warnings,
                                    struct error *error) {
    const size_t shape[2] = {data->input.rows, data->input.classes};
    struct text classes = TEXT_INITIAL, facts = TEXT_INITIAL;
    append_classes(data, &classes);
    text_string(&classes, "\n");
    append_report(files, settings, data, result, warnings, &facts);
    if (npy_write_in(folder, "pred_probs.npy", NPY_FLOAT32, 2, shape, probabilities, error) ==
            ERROR_NONE &&
        npy_write_in(folder, "folds.npy", NPY_INT32, 1, shape, data->input.fold_of, error) ==
            ERROR_NONE &&
        write_labels(folder, data, error) == ERROR_NONE &&
        npy_write_in(folder, "rows.npy", NPY_INT64, 1, shape, data->rows, error) == ERROR_NONE &&
        write_text(folder, "classes.json", &classes, error) == ERROR_NONE &&
        write_not_auditable(folder, data, error) == ERROR_NONE)
        write_text(folder, "crossval.json", &facts, error);
    text_free(&classes);
    text_free(&facts);
    return error->code;
}
