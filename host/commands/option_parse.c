#include "host/commands/option_parse.h"

#include "host/commands/option_table.h"
#include "host/containers/container.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LONG 256 /* what getopt_long returns for row 0; letters are below */
#define NAME_LIMIT 40
#define CHOICE_LIMIT 16

/* ---- similar names ---- */

/* Insertions, deletions, changes and swaps of neighbours that turn one name into the other. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][NAME_LIMIT + 1];
    size_t *before = rows[0], *above = rows[1], *here = rows[2];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > NAME_LIMIT || b_length > NAME_LIMIT) return SIZE_MAX;
    for (size_t j = 0; j <= b_length; j++) above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        here[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            here[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < here[j]) here[j] = above[j] + 1;
            if (here[j - 1] + 1 < here[j]) here[j] = here[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < here[j])
                here[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = above;
        above = here;
        here = oldest;
    }
    return above[b_length];
}

const char *options_similar(const char *given, const char *const *names, size_t count) {
    const char *best = NULL;
    size_t length = strlen(given);
    size_t limit = length < 3 ? 0 : length < 6 ? 1 : length / 3;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(given, names[i]);
        if (distance > limit) continue;
        limit = distance == 0 ? 0 : distance - 1;
        best = names[i];
    }
    return best;
}

/* ---- values ---- */

static bool takes(const struct command_row *command, const struct option_row *row) {
    return (row->commands & (command->bit | command->passes)) != 0;
}

static enum error_code take_whole(const struct option_row *row, const char *value, void *field,
                                  struct error *error) {
    char *end = NULL;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < (long)row->minimum ||
        number > (long)row->maximum)
        return FAIL(error, ERROR_USAGE, "--%s %s: give a whole number from %ld to %ld", row->name,
                    value, (long)row->minimum, (long)row->maximum);
    uint32_t narrow = (uint32_t)number;
    memcpy(field, row->size == sizeof narrow ? (void *)&narrow : (void *)&number, row->size);
    return ERROR_NONE;
}

static enum error_code take_number(const struct option_row *row, const char *value, void *field,
                                   struct error *error) {
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= row->minimum && number <= row->maximum))
        return FAIL(error, ERROR_USAGE, "--%s %s: give a number from %g to %g", row->name, value,
                    row->minimum, row->maximum);
    memcpy(field, &number, sizeof number);
    return ERROR_NONE;
}

static enum error_code take_choice(const struct option_row *row, const char *value, void *field,
                                   struct error *error) {
    char list[256];
    const char *names[CHOICE_LIMIT];
    size_t length = 0, count = 0;
    for (int i = 0; row->choice(i) != NULL; i++) {
        if (strcmp(row->choice(i), value) == 0) {
            bool flag = i != 0;
            memcpy(field, row->size == sizeof flag ? (void *)&flag : (void *)&i, row->size);
            return ERROR_NONE;
        }
        if (count < CHOICE_LIMIT) names[count++] = row->choice(i);
        const char *between = i == 0 ? "" : row->choice(i + 1) == NULL ? " or " : ", ";
        int added = snprintf(list + length, sizeof list - length, "%s%s", between, row->choice(i));
        length += added > 0 && (size_t)added < sizeof list - length ? (size_t)added : 0;
    }
    const char *similar = options_similar(value, names, count);
    return FAIL(error, ERROR_USAGE, "--%s %s: give %s%s%s%s", row->name, value, list,
                similar == NULL ? "" : " (did you mean ", similar == NULL ? "" : similar,
                similar == NULL ? "" : "?)");
}

static enum error_code take(size_t index, const char *value, struct options *options,
                            struct error *error) {
    static const bool yes = true;
    const struct option_row *row = option_row(index);
    void *field = (char *)options + row->field;
    if (value == NULL) { /* a flag */
        memcpy(field, &yes, sizeof yes);
        options->given[index] = "yes";
        return ERROR_NONE;
    }
    options->given[index] = value;
    switch (row->kind) {
    case OPTION_FLAG: break; /* has no value */
    case OPTION_FILE:
        if (*value == '\0')
            return FAIL(error, ERROR_USAGE, "--%s '': give the name of a file or folder",
                        row->name);
        memcpy(field, &value, sizeof value);
        break;
    case OPTION_TEXT: memcpy(field, &value, sizeof value); break;
    case OPTION_WHOLE: return take_whole(row, value, field, error);
    case OPTION_NUMBER: return take_number(row, value, field, error);
    case OPTION_CHOICE: return take_choice(row, value, field, error);
    case OPTION_OTHER: return row->take(value, options, error);
    }
    return ERROR_NONE;
}

/* The table's defaults are the program's: they are read like values of the command line. */
static enum error_code take_defaults(const struct command_row *command, struct options *options,
                                     struct error *error) {
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        if (!takes(command, row) || row->usual == NULL) continue;
        TRY(take(i, row->usual, options, error));
        options->given[i] = NULL;
    }
    return ERROR_NONE;
}

/* ---- the command line ---- */

