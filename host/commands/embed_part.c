#include "host/commands/embed_part.h"

#include "host/base/numbers.h"
#include "host/base/shell_word.h"
#include "host/base/terminal.h"
#include "host/cluster/part_run.h"
#include "host/commands/commands.h"
#include "host/commands/option_table.h"

#include <errno.h>
#include <string.h>

/* A job is killed half a minute after it was asked to end, or later: long enough for a batch on a
 * slow processor and its commit. */
#define STOP_SECONDS 20

/* Options that decide which clips there are, what their embeddings are, and where they lie. */
static bool is_of_part(const struct option_row *row) {
    return (row->commands & COMMAND_EMBED) != 0 &&
           (row->group == GROUP_INPUT || (row->group == GROUP_ENGINE && row->key != KEY_NONE) ||
            strcmp(row->name, "state") == 0);
}

void command_append_part(const void *context, const struct part *part, struct text *text) {
    const struct options *options = context;
    text_string(text, "earmark embed ");
    shell_word(text, options->argument);
    text_string(text, " -o ");
    shell_word(text, options->out);
    text_format(text, " --shard %zu/%zu", part->number, part->count);
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        if (options->given[i] == NULL || !is_of_part(row)) continue;
        text_format(text, " --%s", row->name);
        if (row->value == NULL) continue;
        text_string(text, " ");
        shell_word(text, options->given[i]);
    }
}

static void print_summary(const struct part_run *run) {
    const struct session *session = &run->session;
    struct text text = TEXT_INITIAL;
    text_format(&text, "%s is complete: ", run->what);
    number_thousands(&text, session->counts.embedded);
    text_string(&text, " of ");
    number_thousands(&text, session->input.clips.count);
    text_string(&text, " clips embedded (");
    number_thousands(&text, run->unreadable);
    text_format(&text, " unreadable) in %s", run->folder.path);
    if (!text.failed) progress_message("%s", text.data);
    text_free(&text);
}

/* What complete.json says. */
static enum error_code print_json(const struct part_run *run, struct error *error) {
    terminal_print(stdout, run->complete.data);
    if (fflush(stdout) == 0 && !ferror(stdout)) return ERROR_NONE;
    return FAIL(error, ERROR_FILE, "cannot write the summary: %s", strerror(errno));
}

int embed_part(const struct options *options) {
    struct command_records records = COMMAND_RECORDS_INITIAL;
    struct session_settings settings;
    struct part_run run = PART_RUN_INITIAL;
    struct error error = ERROR_INITIAL;
    int exit_code = EXIT_DONE;
    stop_allow(STOP_SECONDS);
    if (command_session(options, COMMAND_EMBED, &records, &settings, &error) != ERROR_NONE ||
        part_run(&settings, &options->part, &run, &error) != ERROR_NONE ||
        (options->json && print_json(&run, &error) != ERROR_NONE))
        exit_code = command_fail(&error);
    else if (!options->json && !options->quiet)
        print_summary(&run);
    part_run_close(&run);
    command_records_free(&records);
    return exit_code;
}
