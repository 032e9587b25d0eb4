/* The program: a table of commands. */
#include "host/base/version.h"
#include "host/base/wait_policy.h"
#include "host/commands/commands.h"

#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"audit", command_audit, "clips in, ranked label errors and a page to listen through out"},
    {"embed", command_embed, "only the embeddings of the clips"},
    {"crossval", command_crossval, "only out-of-sample probabilities, from embeddings and labels"},
    {"issues", command_issues, "only confident learning, from labels and probabilities"},
    {"report", command_report, "make the page of a finished run again"},
    {"model", command_model, "import a SpeechBrain x-vector, or describe a model file"},
    {"bench", command_bench, "measure each stage beside this machine's matrix products"},
    {"info", command_info, "versions, devices and the default model"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *stream) {
    fputs("earmark finds wrong labels in audio collections.\n\n"
          "usage: earmark COMMAND [OPTIONS]\n\n",
          stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs(
        "\nTo start: earmark audit FOLDER -o OUT, where FOLDER has one folder of audio per label.\n"
        "earmark COMMAND --help tells the rest; earmark --version prints the version.\n\n"
        "exit codes: 0 done; 1 fatal; 2 usage; 3 done, some clips unreadable; 4 issues found\n"
        "(with --fail-on-issues); 75 stopped by a signal; 128 + n by a second signal\n",
        stream);
}

int main(int argc, char **argv) {
    wait_policy_set(argv);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("earmark " EARMARK_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "earmark: there is no command '%s'; see earmark --help\n", argv[1]);
    return EXIT_USAGE;
}
