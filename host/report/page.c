#include "host/report/page.h"

#include "host/base/json.h"
#include "host/base/names.h"
#include "host/base/numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON_DEPTH 6 /* deeper values are in run.json only */

struct run_clip page_clip_at(const struct page *page, size_t row) {
    return run_clip_at(&page->results->clips, row);
}

void page_url(struct text *text, const struct page *page, const struct run_clip *clip) {
    if (clip->path == NULL) return;
    if (clip->path[0] == '/') {
        text_string(text, "file://");
    } else if (page->root_url[0] != '\0') {
        text_string(text, page->root_url);
        text_string(text, "/");
    }
    text_url(text, clip->path);
    double duration = run_clip_duration(clip);
    if (clip->start > 0.0 && duration > 0.0)
        text_format(text, "#t=%.10g,%.10g", clip->start, clip->start + duration);
}

/* Whether a browser could open the path: a file of its own, inside the root. One that is missing
 * may come back. */
static bool can_be_linked(const struct page *page, const char *path) {
    if (page->root_url == NULL) return false; /* a page over HTTP */
    int file = root_folder_file(&page->root, path, O_PATH);
    bool can = file >= 0 || (errno != EXDEV && errno != ENOTDIR);
    if (file >= 0) close(file);
    return can;
}

void page_clip_link(struct page *page, const struct run_clip *clip, size_t row) {
    struct text *out = &page->table.row;
    if (clip->path == NULL) {
        text_format(out, "row %zu", row);
        return;
    }
    const bool linked = can_be_linked(page, clip->path);
    if (linked) {
        text_string(out, "<a href=\"");
        page_url(out, page, clip);
        text_string(out, "\">");
    }
    text_string(out, "<bdi>");
    name_html(out, run_clip_shown(clip));
    text_string(out, linked ? "</bdi></a>" : "</bdi>");
    if (run_clip_shown(clip) != clip->path) return;
    if (clip->start > 0.0) text_format(out, " from %.10g s", clip->start);
    if (clip->id != NULL && strcmp(clip->id, clip->path) != 0) {
        text_string(out, " <span class=\"dim\">(<bdi>");
        name_html(out, clip->id);
        text_string(out, "</bdi>)</span>");
    }
}

void page_class(struct page *page, int32_t index) {
    char number[16];
    page_label(page, run_class_name(page->results, index, number));
}

void page_label(struct page *page, const char *label) {
    struct text *out = &page->table.row;
    text_string(out, "<bdi>");
    name_html(out, label[0] == '\0' && page->results->multilabel ? "(none)" : label);
    text_string(out, "</bdi>");
}

void page_section(struct page *page, const char *anchor, const char *heading) {
    text_format(&page->table.row, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n",
                anchor, anchor, heading);
}

/* ---- JSON as HTML ---- */

static void append_value(struct text *text, const json_t *value, int depth);

static void append_bytes(struct text *text, const json_t *string) {
    struct error error = ERROR_INITIAL;
    char *bytes = json_bytes(string, &error);
    if (bytes == NULL)
        text->failed = true;
    else
        name_html(text, bytes);
    free(bytes);
}

static void append_key(struct text *text, const char *key) {
    struct error error = ERROR_INITIAL;
    char *bytes = json_key_bytes(key, &error);
    if (bytes == NULL)
        text->failed = true;
    else
        name_html(text, bytes);
    free(bytes);
}

static void append_object(struct text *text, const json_t *object, int depth) {
    const char *key;
    json_t *member;
    text_string(text, "<table>");
    json_object_foreach((json_t *)(uintptr_t)object, key, member) {
        text_string(text, "<tr><th scope=\"row\">");
        append_key(text, key);
        text_string(text, "</th><td>");
        append_value(text, member, depth + 1);
        text_string(text, "</td></tr>\n");
    }
    text_string(text, "</table>");
}

/* Whether all elements are objects with the same members in the same order. */
static bool is_table(const json_t *array) {
    const json_t *first = json_array_get(array, 0);
    if (!json_is_object(first) || json_object_size(first) == 0) return false;
    for (size_t i = 1; i < json_array_size(array); i++) {
        const json_t *row = json_array_get(array, i);
        const char *key;
        json_t *member;
        if (!json_is_object(row) || json_object_size(row) != json_object_size(first)) return false;
        json_object_foreach((json_t *)(uintptr_t)row, key, member) {
            if (json_object_get(first, key) == NULL) return false;
        }
    }
    return true;
}

static void append_rows(struct text *text, const json_t *array, int depth) {
    json_t *first = json_array_get(array, 0);
    const char *key;
    json_t *member;
    text_string(text, "<table><thead><tr>");
    json_object_foreach(first, key, member) {
        text_string(text, "<th scope=\"col\">");
        append_key(text, key);
        text_string(text, "</th>");
    }
    text_string(text, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < json_array_size(array); i++) {
        text_string(text, "<tr>");
        json_object_foreach(first, key, member) {
            text_string(text, "<td>");
            append_value(text, json_object_get(json_array_get(array, i), key), depth + 2);
            text_string(text, "</td>");
        }
        text_string(text, "</tr>\n");
    }
    text_string(text, "</tbody></table>");
}

static void append_array(struct text *text, const json_t *array, int depth) {
    if (is_table(array)) {
        append_rows(text, array, depth);
        return;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0) text_string(text, ", ");
        append_value(text, json_array_get(array, i), depth + 1);
    }
}

static void append_value(struct text *text, const json_t *value, int depth) {
    if (depth > JSON_DEPTH) {
        text_string(text, "…");
    } else if (json_is_object(value)) {
        append_object(text, value, depth);
    } else if (json_is_array(value)) {
        append_array(text, value, depth);
    } else if (json_is_string(value)) {
        append_bytes(text, value);
    } else if (json_is_integer(value)) {
        text_format(text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        number_shortest(text, json_real_value(value));
    } else {
        text_string(text, json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "–");
    }
}

void page_json(struct text *text, const char *json) {
    struct error error = ERROR_INITIAL;
    json_t *value = json_parse(json, strlen(json), "a fact of the run", &error);
    if (value == NULL)
        name_html(text, json);
    else
        append_value(text, value, 0);
    json_decref(value);
}
