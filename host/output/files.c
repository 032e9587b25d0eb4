#include "host/output/files.h"

#include "host/base/table_file.h"
#include "host/output/cells.h"
#include "host/output/clip_columns.h"
#include "host/output/findings.h"

/* ---- clips ---- */

enum error_code run_write_clips(const struct folder *folder, const struct run_clips *clips,
                                struct error *error) {
    struct table table;
    size_t count;
    const struct clip_column *columns = clip_columns(&count);
    table_open(&table, folder, "clips.csv", error);
    for (size_t i = 0; i < count; i++) {
        text_string(&table.row, i == 0 ? "" : ",");
        text_string(&table.row, columns[i].name);
    }
    text_string(&table.row, "\n");
    for (size_t row = 0; row < clips->count && error->code == ERROR_NONE; row++) {
        struct run_clip clip = run_clip_at(clips, row);
        for (size_t i = 0; i < count; i++) {
            text_string(&table.row, i == 0 ? "" : ",");
            columns[i].write(&table.row, &clip, columns[i].member);
        }
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code run_write_class_names(const struct folder *folder,
                                      const struct run_results *results, struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "classes.json", error);
    text_string(&table.row, "[");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        text_string(&table.row, k == 0 ? "\n  " : ",\n  ");
        text_json(&table.row, run_class_name(results, (int32_t)k, number));
        table_flush_full(&table, error);
    }
    text_string(&table.row, "\n]\n");
    return table_close(&table, error);
}

/* ---- class health ---- */

static enum error_code write_classes(const struct folder *folder, const struct run_results *results,
                                     struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "classes.csv", error);
    text_string(&table.row, "class,class_index,examples,label_issues,inverse_label_issues,"
                            "label_noise,inverse_label_noise,label_quality_score");
    text_string(&table.row, results->belief.computed ? ",recall\n" : "\n");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        const struct run_class *class = &results->classes[k];
        text_csv(&table.row, run_class_name(results, class->index, number));
        cell_integer(&table.row, class->index);
        cell_integer(&table.row, (int64_t) class->examples);
        cell_integer(&table.row, class->label_issues);
        cell_integer(&table.row, class->inverse_label_issues);
        cell_double(&table.row, class->label_noise);
        cell_double(&table.row, class->inverse_label_noise);
        cell_double(&table.row, class->label_quality);
        if (results->belief.computed) cell_double(&table.row, class->recall);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

static enum error_code write_pairs(const struct folder *folder, const struct run_results *results,
                                   struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "overlapping_classes.csv", error);
    text_string(&table.row, "class_a,class_b,class_index_a,class_index_b,"
                            "num_overlapping_examples,joint_probability\n");
    for (size_t i = 0; i < results->pair_count && error->code == ERROR_NONE; i++) {
        const struct run_pair *pair = &results->pairs[i];
        text_csv(&table.row, run_class_name(results, pair->first, number));
        cell_name(&table.row, run_class_name(results, pair->second, number));
        cell_integer(&table.row, pair->first);
        cell_integer(&table.row, pair->second);
        cell_integer(&table.row, pair->examples);
        cell_double(&table.row, pair->joint_probability);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

/* Rows are given labels and columns true ones, as the first cell states. */
static enum error_code write_joint(const struct folder *folder, const struct run_results *results,
                                   struct error *error) {
    struct table table;
    char number[16];
    size_t classes = results->class_count;
    table_open(&table, folder, "confident_joint.csv", error);
    text_string(&table.row, "given \\ true");
    for (size_t k = 0; k < classes; k++)
        cell_name(&table.row, run_class_name(results, (int32_t)k, number));
    text_string(&table.row, "\n");
    for (size_t k = 0; k < classes && error->code == ERROR_NONE; k++) {
        text_csv(&table.row, run_class_name(results, (int32_t)k, number));
        for (size_t j = 0; j < classes; j++)
            cell_integer(&table.row, results->confident_joint[k * classes + j]);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

static enum error_code write_group_errors(const struct folder *folder,
                                          const struct run_results *results, struct error *error) {
    struct table table;
    char number[32];
    table_open(&table, folder, "group_errors.csv", error);
    text_string(&table.row, "group,given_label,suggested_label,clips,matching\n");
    for (size_t i = 0; i < results->group_error_count && error->code == ERROR_NONE; i++) {
        const struct run_group_error *group = &results->group_errors[i];
        text_csv(&table.row, run_group_name(group, number));
        cell_name(&table.row, run_class_name(results, group->given, number));
        cell_name(&table.row, run_class_name(results, group->suggested, number));
        text_format(&table.row, ",%zu,%zu\n", group->clips, group->matching);
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code run_write_health(const struct folder *folder, const struct run_results *results,
                                 struct error *error) {
    if (results->classes != NULL) TRY(write_classes(folder, results, error));
    if (results->pairs != NULL) TRY(write_pairs(folder, results, error));
    if (results->confident_joint != NULL) TRY(write_joint(folder, results, error));
    if (results->group_errors != NULL) TRY(write_group_errors(folder, results, error));
    return ERROR_NONE;
}

enum error_code run_write_tables(const struct folder *folder, const struct run_results *results,
                                 struct error *error) {
    if (results->clips.get != NULL) TRY(run_write_clips(folder, &results->clips, error));
    TRY(run_write_class_names(folder, results, error));
    TRY(run_write_issues(folder, results, error));
    return run_write_health(folder, results, error);
}

enum error_code run_write(const struct folder *folder, const struct run_results *results,
                          struct error *error) {
    TRY(run_write_tables(folder, results, error));
    return run_write_json(folder, results, error);
}
