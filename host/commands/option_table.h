/* The table of options. The parser, --help, the man page, shell completion and the record of a
 * run (which settings a stopped run was started with) are made from it: a new option is a row
 * here and a field of struct options. */
#ifndef EARMARK_COMMANDS_OPTION_TABLE_H
#define EARMARK_COMMANDS_OPTION_TABLE_H

#include "host/commands/options.h"

enum option_kind {
    OPTION_FLAG,   /* bool, without a value */
    OPTION_TEXT,   /* const char * */
    OPTION_FILE,   /* const char *, not empty: the contents count, not the name */
    OPTION_WHOLE,  /* an integer of 4 or 8 bytes, within bounds */
    OPTION_NUMBER, /* double, within bounds */
    OPTION_CHOICE, /* an enum or a bool: the index of one of several names */
    OPTION_OTHER   /* `take` reads it */
};

/* What a changed value means for a resumed run. */
enum option_key {
    KEY_NONE,      /* results do not depend on it */
    KEY_RESULTS,   /* they do: the run says that it has changed */
    KEY_EMBEDDINGS /* embeddings depend on it: those of another value are discarded */
};

enum option_group {
    GROUP_ARRAYS,
    GROUP_INPUT,
    GROUP_ENGINE,
    GROUP_CLASSIFIER,
    GROUP_CONFIDENT,
    GROUP_MODEL,
    GROUP_BENCH,
    GROUP_RUN,
    GROUP_COUNT
};

struct option_row {
    const char *name;  /* without the dashes */
    char letter;       /* 0: none */
    const char *value; /* as in the help: "FILE"; NULL for a flag */
    enum option_kind kind;
    size_t field, size; /* in struct options; of OPTION_OTHER unused */
    double minimum, maximum;
    const char *(*choice)(int value); /* the name of a choice; NULL after the last */
    const char *offered;              /* values that completion offers where there is no choice */
    enum error_code (*take)(const char *value, struct options *options, struct error *error);
    const char *usual; /* the default as it would be given; NULL: none, or the help says it */
    enum option_key key;
    enum option_group group;
    unsigned commands; /* that take it */
    unsigned required; /* commands that cannot do without */
    const char *help;
};

/* Rows from 0, in the order of the help; NULL after the last. */
const struct option_row *option_row(size_t index);

/* The row of this name that a command takes, or NULL. */
const struct option_row *option_find(const char *name, unsigned command);

/* The value as it was given, or NULL: the command line has no such option of this command. */
const char *option_given(const struct options *options, const char *name, unsigned command);

/* Appends "name value" lines of the options of a command with this key: what was given, or the
 * default. Files are left out: the stage that reads a file adds what it contains. */
void option_record(const struct options *options, unsigned command, enum option_key key,
                   struct text *record);

/* A group's title, and the sentence under it or NULL. */
const char *option_group_title(enum option_group group);
const char *option_group_note(enum option_group group);

#endif
