#include "host/commands/manual.h"

#include "host/base/terminal.h"
#include "host/base/version.h"
#include "host/commands/help.h"
#include "host/commands/option_table.h"
#include "host/lists/input.h"
#include "host/output/clip_columns.h"
#include "host/output/files.h"

#include <ctype.h>
#include <string.h>

/* What man leaves of 80 columns for an example. */
#define EXAMPLE_COLUMNS 69

/* ---- earmark.1 ---- */

/* Text for roff: backslashes, hyphens, quotes, and dots at the beginning of a line. */
static void roff(struct text *text, const char *string) {
    for (const char *at = string; *at != '\0'; at++) {
        if ((at == string || at[-1] == '\n') && (*at == '.' || *at == '\''))
            text_string(text, "\\&");
        switch (*at) {
        case '\\': text_string(text, "\\e"); break;
        case '-': text_string(text, "\\-"); break;
        case '\'': text_string(text, "\\(aq"); break;
        case '`': text_string(text, "\\(ga"); break;
        case '^': text_string(text, "\\(ha"); break;
        case '~': text_string(text, "\\(ti"); break;
        case '}': text_string(text, "}\\:"); break; /* a pattern may be broken there */
        default: text_append(text, at, 1);
        }
    }
}

static void section(struct text *text, const char *macro, const char *title) {
    text_format(text, ".%s ", macro);
    roff(text, title);
    text_string(text, "\n");
}

static void entry(struct text *text, const char *name, size_t length, const char *string) {
    char bold[64];
    snprintf(bold, sizeof bold, "%.*s", (int)length, name);
    text_string(text, ".TP\n\\fB");
    roff(text, bold);
    text_string(text, "\\fR\n");
    roff(text, string);
    text_string(text, "\n");
}

/* Lines of command_table.h. */
static void details(struct text *text, const char *string) {
    bool in_list = false;
    while (*string != '\0') {
        struct text line = TEXT_INITIAL;
        size_t length = strcspn(string, "\n"), name = strcspn(string, "\t\n");
        bool is_entry = name < length;
        text_append(&line, string + (is_entry ? name + 1 : 0), length - (is_entry ? name + 1 : 0));
        if (line.failed) {
            text->failed = true;
        } else if (is_entry) {
            entry(text, string, name, line.data);
        } else {
            text_string(text, in_list ? ".PP\n" : "");
            if (!in_list) text_string(text, ".PP\n");
            roff(text, line.data);
            text_string(text, "\n");
        }
        in_list = is_entry;
        text_free(&line);
        string += length + (string[length] == '\n');
    }
}

static void command(struct text *text, const struct command_row *row) {
    section(text, "SS", row->name);
    roff(text, row->summary);
    text_string(text, "\n.PP\n\\fBearmark ");
    roff(text, row->name);
    text_string(text, "\\fR ");
    roff(text, row->usage);
    text_string(text, "\n");
    details(text, row->details);
    text_string(text, ".PP\nExamples:\n.PP\n.nf\n.RS 4\n");
    for (size_t i = 0; i < 2; i++) {
        struct text example = TEXT_INITIAL;
        terminal_wrap(&example, row->examples[i], 0, 4, EXAMPLE_COLUMNS);
        if (example.failed)
            text->failed = true;
        else
            roff(text, example.data);
        text_free(&example);
        text_string(text, "\n");
    }
    text_string(text, ".RE\n.fi\n");
}

/* "Commands: audit, embed." */
static void takers(struct text *text, const struct option_row *option) {
    const char *between = "Commands: ";
    if (option->commands == COMMAND_ALL) return;
    for (size_t i = 0; command_row(i) != NULL; i++) {
        if ((option->commands & command_row(i)->bit) == 0) continue;
        text_format(text, "%s%s", between, command_row(i)->name);
        between = ", ";
    }
    text_string(text, ".\n");
}

static void option(struct text *text, const struct option_row *option) {
    text_string(text, ".TP\n\\fB");
    if (option->letter != 0) text_format(text, "\\-%c\\fR, \\fB", option->letter);
    text_string(text, "\\-\\-");
    roff(text, option->name);
    text_string(text, "\\fR");
    if (option->value != NULL) {
        text_string(text, " \\fI");
        roff(text, option->value);
        text_string(text, "\\fR");
    }
    text_string(text, "\n");
    struct text sentence = TEXT_INITIAL;
    help_option(&sentence, option);
    if (sentence.failed)
        text->failed = true;
    else
        roff(text, sentence.data);
    text_free(&sentence);
    text_string(text, ".\n");
    takers(text, option);
}

static void readers(struct text *text) {
    for (size_t i = 0; input_reader(i) != NULL; i++) {
        struct text string = TEXT_INITIAL;
        help_reader(&string, input_reader(i));
        text_string(&string, ".");
        if (string.failed)
            text->failed = true;
        else
            entry(text, input_reader(i)->name, strlen(input_reader(i)->name), string.data);
        text_free(&string);
    }
    text_string(text, ".PP\nOptions:\n");
}

static void options(struct text *text) {
    for (int group = 0; group < GROUP_COUNT; group++) {
        const char *note = option_group_note((enum option_group)group);
        section(text, "SS", option_group_title((enum option_group)group));
        if (note != NULL) {
            roff(text, note);
            text_string(text, "\n");
        }
        if (group == GROUP_INPUT) readers(text);
        for (size_t i = 0; option_row(i) != NULL; i++)
            if (option_row(i)->group == (enum option_group)group) option(text, option_row(i));
    }
}

/* Frees the sentence. */
static void sentence_entry(struct text *text, const char *name, struct text *sentence) {
    if (sentence->failed)
        text->failed = true;
    else
        entry(text, name, strlen(name), sentence->data);
    text_free(sentence);
}

