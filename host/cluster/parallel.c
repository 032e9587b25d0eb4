/* The lines for GNU parallel on plain servers, over ssh. */
#include "host/base/shell_word.h"
#include "host/base/version.h"
#include "host/cluster/jobs.h"

#include <string.h>

/* GNU parallel replaces {}, {.}, {#}, {1}, {host}, {= =} and others in the command: the word is
 * written in pieces that end after each brace, which the server's shell joins. */
static void kept_word(struct text *text, const char *word) {
    do {
        size_t length = strcspn(word, "{");
        struct text piece = TEXT_INITIAL;
        text_append(&piece, word, length + (word[length] == '{'));
        word += piece.length;
        if (piece.failed)
            text->failed = true;
        else
            shell_word(text, piece.data);
        text_free(&piece);
    } while (*word != '\0' && !text->failed);
}

static void kept_words(struct text *text, const struct job_words *words) {
    for (const char *word = NULL; (word = job_words_next(words, word)) != NULL;) {
        kept_word(text, word);
        text_string(text, " ");
    }
}

/* The command of a task as its server's shell reads it. */
static void task(struct text *text, const struct jobs *jobs) {
    kept_words(text, &jobs->program);
    text_string(text, "embed ");
    kept_word(text, jobs->input);
    text_string(text, " -o ");
    kept_word(text, jobs->out);
    text_format(text, " --shard {}/%d ", jobs->settings->tasks);
    kept_words(text, &jobs->embed);
    if (jobs->metrics != NULL) {
        text_string(text, "--metrics ");
        kept_word(text, jobs->metrics);
        text_string(text, "-{}.prom ");
    }
    if (!text->failed) text->data[--text->length] = '\0'; /* the last space */
}

static void log_word(struct text *text, const struct jobs *jobs, const char *below) {
    struct text path = TEXT_INITIAL;
    text_format(&path, "%s/parallel%s", jobs->out, below);
    if (path.failed)
        text->failed = true;
    else
        shell_word(text, path.data);
    text_free(&path);
}

enum error_code jobs_parallel(const struct jobs *jobs, struct text *text, struct error *error) {
    const struct job_settings *settings = jobs->settings;
    struct text command = TEXT_INITIAL;
    text_format(text,
                "#!/bin/bash\n"
                "# Made by earmark " EARMARK_VERSION
                ". Embeds in %d tasks with GNU parallel, then audits. Start it again to go on:\n"
                "# tasks that are complete are not repeated.\n"
                "mkdir -p ",
                settings->tasks);
    log_word(text, jobs, "");
    text_format(text, "\nparallel --jobs %d", settings->per_server);
    if (settings->servers != NULL) {
        text_string(text, " --sshlogin ");
        shell_word(text, settings->servers);
    }
    text_string(text, " --joblog ");
    log_word(text, jobs, "/jobs.log");
    /* The first TERM makes earmark commit what it has, a second one ends it at once. */
    text_string(text, " --resume-failed --retries 4 --termseq TERM,30000,KILL,25 \\\n    ");
    task(&command, jobs);
    if (command.failed)
        text->failed = true;
    else
        shell_word(text, command.data);
    text_free(&command);
    text_format(text, " ::: {0..%d}\n", settings->tasks - 1);
    kept_words(text, &jobs->program);
    text_string(text, "audit ");
    shell_word(text, jobs->input);
    text_string(text, " -o ");
    shell_word(text, jobs->out);
    text_string(text, " --from-shards");
    job_words_shell(&jobs->audit, text);
    text_string(text, "\n");
    return text_check(text, error);
}
