/* The description of each command. --help, the man page and shell completion are made from this
 * table and from option_table.h. */
#ifndef EARMARK_COMMANDS_COMMAND_TABLE_H
#define EARMARK_COMMANDS_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Bits: an option lists the commands that take it. */
enum command_bit {
    COMMAND_AUDIT = 1 << 0,
    COMMAND_EMBED = 1 << 1,
    COMMAND_CROSSVAL = 1 << 2,
    COMMAND_ISSUES = 1 << 3,
    COMMAND_REPORT = 1 << 4,
    COMMAND_IMPORT = 1 << 5,
    COMMAND_MODEL_INFO = 1 << 6,
    COMMAND_BENCH = 1 << 7,
    COMMAND_INFO = 1 << 8,
    COMMAND_DETECT = 1 << 9,
    COMMAND_SLURM = 1 << 10,
    COMMAND_KUBERNETES = 1 << 11,
    COMMAND_PARALLEL = 1 << 12,
    COMMAND_JOBS = COMMAND_SLURM | COMMAND_KUBERNETES | COMMAND_PARALLEL,
    COMMAND_DIFF = 1 << 13,
    COMMAND_STATUS = 1 << 14,
    COMMAND_REVIEW = 1 << 15,
    COMMAND_AGREE = 1 << 16,
    COMMAND_APPLY = 1 << 17,
    COMMAND_ALL = (1 << 18) - 1
};

#define COMMAND_USED 5

struct command_row {
    enum command_bit bit;
    const char *name;     /* "audit", "model import" */
    const char *summary;  /* one sentence */
    const char *usage;    /* what follows the name on a command line */
    const char *argument; /* "INPUT": what is given without an option's name; NULL: nothing is */
    const char *second;   /* "NEW": given after it; NULL: nothing is */
    const char *more;     /* "DECISIONS": any number given after them; NULL: nothing is */
    bool required;        /* they must be given */
    unsigned passes;      /* bits of commands whose options it takes, to pass them on */
    const char *examples[2];
    const char *used[COMMAND_USED]; /* names of the options used most, in order; NULL: no more */
    /* Paragraphs, one a line; a line "NAME\tTEXT" is a row of a list. */
    const char *details;
};

/* Rows from 0; NULL after the last. */
const struct command_row *command_row(size_t index);

/* By name ("model import"); NULL when there is none. */
const struct command_row *command_find(const char *name);

/* Exit codes, in the order of their numbers: "3", what it means, and the commands that have it.
 * NULL after the last. */
struct exit_code_row {
    const char *code;
    const char *meaning;
    unsigned commands;
};
const struct exit_code_row *exit_code_row(size_t index);

#endif
