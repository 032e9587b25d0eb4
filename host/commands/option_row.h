/* What a row of the table of options says (option_table.h). */
#ifndef EARMARK_COMMANDS_OPTION_ROW_H
#define EARMARK_COMMANDS_OPTION_ROW_H

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
    GROUP_JOBS,
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

/* The kind of a row with its field in struct options. */
#define FIELD(member)                                                                              \
    .field = offsetof(struct options, member), .size = sizeof(((struct options *)NULL)->member)
#define FLAG(member) .kind = OPTION_FLAG, FIELD(member)
#define TEXT(member) .kind = OPTION_TEXT, FIELD(member)
#define FILE_NAME(member) .kind = OPTION_FILE, FIELD(member)
#define WHOLE(member, low, high)                                                                   \
    .kind = OPTION_WHOLE, FIELD(member), .minimum = (low), .maximum = (high)
#define NUMBER(member, low, high)                                                                  \
    .kind = OPTION_NUMBER, FIELD(member), .minimum = (low), .maximum = (high)
#define CHOICE(member, names) .kind = OPTION_CHOICE, FIELD(member), .choice = (names)

#endif
