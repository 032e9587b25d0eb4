#include "host/embedding/run_facts.h"

#include "host/base/sandbox.h"
#include "host/base/version.h"

#include <stdlib.h>
#include <unistd.h>

void run_facts_engine(struct run_facts *facts, const struct engine *engine,
                      enum device_precision precision) {
    run_fact_string(facts, "versions", "earmark", EARMARK_VERSION);
    run_fact_integer(facts, "versions", "device_interface", DEVICE_INTERFACE_VERSION);
    run_fact_string(facts, "device", "name", engine->properties.name);
    run_fact_string(facts, "device", "precision", engine_precision_name(precision));
    if (engine->model_path == NULL) return;
    run_fact_string(facts, "model", "name", engine->model.name);
    run_fact_string(facts, "model", "hash", engine->model.hash);
    run_fact_string(facts, "model", "dtype", model_dtype_name(engine->model.dtype));
    run_fact_integer(facts, "model", "embedding_size",
                     (int64_t)engine->model.network.embedding_size);
}

void run_facts_views(struct run_facts *facts, bool statistics) {
    run_fact_json(facts, "model", "views",
                  statistics ? "[\"xvector\", \"statistics\"]" : "[\"xvector\"]");
}

void run_facts_sandbox(struct run_facts *facts) {
    const struct sandbox_layers layers = sandbox_available();
    run_fact_bool(facts, "sandbox", "seccomp", layers.seccomp);
    run_fact_integer(facts, "sandbox", "landlock", layers.landlock);
    run_fact_bool(facts, "sandbox", "memory_limit", layers.memory_limit);
}

#define MOST_SPLITS 50 /* parts that are counted each */

/* How many clips each part of the data set has, in the order of their first clips. */
static void add_splits(struct run_facts *facts, const struct clip_list *clips) {
    struct text json = TEXT_INITIAL;
    struct {
        uint32_t split;
        size_t first, clips;
    } parts[MOST_SPLITS];
    size_t count = 0, others = 0;
    for (size_t i = 0; i < clips->count; i++) {
        const uint32_t split = clips->clips[i].split;
        size_t at = 0;
        if (split == 0) continue;
        while (at < count && parts[at].split != split) at++;
        if (at == MOST_SPLITS) {
            others++;
            continue;
        }
        if (at == count) {
            parts[count].split = split;
            parts[count].first = i;
            parts[count++].clips = 0;
        }
        parts[at].clips++;
    }
    if (count == 0) return;
    for (size_t i = 0; i < count; i++) {
        text_string(&json, i == 0 ? "[{\"split\": " : ", {\"split\": ");
        text_json(&json, clip_split(clips, parts[i].first));
        text_format(&json, ", \"clips\": %zu}", parts[i].clips);
    }
    if (others > 0) text_format(&json, ", {\"split\": null, \"clips\": %zu}", others);
    text_string(&json, "]");
    if (json.failed)
        facts->failed = true;
    else
        run_fact_json(facts, "input", "splits", json.data);
    text_free(&json);
}

void run_facts_input(struct run_facts *facts, const struct collection *input, bool no_resample) {
    run_fact_string(facts, "input", "kind", input->format);
    if (input->reading.length > 0) run_fact_string(facts, "input", "reading", input->reading.data);
    run_fact_integer(facts, "input", "clips", (int64_t)input->clips.count);
    run_fact_integer(facts, "input", "other_files", (int64_t)input->other_files);
    run_fact_integer(facts, "input", "hidden_files", (int64_t)input->hidden_files);
    if (input->not_read_json.length > 0)
        run_fact_json(facts, "input", "not_read", input->not_read_json.data);
    add_splits(facts, &input->clips);
    run_fact_bool(facts, "input", "resample", !no_resample);
}

/* ---- the list ---- */

/* From any current folder; as it was given where it cannot be resolved. */
static void add_path(struct run_facts *facts, const char *name, const char *path) {
    struct text absolute = TEXT_INITIAL;
    char *resolved = path == NULL ? NULL : realpath(path, NULL);
    char *here = resolved == NULL && path != NULL && path[0] != '/' ? getcwd(NULL, 0) : NULL;
    text_format(&absolute, "%s%s%s", here == NULL ? "" : here, here == NULL ? "" : "/",
                path == NULL ? "" : path);
    if (absolute.failed)
        facts->failed = true;
    else
        run_fact_string(facts, "list", name,
                        path == NULL       ? NULL
                        : resolved != NULL ? resolved
                                           : absolute.data);
    text_free(&absolute);
    free(resolved);
    free(here);
}

static void add_files(struct run_facts *facts, const struct list_trace *trace) {
    struct text json = TEXT_INITIAL;
    text_string(&json, "[");
    for (size_t i = 0; i < trace->file_count; i++) {
        const struct traced_file *file = &trace->files[i];
        text_format(&json, "%s{\"name\": ", i == 0 ? "" : ", ");
        text_json(&json, file->name);
        text_string(&json, ", \"label\": ");
        text_json_or_null(&json, file->column);
        text_format(&json, ", \"bytes\": %llu, \"hash\": \"%016llx\"}",
                    (unsigned long long)file->bytes, (unsigned long long)file->hash);
    }
    text_string(&json, "]");
    if (json.failed)
        facts->failed = true;
    else
        run_fact_json(facts, "list", "files", json.data);
    text_free(&json);
}

void run_facts_list(struct run_facts *facts, const char *path, const struct input_options *options,
                    const struct list_trace *trace) {
    static const char section[] = "list";
    add_path(facts, "path", path);
    run_fact_string(facts, section, "label_pattern", options->label_pattern);
    run_fact_string(facts, section, "label_column", options->label_column);
    run_fact_string(facts, section, "label_separator", options->label_separator);
    run_fact_string(facts, section, "path_column", options->path_column);
    run_fact_string(facts, section, "path_template", options->path_template);
    add_path(facts, "audio_root", options->audio_root);
    run_fact_string(facts, section, "start_column", options->start_column);
    run_fact_string(facts, section, "end_column", options->end_column);
    run_fact_string(facts, section, "group", options->group_field);
    run_fact_string(facts, section, "fold_column", options->fold_column);
    run_fact_bool(facts, section, "allow_outside", options->allow_outside);
    add_files(facts, trace);
}
