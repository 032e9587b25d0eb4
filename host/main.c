/* The program: a table of commands. */
#include "host/base/hash_seed.h"
#include "host/base/progress.h"
#include "host/base/run_watch.h"
#include "host/base/terminal.h"
#include "host/base/version.h"
#include "host/base/wait_policy.h"
#include "host/commands/commands.h"
#include "host/commands/help.h"
#include "host/commands/manual.h"
#include "host/commands/option_parse.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Names of two words are given as two arguments. One a line: clang-format makes columns of an even
 * number. */
/* clang-format off */
static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"audit", command_audit},
    {"detect", command_detect},
    {"embed", command_embed},
    {"crossval", command_crossval},
    {"issues", command_issues},
    {"report", command_report},
    {"review", command_review},
    {"slurm", command_slurm},
    {"kubernetes", command_kubernetes},
    {"parallel", command_parallel},
    {"diff", command_diff},
    {"agree", command_agree},
    {"apply", command_apply},
    {"status", command_status},
    {"model import", command_import},
    {"model info", command_model_info},
    {"bench", command_bench},
    {"info", command_info},
};
/* clang-format on */

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* The command that the first one or two arguments name; *words is how many. */
static const struct command *find(int argc, char **argv, int *words) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *space = strchr(commands[i].name, ' ');
        size_t length =
            space == NULL ? strlen(commands[i].name) : (size_t)(space - commands[i].name);
        *words = space == NULL ? 1 : 2;
        if (argc < *words || strlen(argv[0]) != length ||
            strncmp(argv[0], commands[i].name, length) != 0)
            continue;
        if (space == NULL || strcmp(argv[1], space + 1) == 0) return &commands[i];
    }
    return NULL;
}

static int unknown(int argc, char **argv) {
    const char *names[COMMAND_COUNT + 2] = {"help", "version"};
    struct text given = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    bool is_model = strcmp(argv[0], "model") == 0 && argc > 1;
    text_string(&given, argv[0]);
    if (is_model) text_format(&given, " %s", argv[1]);
    for (size_t i = 0; i < COMMAND_COUNT; i++) names[i + 2] = commands[i].name;
    const char *similar = NULL;
    if (!given.failed)
        similar = options_similar(given.data + strspn(given.data, "-"), names,
                                  sizeof names / sizeof names[0]);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *space = strchr(commands[i].name, ' ');
        if (space != NULL && strcmp(space + 1, argv[0]) == 0) similar = commands[i].name;
    }
    FAIL(&error, ERROR_USAGE, "%sthere is no command '%s'%s%s%s; see earmark %s--help",
         is_model ? "model: " : "", argv[is_model ? 1 : 0],
         similar == NULL ? "" : " (did you mean ", similar == NULL ? "" : similar,
         similar == NULL ? "" : "?)", is_model ? "model " : "");
    text_free(&given);
    return command_fail(&error);
}

static int unexpected(const char *argument) {
    struct error error = ERROR_INITIAL;
    FAIL(&error, ERROR_USAGE, "unexpected argument '%s'; see earmark --help", argument);
    return command_fail(&error);
}

/* The commands that begin with "model": false when the arguments name none of them. */
static bool help_model(FILE *stream, int argc, char **argv) {
    if (argc == 0 || strcmp(argv[0], "model") != 0) return false;
    if (argc > 1 && strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0) return false;
    help_print(stream, command_find("model import"));
    terminal_print(stream, "\n");
    help_print(stream, command_find("model info"));
    return true;
}

/* earmark help [COMMAND]; --man and --bash are for `make install`. */
static int help(int argc, char **argv) {
    void (*make)(struct text *) = NULL;
    struct text text = TEXT_INITIAL;
    int words = argc == 0 ? 0 : 1;
    bool is_program = argc == 0 || strcmp(argv[0], "help") == 0 || strcmp(argv[0], "version") == 0;
    if (help_model(stdout, argc, argv)) return EXIT_DONE;
    if (argc > 0 && strcmp(argv[0], "--man") == 0) make = manual_page;
    if (argc > 0 && strcmp(argv[0], "--bash") == 0) make = manual_completion;
    const struct command *command = is_program || make != NULL ? NULL : find(argc, argv, &words);
    if (command == NULL && !is_program && make == NULL) return unknown(argc, argv);
    if (argc > words) return unexpected(argv[words]);
    if (make == NULL) {
        help_print(stdout, command == NULL ? NULL : command_find(command->name));
    } else {
        make(&text);
        if (!text.failed) terminal_print(stdout, text.data);
        text_free(&text);
    }
    return EXIT_DONE;
}

static int run(int argc, char **argv) {
    int words;
    if (argc < 2) {
        help_print(stderr, NULL);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        if (argc > 2) return unexpected(argv[2]);
        terminal_print(stdout, "earmark " EARMARK_VERSION "\n");
        return EXIT_DONE;
    }
    const struct command *command = find(argc - 1, argv + 1, &words);
    if (command != NULL) return command->run(argc - words, argv + words);
    if (argc == 2 && help_model(stderr, 1, argv + 1)) return EXIT_USAGE;
    if (help_model(stdout, argc - 1, argv + 1)) return EXIT_DONE;
    return unknown(argc - 1, argv + 1);
}

/* A stream that is closed would give its number to the next file that is opened, and what is
 * printed would end up there. /dev/null takes its place; opened for reading, so that printing to
 * it fails. Where there is none, the root folder does the same. */
static bool open_streams(void) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0 && open("/", O_PATH) < 0)
            return false;
    return true;
}

int main(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    if (!open_streams()) return EXIT_FATAL;
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: the write fails, and says why; so in all children */
    wait_policy_set(argv);
    json_object_seed((size_t)hash_seed());
    command_choose_form(argc, argv);
    int exit_code = run(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code != EXIT_FATAL) {
        FAIL(&error, ERROR_FILE, "cannot write to the standard output");
        exit_code = command_fail(&error);
    }
    run_watch_end(exit_code);
    progress_exit(exit_code, command_meaning(exit_code));
    return exit_code;
}
