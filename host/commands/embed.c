/* earmark embed: clips in, embeddings out. */
#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/base/numbers.h"
#include "host/base/scratch.h"
#include "host/commands/commands.h"
#include "host/commands/embed_part.h"
#include "host/embedding/clip_view.h"
#include "host/embedding/resume.h"
#include "host/embedding/run_facts.h"
#include "host/embedding/session.h"
#include "host/embedding/stage_times.h"
#include "host/output/files.h"

#include <stdlib.h>
#include <string.h>

/* Everything the command owns while it runs. */
struct embed_run {
    struct session session;
    struct clip_relations *relations;
    struct run_facts facts;
    struct stage_times times;
    struct text clip_id;
};

/* One label a row. */
static enum error_code write_labels(const struct session *session, struct error *error) {
    size_t rows = session->store.rows, next = 0;
    const struct clip_list *clips = &session->input.clips;
    int64_t *labels = memory_array(rows, sizeof *labels, "labels", error);
    if (labels == NULL) return error->code;
    for (size_t i = 0; i < clips->count && next < rows; i++) {
        if (session->measures[i].row == EMBEDDING_NO_ROW) continue;
        labels[next++] = clips->clips[i].class_index;
    }
    npy_write_in(&session->out.folder, "labels.npy", NPY_INT64, 1, &rows, labels, error);
    free(labels);
    return error->code;
}

/* Several labels a row: a column for each. Written row by row, since there may be many. */
static enum error_code write_label_rows(const struct session *session, struct npy_writer *writer,
                                        struct error *error) {
    const struct clip_list *clips = &session->input.clips;
    const struct label_sets *sets = &session->input.labels;
    int8_t *row = memory_array(sets->count, sizeof *row, "labels", error);
    if (row == NULL) return error->code;
    for (size_t i = 0, count; i < clips->count && error->code == ERROR_NONE; i++) {
        int32_t set = clips->clips[i].class_index;
        if (session->measures[i].row == EMBEDDING_NO_ROW) continue;
        memset(row, set < 0 ? -1 : 0, sets->count);
        const int32_t *members = set < 0 ? NULL : label_sets_of(sets, set, &count);
        for (size_t m = 0; members != NULL && m < count; m++) row[members[m]] = 1;
        npy_writer_write(writer, row, sets->count, error);
    }
    if (error->code == ERROR_NONE) npy_writer_commit(writer, error);
    free(row);
    return error->code;
}

static enum error_code write_label_matrix(const struct session *session, struct error *error) {
    const size_t shape[2] = {session->store.rows, session->input.labels.count};
    struct npy_writer writer;
    if (npy_writer_open(&session->out.folder, "labels.npy", NPY_INT8, 2, shape, &writer, error) ==
        ERROR_NONE) {
        write_label_rows(session, &writer, error);
        npy_writer_close(&writer);
    }
    return error->code;
}

static enum error_code write_files(const struct session_settings *settings, struct embed_run *run,
                                   struct error *error) {
    const struct session *session = &run->session;
    const struct collection *input = &session->input;
    const struct folder *folder = &session->out.folder;
    bool multilabel = input->label_separator != NULL;
    TRY(duplicates_find_identical(&input->clips, session->measures, &run->relations, error));
    struct clip_view view = {.clips = &input->clips,
                             .measures = session->measures,
                             .multilabel = multilabel,
                             .relations = run->relations,
                             .id = &run->clip_id};
    struct run_results results = {
        .input = settings->input,
        .root = input->clips.root.path,
        .clips = clip_view_clips(&view),
        .class_names = input->labels.names,
        .class_count = input->labels.count,
        .multilabel = multilabel,
        .has_audio_faults = true,
        .warnings = (const char *const *)input->warnings.sentences,
        .warning_count = input->warnings.count,
    };
    run_facts_engine(&run->facts, &session->engine, settings->engine.precision);
    run_facts_views(&run->facts, session->has_statistics);
    run_facts_sandbox(&run->facts);
    run_facts_input(&run->facts, input, settings->no_resample);
    resume_facts(&run->facts, &session->store);
    results.facts = run->facts;
    TRY(session_write_embeddings(session, NULL, 0, error));
    TRY(multilabel ? write_label_matrix(session, error) : write_labels(session, error));
    TRY(run_write_clips(folder, &results.clips, error));
    TRY(run_write_class_names(folder, &results, error));
    stage_times_end(&run->times, "files", (double)session->store.rows, "clips", session, "files");
    TRY(stage_times_write(&run->times, session, error));
    run_count_statuses(&results);
    TRY(run_write_json(folder, &results, error));
    return shards_remove(folder, error);
}

