/* Several labels a clip: sets from cells and JSON arrays, and the messages about odd ones. */
#include "host/base/json.h"
#include "host/clips/label_list.h"
#include "host/lists/input.h"
#include "tests/support/compare.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static char *folder;

static int make_folder(void **state) {
    (void)state;
    folder = test_folder_make();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void append_members(struct text *found, const struct collection *input, size_t row) {
    int32_t set = input->clips.clips[row].class_index;
    size_t count = 0;
    const int32_t *members = set < 0 ? NULL : label_sets_of(&input->labels, set, &count);
    for (size_t m = 0; m < count; m++) text_format(found, "%s%d", m == 0 ? "" : ",", members[m]);
}

/* Reads `content` as a manifest: a line for each clip, "label|numbers of its labels|status|reason",
 * then the labels, then the warnings; or the error. */
static void expect(const char *name, const char *separator, const char *content,
                   const char *expected) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text found = TEXT_INITIAL;
    const struct input_options options = {.label_separator = separator};
    const char *path = test_path(folder, name);
    test_file_write(path, content, strlen(content));
    if (input_open(path, &options, &input, &error) != ERROR_NONE)
        text_format(&found, "!%s\n", error.message);
    for (size_t i = 0; error.code == ERROR_NONE && i < input.clips.count; i++) {
        const char *label = clip_label(&input.clips, i);
        text_format(&found, "%s|", label == NULL ? "-" : label);
        append_members(&found, &input, i);
        text_format(&found, "|%s|%s\n", clip_status_name(input.clips.clips[i].status),
                    clip_reason(&input.clips, i));
    }
    for (size_t k = 0; error.code == ERROR_NONE && k < input.labels.count; k++)
        text_format(&found, "%s%s", k == 0 ? "=" : " ", input.labels.names[k]);
    if (error.code == ERROR_NONE) text_string(&found, "\n");
    for (size_t i = 0; i < input.warnings.count; i++)
        text_format(&found, "~%s\n", input.warnings.sentences[i]);
    collection_close(&input);
    assert_string_equal(found.data, expected);
    text_free(&found);
}

/* Spaces, order, duplicates and empty pieces do not matter; the column's name is a plural. */
static void cells(void **state) {
    (void)state;
    expect("m.csv", ";", "path,labels\na.wav,dog;bark\nb.wav, bark ;dog;; bark\nc.wav,cat;\n",
           "bark;dog|0,2|ok|\nbark;dog|0,2|ok|\ncat|1|ok|\n=bark cat dog\n");
    expect("m.csv", "|", "path,tags\na.wav,b|a\nb.wav,\"x;y\"\n",
           "a|b|0,1|ok|\nx;y|2|ok|\n=a b x;y\n");
    expect("m.csv", ",", "path,label\na.wav,\"b, a\"\nb.wav,b\n", "a,b|0,1|ok|\nb|1|ok|\n=a b\n");
    expect("m.tsv", "\xc2\xb7",
           "path\tlabels\na.wav\tb\xc2\xb7"
           "a\nb.wav\tb\n",
           "a\xc2\xb7"
           "b|0,1|ok|\nb|1|ok|\n=a b\n");
    /* without a separator a label is what the cell holds, and number */
    expect("m.csv", NULL, "path,label\na.wav,b c\nb.wav,a\n", "b c|1|ok|\na|0|ok|\n=a b c\n");
}

/* An empty cell means that the clip has none of the labels. */
static void no_labels(void **state) {
    (void)state;
    expect("m.csv", ";", "path,labels\na.wav,dog;bark\nb.wav,\nc.wav, ; \n",
           "bark;dog|0,1|ok|\n||ok|\n||ok|\n=bark dog\n"
           "~clips with an empty label: 2 of 3; they count as clips with none of the labels\n");
    expect("m.jsonl", ";",
           "{\"path\":\"a\",\"labels\":[\"x\",\"y\"]}\n{\"path\":\"b\",\"labels\":[]}\n"
           "{\"path\":\"c\"}\n{\"path\":\"d\",\"labels\":null}\n",
           "x;y|0,1|ok|\n||ok|\n-||no_label|no label: fill it in, or remove the row\n"
           "-||no_label|no label: fill it in, or remove the row\n=x y\n"
           "~clips with an empty label: 1 of 4; they count as clips with none of the labels\n");
}

static void json(void **state) {
    (void)state;
    expect(
        "m.jsonl", ";",
        "{\"path\":\"a\",\"labels\":[\"y\",\" x \",\"y\",7]}\n{\"path\":\"b\",\"labels\":\"z;x\"}\n"
        "{\"path\":\"c\",\"labels\":[[\"x\"]]}\n{\"path\":\"d\",\"labels\":[\"x;y\"]}\n"
        "{\"path\":\"e\",\"labels\":{}}\n",
        "7|x|y|0,1,3|ok|\nx|z|1,4|ok|\n"
        "-||bad_row|line 3: 'labels' is a list with an element that is not text\n"
        "x;y|2|ok|\n"
        "-||bad_row|line 5: the value of 'labels' is not text\n=7 x x;y y z\n"
        "~labels contain ';'; in the results, '|' is between the labels of a clip\n");
    expect("m.jsonl", NULL,
           "{\"path\":\"a\",\"label\":[\"x\"]}\n{\"path\":\"b\",\"label\":\"x\"}\n",
           "-||bad_row|line 1: 'label' is a list; for several labels a clip give "
           "--label-separator ';'\nx|0|ok|\n=x\n");
}

