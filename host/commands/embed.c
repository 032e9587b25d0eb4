/* earmark embed: clips in, embeddings out. */
#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/commands/commands.h"
#include "host/embedding/clip_view.h"
#include "host/embedding/embedding.h"
#include "host/embedding/resume.h"
#include "host/lists/input.h"
#include "host/output/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Everything the command owns while it runs. */
struct embed_run {
    struct decoders *decoders;
    struct engine engine;
    struct collection input;
    struct run_folder folder;
    struct embedding_store store;
    struct clip_measures *measures;
    struct clip_relations *relations;
    struct embedding_counts counts;
    struct run_facts facts;
};

static enum error_code write_embeddings(const struct embed_run *run, struct error *error) {
    const size_t shape[2] = {run->store.rows, run->store.key.columns};
    struct npy_writer writer;
    char *path = file_join(run->folder.path, "embeddings.npy", error);
    if (path == NULL) return error->code;
    if (npy_writer_open(path, NPY_FLOAT32, 2, shape, &writer, error) == ERROR_NONE) {
        for (size_t i = 0; i < shape[0] && error->code == ERROR_NONE; i++)
            npy_writer_write(&writer, embedding_store_row(&run->store, i), shape[1], error);
        if (error->code == ERROR_NONE) npy_writer_commit(&writer, error);
        npy_writer_close(&writer);
    }
    free(path);
    return error->code;
}

/* One label a row. */
static enum error_code write_labels(const struct embed_run *run, const char *path,
                                    struct error *error) {
    size_t rows = run->store.rows, next = 0;
    const struct clip_list *clips = &run->input.clips;
    int64_t *labels = memory_array(rows, sizeof *labels, "labels", error);
    if (labels == NULL) return error->code;
    for (size_t i = 0; i < clips->count && next < rows; i++) {
        if (run->measures[i].row == EMBEDDING_NO_ROW) continue;
        labels[next++] = clips->clips[i].class_index;
    }
    npy_write(path, NPY_INT64, rows, 0, labels, error);
    free(labels);
    return error->code;
}

/* Several labels a row: a column for each, written row by row (there may be many). */
static enum error_code write_label_sets(const struct embed_run *run, const char *path,
                                        struct error *error) {
    const struct clip_list *clips = &run->input.clips;
    const struct label_sets *sets = &run->input.labels;
    const size_t shape[2] = {run->store.rows, sets->count};
    struct npy_writer writer;
    int8_t *row = memory_array(sets->count, sizeof *row, "labels", error);
    if (row == NULL) return error->code;
    if (npy_writer_open(path, NPY_INT8, 2, shape, &writer, error) == ERROR_NONE) {
        for (size_t i = 0, count; i < clips->count && error->code == ERROR_NONE; i++) {
            int32_t set = clips->clips[i].class_index;
            if (run->measures[i].row == EMBEDDING_NO_ROW) continue;
            memset(row, set < 0 ? -1 : 0, sets->count);
            const int32_t *members = set < 0 ? NULL : label_sets_of(sets, set, &count);
            for (size_t m = 0; members != NULL && m < count; m++) row[members[m]] = 1;
            npy_writer_write(&writer, row, sets->count, error);
        }
        if (error->code == ERROR_NONE) npy_writer_commit(&writer, error);
        npy_writer_close(&writer);
    }
    free(row);
    return error->code;
}

/* embeddings.npy and labels.npy: every row of the store, in order. */
static enum error_code write_arrays(const struct embed_run *run, struct error *error) {
    TRY(write_embeddings(run, error));
    char *path = file_join(run->folder.path, "labels.npy", error);
    if (path == NULL) return error->code;
    if (run->input.label_separator != NULL)
        write_label_sets(run, path, error);
    else
        write_labels(run, path, error);
    free(path);
    return error->code;
}