static enum error_code embed(const struct session_settings *settings, struct embed_run *run,
                             struct error *error) {
    struct session *session = &run->session;
    stage_times_begin(&run->times, "input");
    TRY(session_open(settings, session, error));
    TRY(session_start(settings, session, error));
    stage_times_end(&run->times, "input", (double)session->input.clips.count, "clips", session,
                    "embedding");
    TRY(session_embed(settings, session, error));
    stage_times_end(&run->times, "embedding", session->counts.audio_seconds, "seconds of audio",
                    session, "files");
    if (session->counts.embedded == 0)
        return clip_list_fail(&session->input.clips, "embedded", error);
    return write_files(settings, run, error);
}

static void print_summary(const struct options *options, const struct session *session,
                          size_t unreadable) {
    struct text text = TEXT_INITIAL, next = TEXT_INITIAL;
    number_thousands(&text, session->counts.embedded);
    text_string(&text, " of ");
    number_thousands(&text, session->input.clips.count);
    text_string(&text, " clips embedded (");
    number_thousands(&text, unreadable);
    text_string(&text, " unreadable, see clips.csv) in ");
    text_string(&text, options->out);
    bool multilabel = session->input.label_separator != NULL;
    text_format(&next, "Next: earmark %s --embeddings ", multilabel ? "crossval" : "detect");
    command_append_path(&next, options->out, "embeddings.npy");
    if (session->has_statistics && !multilabel) {
        text_string(&next, " --embeddings ");
        command_append_path(&next, options->out, "statistics.npy");
    }
    text_string(&next, " --labels ");
    command_append_path(&next, options->out, "labels.npy");
    text_string(&next,
                multilabel ? " --multi-label -o probabilities" : " --unlabelled -1 -o found");
    if (!text.failed) progress_message("%s", text.data);
    if (session->input.not_read.length > 0)
        progress_message("note: not read: %s", session->input.not_read.data);
    if (!next.failed) progress_message("%s", next.data);
    text_free(&text);
    text_free(&next);
}

int command_embed(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct command_records records = COMMAND_RECORDS_INITIAL;
    struct session_settings settings;
    struct embed_run run = {.session = SESSION_INITIAL};
    const struct session *session = &run.session;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("embed", argc, argv, &options, &exit_code)) return exit_code;
    if (options.has_part) return embed_part(&options);
    if (command_session(&options, COMMAND_EMBED, &records, &settings, &error) != ERROR_NONE ||
        embed(&settings, &run, &error) != ERROR_NONE) {
        exit_code = command_fail(&error);
    } else {
        size_t unreadable = clip_list_unreadable(&session->input.clips);
        exit_code = unreadable > 0 ? EXIT_UNREADABLE_CLIPS : EXIT_DONE;
        if (!options.quiet) {
            command_warn((const char *const *)session->input.warnings.sentences,
                         session->input.warnings.count);
            print_summary(&options, session, unreadable);
        } else if (unreadable > 0) {
            command_warn_unreadable(unreadable, options.out);
        }
    }
    run_facts_free(&run.facts);
    scratch_free(run.relations);
    text_free(&run.clip_id);
    session_close(&run.session);
    command_records_free(&records);
    return exit_code;
}