static void column(struct text *text, const char *name, const char *words) {
    struct text sentence = TEXT_INITIAL;
    text_format(&sentence, "%c%s.", toupper((unsigned char)words[0]), words + 1);
    sentence_entry(text, name, &sentence);
}

static void files(struct text *text) {
    size_t count;
    const struct clip_column *columns = clip_columns(&count);
    section(text, "SH", "FILES");
    section(text, "SS", "Columns of clips.csv");
    for (size_t i = 0; i < count; i++) column(text, columns[i].name, columns[i].documentation);
    const struct issue_column *issues = run_issue_columns(&count);
    section(text, "SS", "Columns of issues.csv");
    for (size_t i = 0; i < count; i++) column(text, issues[i].name, issues[i].documentation);
    column(text, "neighbour_1_row ... neighbour_5_similarity",
           "row, path and label of the most similar clips, and their cosine similarity");
    section(text, "SS", "Audio faults");
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        const char *name = audio_fault_rule((enum audio_fault)i)->name;
        struct text sentence = TEXT_INITIAL;
        audio_fault_describe(&sentence, (enum audio_fault)i);
        text_string(&sentence, ".");
        sentence_entry(text, name, &sentence);
    }
}

void manual_page(struct text *text) {
    text_format(
        text,
        ".\\\" Made by `earmark help --man`.\n"
        ".TH EARMARK 1 \"\" \"earmark %s\" \"User Commands\"\n"
        ".ds AD l\n" /* groff 1.23 goes back to this adjustment in each paragraph */
        ".ad l\n"
        ".SH NAME\nearmark \\- find wrong labels in audio collections\n"
        ".SH SYNOPSIS\n\\fBearmark\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
        ".SH DESCRIPTION\n"
        "earmark takes a folder or a list of labelled audio clips and ranks the clips whose "
        "label is probably wrong.\nIt suggests a label for each, measures the health of "
        "every class, and makes a page to listen through.\n"
        ".SH COMMANDS\n",
        EARMARK_VERSION);
    for (size_t i = 0; command_row(i) != NULL; i++) command(text, command_row(i));
    section(text, "SS", "help [COMMAND]");
    text_string(text, "Shows the help of a command.\n");
    section(text, "SS", "version");
    text_string(text, "Shows the version.\n.SH OPTIONS\n");
    options(text);
    files(text);
    text_string(text, ".SH EXIT STATUS\n");
    for (size_t i = 0; exit_code_row(i) != NULL; i++)
        entry(text, exit_code_row(i)->code, strlen(exit_code_row(i)->code),
              exit_code_row(i)->meaning);
    text_string(text, ".SH ENVIRONMENT\n");
    entry(text, "EARMARK_DECODER_SECONDS", strlen("EARMARK_DECODER_SECONDS"),
          "A file that needs more than this many seconds of processor time without progress counts "
          "as unreadable (default: 30).");
    entry(text, "COLUMNS", strlen("COLUMNS"), "The width of a terminal that does not report one.");
}

/* ---- bash ---- */

static void command_names(struct text *text) {
    for (size_t i = 0; command_row(i) != NULL; i++) {
        const char *name = command_row(i)->name;
        if (command_row(i)->bit == COMMAND_MODEL_INFO) continue; /* "model" is there already */
        text_format(text, "%.*s ", (int)strcspn(name, " "), name);
    }
    text_string(text, "help version");
}

/* One branch for every option with a choice of values, or with values to offer. */
static void choices(struct text *text) {
    for (size_t o = 0; option_row(o) != NULL; o++) {
        const struct option_row *option = option_row(o);
        if (option->choice == NULL && option->offered == NULL) continue;
        text_format(text, "    --%s) words='%s", option->name,
                    option->offered == NULL ? "" : option->offered);
        for (int i = 0; option->choice != NULL && option->choice(i) != NULL; i++)
            text_format(text, "%s%s", i == 0 ? "" : " ", option->choice(i));
        text_string(text, "' ;;\n");
    }
}

/* One branch for every command: its options. */
static void options_of_commands(struct text *text) {
    for (size_t c = 0; command_row(c) != NULL; c++) {
        const char *between = "";
        text_format(text, "        '%s') words='", command_row(c)->name);
        for (size_t i = 0; option_row(i) != NULL; i++) {
            if ((option_row(i)->commands & (command_row(c)->bit | command_row(c)->passes)) == 0)
                continue;
            text_format(text, "%s--%s", between, option_row(i)->name);
            between = " ";
        }
        text_string(text, "' ;;\n");
    }
    text_string(text, "        -*) words='--help --version' ;;\n");
}

void manual_completion(struct text *text) {
    text_string(text, "# bash completion of earmark, made by `earmark help --bash`\n"
                      "_earmark() {\n"
                      "    local current=${COMP_WORDS[COMP_CWORD]} words= commands='");
    command_names(text);
    text_string(text,
                "'\n"
                "    local command=${COMP_WORDS[1]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                "    if [ \"$command\" = model ]; then command=\"model ${COMP_WORDS[2]-}\"; fi\n"
                "    # bash makes three words of --option=value\n"
                "    if [ \"$current\" = = ]; then\n"
                "        current=\n"
                "    elif [ \"$previous\" = = ]; then\n"
                "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
                "    fi\n"
                "    case $previous in\n"
                "    earmark | */earmark | help) words=$commands ;;\n"
                "    model) words='import info' ;;\n");
    choices(text);
    text_string(text, "    esac\n"
                      "    if [ \"${current:0:1}\" = - ]; then\n"
                      "        case $command in\n");
    options_of_commands(text);
    text_string(text, "        esac\n"
                      "    fi\n"
                      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                      "}\n"
                      "complete -o default -F _earmark earmark\n");
}
