#include "host/commands/help.h"

#include "host/base/terminal.h"
#include "host/commands/option_table.h"
#include "host/lists/input.h"

#include <stdlib.h>
#include <string.h>

#define WIDEST 80
#define NARROW 60 /* below it the text of an option is under its name */
#define NAME_COLUMNS 26

static void paragraph(struct text *text, const char *string, int width) {
    terminal_wrap(text, string, 0, 0, width);
    text_string(text, "\n");
}

/* A name with its text beside it, from `column` on; under it where there is no room. */
static void row(struct text *text, const char *name, const char *string, int column, int width) {
    if (width < NARROW) column = 6;
    int length = (int)strlen(name);
    text_format(text, "  %s", name);
    if (length + 4 > column)
        text_format(text, "\n%*s", column, "");
    else
        text_format(text, "%*s", column - length - 2, "");
    terminal_wrap(text, string, column, column, width);
    text_string(text, "\n");
}

/* "-o, --output OUT" */
static void option_label(struct text *text, const struct option_row *option) {
    if (option->letter != 0) text_format(text, "-%c, ", option->letter);
    text_format(text, "--%s", option->name);
    if (option->value != NULL) text_format(text, " %s", option->value);
}

void help_option(struct text *text, const struct option_row *option) {
    text_string(text, option->help);
    if (option->kind == OPTION_CHOICE && strstr(option->help, option->choice(0)) == NULL)
        for (int i = 0; option->choice(i) != NULL; i++)
            text_format(text, "%s%s", i == 0 ? ": " : ", ", option->choice(i));
    if (option->usual != NULL) text_format(text, " (default: %s)", option->usual);
}

static void option(struct text *text, const struct option_row *option, int width) {
    struct text label = TEXT_INITIAL, string = TEXT_INITIAL;
    option_label(&label, option);
    help_option(&string, option);
    if (label.failed || string.failed)
        text->failed = true;
    else
        row(text, label.data, string.data, NAME_COLUMNS, width);
    text_free(&label);
    text_free(&string);
}

static bool is_used_most(const struct command_row *command, const char *name) {
    for (size_t i = 0; i < COMMAND_USED && command->used[i] != NULL; i++)
        if (strcmp(command->used[i], name) == 0) return true;
    return false;
}

void help_reader(struct text *text, const struct list_reader *reader) {
    text_string(text, reader->sentence);
    if (reader->labels != NULL) text_format(text, "; --label-column: %s", reader->labels);
}

/* The formats of INPUT. */
static void readers(struct text *text, int width) {
    for (size_t i = 0; input_reader(i) != NULL; i++) {
        struct text string = TEXT_INITIAL;
        help_reader(&string, input_reader(i));
        if (string.failed)
            text->failed = true;
        else
            row(text, input_reader(i)->name, string.data, NAME_COLUMNS, width);
        text_free(&string);
    }
    text_string(text, "\nOptions:\n");
}

/* The options of a group that are not among those used most, under its title. */
static void group(struct text *text, const struct command_row *command, enum option_group group,
                  int width) {
    bool titled = false;
    const char *note = option_group_note(group);
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *found = option_row(i);
        if (found->group != group || (found->commands & command->bit) == 0) continue;
        if (is_used_most(command, found->name)) continue;
        if (!titled) text_format(text, "\n%s:\n", option_group_title(group));
        if (!titled && note != NULL) paragraph(text, note, width);
        if (!titled && group == GROUP_INPUT) readers(text, width);
        titled = true;
        option(text, found, width);
    }
}

/* Paragraphs and rows, one a line: see command_table.h. */
static void details(struct text *text, const char *string, int width) {
    while (*string != '\0') {
        size_t length = strcspn(string, "\n");
        char *line = strndup(string, length);
        char *tab = line == NULL ? NULL : strchr(line, '\t');
        if (line == NULL) {
            text->failed = true;
            return;
        }
        if (tab != NULL) {
            *tab = '\0';
            row(text, line, tab + 1, NAME_COLUMNS, width);
        } else {
            text_string(text, "\n");
            paragraph(text, line, width);
        }
        free(line);
        string += length + (string[length] == '\n');
    }
}

static void exit_codes(struct text *text, unsigned commands, int width) {
    text_string(text, "\nExit codes:\n");
    for (size_t i = 0; exit_code_row(i) != NULL; i++)
        if ((exit_code_row(i)->commands & commands) != 0)
            row(text, exit_code_row(i)->code, exit_code_row(i)->meaning, 11, width);
}

void help_command(struct text *text, const struct command_row *command, int width) {
    struct text usage = TEXT_INITIAL;
    paragraph(text, command->summary, width);
    text_string(text, "\nExamples:\n");
    for (size_t i = 0; i < 2; i++) {
        text_string(text, "  ");
        terminal_wrap(text, command->examples[i], 2, 6, width);
        text_string(text, "\n");
    }
    text_format(&usage, "usage: earmark %s%s%s", command->name,
                command->usage[0] == '\0' ? "" : " ", command->usage);
    text_string(text, "\n");
    if (!usage.failed) terminal_wrap(text, usage.data, 0, 7, width);
    text_string(text, "\n\nMost used options:\n");
    for (size_t i = 0; i < COMMAND_USED && command->used[i] != NULL; i++)
        option(text, option_find(command->used[i], command->bit), width);
    for (int g = 0; g < GROUP_COUNT; g++) group(text, command, (enum option_group)g, width);
    details(text, command->details, width);
    exit_codes(text, command->bit, width);
    if (usage.failed) text->failed = true;
    text_free(&usage);
}

void help_program(struct text *text, int width) {
    paragraph(text, "earmark finds wrong labels in audio collections.", width);
    text_string(text, "\nExamples:\n"
                      "  earmark audit recordings -o out\n"
                      "  earmark help audit\n"
                      "\nusage: earmark COMMAND [OPTIONS]\n\nCommands:\n");
    for (size_t i = 0; command_row(i) != NULL; i++)
        row(text, command_row(i)->name, command_row(i)->summary, 16, width);
    row(text, "help", "Shows this text; help COMMAND: the help of a command.", 16, width);
    row(text, "version", "Shows the version.", 16, width);
    text_string(text, "\n");
    paragraph(text,
              "To start: earmark audit FOLDER -o OUT, where FOLDER has one folder of audio per "
              "label. Then open OUT/report.html.",
              width);
    exit_codes(text, COMMAND_ALL, width);
}

void help_print(FILE *stream, const struct command_row *command) {
    struct text text = TEXT_INITIAL;
    int width = terminal_width(stream);
    if (width == 0 || width > WIDEST) width = WIDEST;
    if (command == NULL)
        help_program(&text, width);
    else
        help_command(&text, command, width);
    if (!text.failed) terminal_print(stream, text.data);
    text_free(&text);
}
