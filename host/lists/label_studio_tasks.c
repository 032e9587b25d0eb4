#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/lists/label_studio.h"

#include <string.h>

static const json_t *annotations_of(const json_t *task) {
    const json_t *found = json_object_get(task, "annotations");
    return found != NULL ? found : json_object_get(task, "completions"); /* before version 1.0 */
}

static bool is_cancelled(const json_t *annotation) {
    return json_is_true(json_object_get(annotation, "was_cancelled"));
}

/* When it was changed, as text that sorts by time. */
static const char *changed(const json_t *annotation) {
    const char *found = json_string_value(json_object_get(annotation, "updated_at"));
    if (found == NULL) found = json_string_value(json_object_get(annotation, "created_at"));
    return found == NULL ? "" : found;
}

/* The annotation that counts, or NULL. */
static const json_t *choose(struct label_studio *studio, const json_t *annotations) {
    const json_t *best = NULL;
    bool is_truth = false;
    for (size_t i = 0; i < json_array_size(annotations); i++) {
        const json_t *one = json_array_get(annotations, i);
        if (!json_is_object(one)) continue;
        studio->cancelled_annotations += is_cancelled(one);
        if (is_cancelled(one) || is_truth) continue;
        is_truth = json_is_true(json_object_get(one, "ground_truth"));
        if (is_truth || best == NULL || strcmp(changed(one), changed(best)) >= 0) best = one;
    }
    return best;
}

/* The labels of a result of the tag, or NULL. */
static const json_t *labels_of(const struct label_studio *studio, const json_t *result,
                               const char **tag) {
    const json_t *labels = label_studio_labels_of(
        json_object_get(result, "value"), json_string_value(json_object_get(result, "type")));
    const char *name = json_string_value(json_object_get(result, "from_name"));
    *tag = name == NULL ? "" : name;
    if (studio->field.length > 0 && strcmp(*tag, studio->field.data) != 0) return NULL;
    return labels;
}

/* Without --label-column, the first tag with labels has them; no other may. */
static enum error_code check_tag(struct label_studio *studio, const json_t *annotation,
                                 struct error *error) {
    const json_t *results = json_object_get(annotation, "result");
    const char *tag;
    if (studio->builder->options.label_column != NULL || studio->builder->has_pattern)
        return ERROR_NONE;
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        if (labels_of(studio, result, &tag) != NULL) {
            if (studio->field.length == 0) text_string(&studio->field, tag);
            continue;
        }
        if (studio->field.length == 0 || strcmp(tag, studio->field.data) == 0 ||
            label_studio_labels_of(json_object_get(result, "value"), NULL) == NULL)
            continue;
        return FAIL(error, ERROR_USAGE,
                    "%s: its tags '%.*s' and '%.*s' both have labels; choose one with "
                    "--label-column",
                    studio->name, UTF8_PIECE(studio->field.data, 60), UTF8_PIECE(tag, 60));
    }
    return text_check(&studio->field, error);
}

/* What an annotation says, to be compared. */
static enum error_code sign(const struct label_studio *studio, const json_t *annotation,
                            struct text *signature, struct error *error) {
    const json_t *results = json_object_get(annotation, "result");
    struct label_split split = {0};
    struct text labels_text = TEXT_INITIAL, piece = TEXT_INITIAL;
    const char *tag;
    text_clear(signature);
    text_string(signature, "");
    for (size_t i = 0; i < json_array_size(results) && error->code == ERROR_NONE; i++) {
        const json_t *result = json_array_get(results, i),
                     *value = json_object_get(result, "value");
        const json_t *labels = labels_of(studio, result, &tag);
        if (labels == NULL) continue;
        text_clear(&labels_text);
        text_string(&labels_text, LABEL_JOINT);
        for (size_t k = 0; k < json_array_size(labels); k++)
            if (json_value_text(json_array_get(labels, k), &piece, error) && piece.length > 0)
                text_format(&labels_text, "%s" LABEL_JOINT, piece.data);
        if (text_check(&labels_text, error) != ERROR_NONE) break;
        if (label_split_cell(&split, labels_text.data, LABEL_JOINT, error) != ERROR_NONE) break;
        text_format(signature, "%.17g %.17g ", json_number_value(json_object_get(value, "start")),
                    json_number_value(json_object_get(value, "end")));
        label_split_join(&split, LABEL_JOINT, signature);
        text_string(signature, "\n");
    }
    text_free(&labels_text);
    text_free(&piece);
    label_split_close(&split);
    return text_check(signature, error);
}

/* Whether another annotation of the task says something else. */
static enum error_code compare(struct label_studio *studio, const json_t *annotations,
                               const json_t *chosen, struct error *error) {
    TRY(sign(studio, chosen, &studio->signature[0], error));
    for (size_t i = 0; i < json_array_size(annotations); i++) {
        const json_t *one = json_array_get(annotations, i);
        if (one == chosen || !json_is_object(one) || is_cancelled(one)) continue;
        TRY(sign(studio, one, &studio->signature[1], error));
        if (strcmp(studio->signature[0].data, studio->signature[1].data) == 0) continue;
        studio->several++;
        return ERROR_NONE;
    }
    return ERROR_NONE;
}

static enum error_code add_results(struct label_studio *studio, const json_t *annotation,
                                   const struct manifest_row *row, struct error *error) {
    const json_t *results = json_object_get(annotation, "result");
    const char *tag;
    size_t added = 0;
    for (size_t i = 0; i < json_array_size(results) && !studio->builder->has_pattern; i++) {
        const json_t *labels = labels_of(studio, json_array_get(results, i), &tag);
        if (labels == NULL) continue;
        struct manifest_row one = *row;
        label_studio_segment(studio, json_object_get(json_array_get(results, i), "value"), &one);
        TRY(label_studio_labels(studio, labels, &one, error));
        TRY(manifest_add(studio->builder, &one, error));
        added++;
    }
    if (added > 0) return ERROR_NONE;
    studio->unlabelled++;
    return manifest_add(studio->builder, row, error);
}

enum error_code label_studio_add_task(struct label_studio *studio, const json_t *task, size_t line,
                                      size_t number, struct error *error) {
    struct manifest_row row = {.line = line, .number = number};
    const json_t *annotations = annotations_of(task);
    const json_t *chosen = choose(studio, annotations);
    studio->tasks++;
    if (chosen == NULL && json_array_size(annotations) > 0) {
        studio->cancelled++;
        return ERROR_NONE;
    }
    TRY(label_studio_sound(studio, json_object_get(task, "data"), task, &row, error));
    if (chosen == NULL && json_array_size(json_object_get(task, "predictions")) > 0)
        studio->predicted++;
    if (chosen == NULL) return add_results(studio, NULL, &row, error);
    TRY(check_tag(studio, chosen, error));
    TRY(compare(studio, annotations, chosen, error));
    return add_results(studio, chosen, &row, error);
}