/* Lists as Python, numpy and JSON print them, in cells and strings. */
static void printed_lists(void **state) {
    (void)state;
    expect("m.tsv", ",",
           "path\tlabels\na\t['b', 'a']\nb\t[\"a\"]\nc\t['a' 'c']\nd\t[]\ne\t('b',)\nf\t{'c', "
           "\"it's\"}\ng\tarray(['a', 'b'], dtype='<U1')\nh\t a, b\ni\t[a, b]\nj\tset()\n",
           "a,b|0,1|ok|\na|0|ok|\na,c|0,2|ok|\n||ok|\nb|1|ok|\nc,it's|2,3|ok|\na,b|0,1|ok|\n"
           "a,b|0,1|ok|\na,b|0,1|ok|\n||ok|\n=a b c it's\n"
           "~clips with an empty label: 2 of 10; they count as clips with none of the labels\n");
    expect("m.jsonl", ";", "{\"path\":\"a\",\"label\":\"['b', 'a;c']\"}\n",
           "a;c|b|0,1|ok|\n=a;c b\n"
           "~labels contain ';'; in the results, '|' is between the labels of a clip\n");
    /* lists of numpy's own values, as numpy 2 prints them */
    expect("m.tsv", ";",
           "path\tlabels\na\t[np.str_('b'), np.str_('a')]\nb\t[np.int64(3)]\n"
           "c\t[np.str_('a' 'b')]\n",
           "a;b|2,3|ok|\n3|0|ok|\n[np.str_('a' 'b')]|1|ok|\n=3 [np.str_('a' 'b')] a b\n");
    /* what is between quotes is one label */
    expect("m.tsv", ",", "path\tlabels\na\t['Cough, small', 'male']\nb\tmale,x\n",
           "Cough, small;male|0,1|ok|\nmale;x|1,2|ok|\n=Cough, small male x\n"
           "~labels contain ','; in the results, ';' is between the labels of a clip\n");
    /* words in brackets are none */
    expect("m.tsv", ",", "path\tlabels\na\t[noise],x\nb\t(inaudible)\nc\t[noise]\nd\t['a', 'b\n",
           "[noise],x|3,4|ok|\n(inaudible)|1|ok|\n[noise]|3|ok|\n'b,['a'|0,2|ok|\n"
           "='b (inaudible) ['a' [noise] x\n"
           "~cells that begin like a list of labels and are none: 1, for example '['a', 'b'; they "
           "are split at ',' only\n");
    expect("m.tsv", NULL, "path\tlabel\na\t['a', 'b']\nb\tc\n",
           "['a', 'b']|0|ok|\nc|1|ok|\n=['a', 'b'] c\n"
           "~labels are lists, for example '['a', 'b']': each combination is a separate class; to "
           "read them as sets of labels give --label-separator ','\n");
}

/* What Python's ast.literal_eval finds in a cell: the labels, sorted; "!": it is no list. */
static void as_python(void **state) {
    (void)state;
    FILE *file = fopen("tests/golden/lists_json/cells.tsv", "r");
    char line[1024];
    size_t count = 0;
    struct label_split split = {0};
    assert_non_null(file);
    for (; fgets(line, sizeof line, file) != NULL; count++) {
        struct error error = ERROR_INITIAL;
        enum label_list list;
        char *tab = strchr(line, '\t');
        json_t *left = json_parse(line, (size_t)(tab - line), "cell", &error);
        json_t *right = json_parse(tab + 1, strlen(tab + 1), "labels", &error);
        char *cell = json_bytes(left, &error);
        assert_int_equal(label_list_read(&split, cell, &list, &error), ERROR_NONE);
        bool same = (list == LABEL_LIST_READ) == json_is_array(right);
        if (list == LABEL_LIST_READ) same = same && split.count == json_array_size(right);
        for (size_t i = 0; same && i < json_array_size(right); i++) {
            char *label = json_bytes(json_array_get(right, i), &error);
            same = strcmp(split.pieces[i], label) == 0;
            free(label);
        }
        if (!same) fail_msg("%s", line);
        json_decref(left);
        json_decref(right);
        free(cell);
    }
    assert_true(count > 200);
    label_split_close(&split);
    fclose(file);
}

static void warnings(void **state) {
    (void)state;
    expect("m.csv", ";", "path,label\na.wav,\"dog, bark\"\nb.wav,dog\n",
           "dog, bark|1|ok|\ndog|0|ok|\n=dog dog, bark\n"
           "~no clip has several labels; check that ';' is the character between labels\n");
    expect("m.csv", ";", "path,label\na.wav,Dog;bark\nb.wav,dog\n",
           "Dog;bark|0,1|ok|\ndog|2|ok|\n=Dog bark dog\n"
           "~the labels 'Dog' and 'dog' differ only in case; they are kept as two classes\n");
    expect("m.csv", NULL, "path,label\na.wav,dog;bark\nb.wav,dog\n",
           "dog;bark|1|ok|\ndog|0|ok|\n=dog dog;bark\n"
           "~labels look like lists, for example 'dog;bark': each combination is a separate class; "
           "if a clip can have several labels, give --label-separator ';'\n");
}

static void separators(void **state) {
    (void)state;
    static const char *const bad[] = {"", "; ", "ab", "\xc2\xb7\xc2\xb7", "\xc2;"};
    assert_true(label_separator_is_good(";"));
    assert_true(label_separator_is_good("\xc2\xb7"));
    assert_true(label_separator_is_good("\xff"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(label_separator_is_good(bad[i]));
    expect("m.csv", "; ", "path,label\na.wav,x\n",
           "!--label-separator '; ': give one character, for example ';'\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),     cmocka_unit_test(no_labels),  cmocka_unit_test(json),
        cmocka_unit_test(warnings),  cmocka_unit_test(separators), cmocka_unit_test(printed_lists),
        cmocka_unit_test(as_python),
    };
    return cmocka_run_group_tests_name("label_sets", tests, make_folder, remove_folder);
}