/* What getopt_long did not understand: '?', or ':' for a value that is missing. */
static enum error_code fail_unknown(const struct command_row *command, int option, char **argv,
                                    struct error *error) {
    const char *names[OPTIONS_MAXIMUM], *given = argv[optind - 1];
    char letter[] = {'-', (char)optopt, '\0'}, name[NAME_LIMIT + 1];
    size_t count = 0;
    if (option == ':')
        return FAIL(error, ERROR_USAGE, "%s: %s needs a value; see earmark %s --help",
                    command->name, given, command->name);
    if (optopt == '=')
        return FAIL(error, ERROR_USAGE,
                    "%s: options of one letter take no '='; see earmark %s --help", command->name,
                    command->name);
    if (strncmp(given, "--", 2) != 0 && optopt != 0) given = letter;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    if (strncmp(given, "--", 2) == 0 && optopt != 0)
        return FAIL(error, ERROR_USAGE, "%s: %s takes no value; see earmark %s --help",
                    command->name, name, command->name);
    for (size_t i = 0; option_row(i) != NULL; i++)
        if (takes(command, option_row(i))) names[count++] = option_row(i)->name;
    const char *similar =
        name[0] == '-' && name[1] == '-' ? options_similar(name + 2, names, count) : NULL;
    return FAIL(error, ERROR_USAGE, "%s: unknown option '%s'%s%s%s; see earmark %s --help",
                command->name, given, similar == NULL ? "" : " (did you mean --",
                similar == NULL ? "" : similar, similar == NULL ? "" : "?)", command->name);
}

static enum error_code check_required(const struct command_row *command,
                                      const struct options *options, struct error *error) {
    const char *const names[2] = {command->argument, command->second};
    const char *const values[2] = {options->argument, options->second};
    for (size_t i = 0; i < 2; i++)
        if (values[i] == NULL ? command->required && names[i] != NULL : values[i][0] == '\0')
            return FAIL(error, ERROR_USAGE, "%s: %s is missing; usage: earmark %s %s",
                        command->name, names[i], command->name, command->usage);
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        if ((row->required & command->bit) != 0 && options->given[i] == NULL)
            return FAIL(error, ERROR_USAGE, "%s: --%s %s is missing; usage: earmark %s %s",
                        command->name, row->name, row->value, command->name, command->usage);
    }
    return ERROR_NONE;
}

/* getopt_long's tables of the options of one command. */
struct known {
    struct option names[OPTIONS_MAXIMUM + 1];
    char letters[2 * OPTIONS_MAXIMUM + 2];
    size_t by_letter[128]; /* row of a letter */
};

static void list_known(const struct command_row *command, struct known *known) {
    size_t count = 0, length = 0;
    known->letters[length++] = ':';
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        int has_value = row->value == NULL ? no_argument : required_argument;
        if (!takes(command, row)) continue;
        known->names[count++] = (struct option){row->name, has_value, NULL, FIRST_LONG + (int)i};
        if (row->letter == 0) continue;
        known->by_letter[(size_t)row->letter] = i;
        known->letters[length++] = row->letter;
        if (row->value != NULL) known->letters[length++] = ':';
    }
}

static size_t row_of(const struct known *known, int option) {
    return option >= FIRST_LONG ? (size_t)(option - FIRST_LONG) : known->by_letter[(size_t)option];
}

void options_each(const struct command_row *command, int argc, char **argv, option_visit *visit,
                  void *context) {
    struct known known = {.letters = ""};
    list_known(command, &known);
    optind = 0; /* GNU: begins again */
    for (int option; (option = getopt_long(argc, argv, known.letters, known.names, NULL)) != -1;)
        visit(context, option_row(row_of(&known, option)), optarg);
}

enum error_code options_parse(const struct command_row *command, int argc, char **argv,
                              struct options *options, struct error *error) {
    struct known known = {.letters = ""};
    list_known(command, &known);
    TRY(take_defaults(command, options, error));
    opterr = 0;
    optind = 0; /* GNU: begins again */
    for (int option; (option = getopt_long(argc, argv, known.letters, known.names, NULL)) != -1;) {
        if (option == '?' || option == ':') return fail_unknown(command, option, argv, error);
        TRY(take(row_of(&known, option), optarg, options, error));
        if (options->help) return ERROR_NONE;
    }
    options->engine.quiet = options->quiet;
    if (optind < argc && command->argument != NULL) options->argument = argv[optind++];
    if (optind < argc && command->second != NULL) options->second = argv[optind++];
    if (command->more != NULL && optind < argc) {
        options->more = (const char *const *)argv + optind;
        options->more_count = (size_t)(argc - optind);
        return check_required(command, options, error);
    }
    if (optind < argc && container_is_named(argv[optind]))
        return FAIL(error, ERROR_USAGE,
                    "%s: unexpected argument '%s'; several files are one input: their folder, or a "
                    "pattern in quotes, as 'shards/*.tar'",
                    command->name, argv[optind]);
    if (optind < argc)
        return FAIL(error, ERROR_USAGE, "%s: unexpected argument '%s'; see earmark %s --help",
                    command->name, argv[optind], command->name);
    return check_required(command, options, error);
}