static enum error_code write_files(const struct options *options, struct embed_run *run,
                                   struct error *error) {
    TRY(duplicates_find_identical(&run->input.clips, run->measures, &run->relations, error));
    struct clip_view view = {.clips = &run->input.clips,
                             .measures = run->measures,
                             .several_labels = run->input.label_separator != NULL,
                             .relations = run->relations};
    struct run_results results = {
        .input = options->argument,
        .root = run->input.clips.root,
        .clips = clip_view_clips(&view),
        .class_names = run->input.labels.names,
        .class_count = run->input.labels.count,
        .several_labels = view.several_labels,
        .has_audio_faults = true,
        .warnings = (const char *const *)run->input.warnings.sentences,
        .warning_count = run->input.warnings.count,
    };
    run_facts_engine(&run->facts, &run->engine, options->engine.precision);
    run_facts_input(&run->facts, &run->input, options->no_resample);
    resume_facts(&run->facts, &run->store);
    results.facts = run->facts;
    TRY(write_arrays(run, error));
    TRY(run_write_clips(run->folder.path, &results.clips, error));
    TRY(run_write_class_names(run->folder.path, &results, error));
    run_count_statuses(&results);
    TRY(run_write_json(run->folder.path, &results, error));
    return shards_remove(run->folder.path, error);
}

static enum error_code embed(const struct options *options, struct embed_run *run,
                             struct error *error) {
    struct input_options input = options->input;
    struct embedding_settings settings = {
        .no_resample = options->no_resample,
        .progress = options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
        .features_folder = options->features,
    };
    /* First: they are processes, and are to have nothing of this one. */
    TRY(decoders_open(engine_threads(&options->engine), &run->decoders, error));
    TRY(engine_open(&options->engine, true, &run->engine, error));
    TRY(run_folder_open(options->out, options->fresh, &run->folder, error));
    input.exclude = run->folder.resolved;
    TRY(input_open(options->argument, &input, &run->input, error));
    collection_report(&run->input, options->quiet);
    if (options->features != NULL && mkdir(options->features, 0777) != 0 && errno != EEXIST)
        return FAIL(error, ERROR_FILE, "%s: cannot make the folder: %s", options->features,
                    strerror(errno));
    settings.decoders = run->decoders;
    run->measures =
        memory_array(run->input.clips.count, sizeof *run->measures, "clip measures", error);
    if (run->measures == NULL) return error->code;
    /* Features are written as clips are embedded: with them nothing can be taken over. */
    const struct resume_settings resume = {.precision = options->engine.precision,
                                           .no_resample = options->no_resample,
                                           .keep = options->features == NULL,
                                           .quiet = options->quiet};
    TRY(resume_open(&run->folder, &run->engine, &run->input, &resume, &run->store, error));
    TRY(embedding_run(run->engine.device, &run->engine.model.network, &run->input.clips, &settings,
                      &run->store, run->measures, &run->counts, error));
    if (run->counts.embedded == 0) return clip_list_fail(&run->input.clips, "embedded", error);
    return write_files(options, run, error);
}

static size_t count_unreadable(const struct clip_list *clips) {
    size_t count = 0;
    for (size_t i = 0; i < clips->count; i++)
        count += clip_status_is_unreadable((enum clip_status)clips->clips[i].status);
    return count;
}

int command_embed(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct embed_run run = {.folder = {.descriptor = -1}};
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("embed", argc, argv, &options, &exit_code)) return exit_code;
    if (embed(&options, &run, &error) != ERROR_NONE) {
        exit_code = command_fail(&error);
        command_tell_resume(&error);
    } else {
        size_t unreadable = count_unreadable(&run.input.clips);
        exit_code = unreadable > 0 ? EXIT_UNREADABLE_CLIPS : EXIT_DONE;
        if (!options.quiet) {
            command_warn((const char *const *)run.input.warnings.sentences,
                         run.input.warnings.count);
            progress_message("%zu of %zu clips embedded (%zu unreadable, see clips.csv) in %s",
                             run.counts.embedded, run.input.clips.count, unreadable, options.out);
        } else if (unreadable > 0) {
            command_warn_unreadable(unreadable, options.out);
        }
    }
    run_facts_free(&run.facts);
    embedding_store_close(&run.store);
    free(run.measures);
    free(run.relations);
    collection_close(&run.input);
    run_folder_close(&run.folder);
    engine_close(&run.engine);
    decoders_close(run.decoders);
    return exit_code;
}
