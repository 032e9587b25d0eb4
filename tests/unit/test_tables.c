/* Tables of text as other programs write them, read as pandas reads them (tests/golden/lists_csv,
 * with the script that makes them), and what pandas has no rule for. */
#include "host/base/text.h"
#include "host/lists/input.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define GOLDEN "tests/golden/lists_csv"

static const struct input_options plain = {0};

static void write_list(const char *name, const char *content) {
    test_text_write(test_path(test_folder, name), content);
}

static void expect(const char *name, const char *content, const char *clips) {
    write_list(name, content);
    seen_expect(test_folder, name, &plain, clips);
}

static void expect_words(const char *name, const char *content, const char *words) {
    write_list(name, content);
    seen_expect_words(test_folder, name, &plain, words);
}

static void expect_reading(const char *name, const char *content, const char *words) {
    write_list(name, content);
    seen_expect_reading(test_folder, name, &plain, words);
}

/* ---- as pandas reads them ---- */

static void expect_golden(const char *name, const struct input_options *options) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text found = TEXT_INITIAL;
    char reference[128];
    size_t size = 0;
    snprintf(reference, sizeof reference, "%s.rows", name);
    unsigned char *rows = test_file_read(test_path(GOLDEN, reference), &size);
    if (input_open(test_path(GOLDEN, name), options, &input, &error) != ERROR_NONE)
        fail_msg("%s: %s", name, error.message);
    for (size_t i = 0; i < input.clips.count; i++) {
        const char *label = clip_label(&input.clips, i);
        text_format(&found, "%s|%s\n", clip_path(&input.clips, i), label == NULL ? "" : label);
    }
    if (found.length != size || memcmp(found.data, rows, size) != 0)
        fail_msg("%s: is read as\n%s", name, found.data);
    assert_int_equal(input.bad_clips, 0);
    text_free(&found);
    free(rows);
    collection_close(&input);
}

static void as_pandas_reads_them(void **state) {
    (void)state;
    char name[64], path[64], label[64];
    FILE *lists = fopen(GOLDEN "/lists.tsv", "r");
    int count = 0;
    assert_non_null(lists);
    for (; fscanf(lists, "%63[^\t]\t%63[^\t]\t%63[^\n]\n", name, path, label) == 3; count++) {
        struct input_options options = {.path_column = strcmp(path, "-") == 0 ? NULL : path,
                                        .label_column = strcmp(label, "-") == 0 ? NULL : label};
        expect_golden(name, &options);
    }
    fclose(lists);
    assert_true(count > 15);
}

/* ---- quotes ---- */

static void stray_quotes_are_said(void **state) {
    (void)state;
    expect_words("m.tsv",
                 "path\tlabel\ttext\na.wav\tx\t\"Stop, he said\nb.wav\ty\tgo\nc.wav\tx\tthe end\"\n"
                 "d.wav\ty\t\"On\n",
                 "a.wav|x|||ok\nb.wav|y|||ok\nc.wav|x|||ok\nd.wav|y|||ok\n~");
    seen_expect_words(
        test_folder, "m.tsv", &plain,
        "m.tsv: rows with a quote (\") that begins a cell but does not enclose it: 2, "
        "the first at line 2; it is read as part of the text\n");
    /* In the label it is part of the label. */
    expect_words("m.csv", "path,label\na.wav,\"x\nb.wav,y\nc.wav,z\"\n",
                 "a.wav|\"x|||ok\nb.wav|y|||ok\nc.wav|z\"|||ok\n~");
    /* Two quotes on one line that would join its cells. */
    expect_words("m.tsv", "path\ttext\tlabel\na.wav\t\"Stop\tx\"\nb.wav\tgo\ty\n",
                 "a.wav|x\"|||ok\nb.wav|y|||ok\n~");
    expect_words("m.csv", "path,label\na.wav,\"x\n", "a.wav|\"x|||ok\n~");
    /* Text behind a quote that was closed lines later. */
    expect_words("m.csv", "path,label,text\na.wav,x,\"Stop\nb.wav,y,\"No\nc.wav,z,go\n",
                 "a.wav|x|||ok\nb.wav|y|||ok\nc.wav|z|||ok\n~");
    /* Paths without an ending, in two columns; those of real cells are words. */
    expect_words("m.csv", "path,label\n64760,\"x\n64761,y\n64762,z\"\n",
                 "64760|\"x|||ok\n64761|y|||ok\n64762|z\"|||ok\n~");
    expect_words("m.csv", "path,label\n64760,\"x\nthis,that\"\n", "64760|x\nthis,that|||ok\n");
    /* A quote that closes after 100,000 rows. */
    struct text list = TEXT_INITIAL;
    text_string(&list, "path,label\nfirst.wav,\"x\n");
    for (int i = 0; i < 100000; i++) text_format(&list, "%d.wav,%d\n", i, i % 3);
    text_string(&list, "last.wav,y\"\n");
    write_list("m.csv", list.data);
    struct seen seen;
    seen_read(test_folder, "m.csv", &plain, &seen);
    assert_non_null(strstr(seen.clips.data, "\n99999.wav|0|||ok\nlast.wav|y\"|||ok\n~"));
    seen_end(&seen);
    text_free(&list);
}

/* Real cells of several lines, some with delimiters, and a table within a cell of another kind. */
static void quoted_lines_stay_cells(void **state) {
    (void)state;
    expect("m.csv",
           "path,label,text\na.wav,\"x\ny\",\"one\n\ntwo, three\r\nfour, five, six\"\nb.wav,y,\n"
           "c.wav,z,\"path,label,text\nof.mp3,and,so on\"\n",
           "a.wav|x\ny|||ok\nb.wav|y|||ok\nc.wav|z|||ok\n");
    seen_expect_reading(test_folder, "m.csv", &plain,
                        "m.csv: rows of several lines, in quotes: 2, the first at line 2");
    expect("m.tsv", "path\tlabel\na.wav\t\"x\n\"\"y\"\" z\"\n", "a.wav|x\n\"y\" z|||ok\n");
    expect("m.csv", "path,\"la\nbel\",label\na.wav,1,x\n", "a.wav|x|||ok\n");
    expect("m.csv", "path,label\n\"a.wav\" , \"x, y\" \nb.wav, \"z\"\nc.wav, u\n",
           "a.wav|x, y|||ok\nb.wav|z|||ok\nc.wav| u|||ok\n");
}

/* ---- separators ---- */

static void separators(void **state) {
    (void)state;
    static const char *const names[] = {"m.csv", "m.tsv", "m.txt", "m.psv", "m.tab", "m.list"};
    static const char separators[] = ",\t;|";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (const char *separator = separators; *separator != '\0'; separator++) {
            char list[64];
            snprintf(list, sizeof list, "label%cpath\nx%ca.wav\ny%cb.wav\n", *separator, *separator,
                     *separator);
            expect(names[i], list, "a.wav|x|||ok\nb.wav|y|||ok\n");
        }
    expect_reading("m.csv", "path;label\na,b.wav;x\n",
                   "m.csv is read with columns separated by ';'");
    expect_reading("m.csv", "path\tlabel\na.wav\tx\n", "columns separated by tabs");
    expect_reading("m.tsv", "path,label\na.wav,x\n", "columns separated by commas");
    expect_reading("m.csv", "path,label\na;b.wav,x|y\n", "");
    expect("m.csv", "sep=;\r\npath;label\r\na,1.wav;x\r\n", "a,1.wav|x|||ok\n");
    expect("m.csv", "sep=:\npath:label\na.wav:x\n", "a.wav|x|||ok\n");
    /* Names that are not known: the columns are listed. */
    expect_words("m.csv", "sound;genre;n\na.ogx;x;1\nb.ogx;y;2\n", "there are: sound, genre, n;");
    /* The options' names and numbers decide, too. */
    struct input_options options = {.path_column = "sound", .label_column = "2"};
    seen_expect(test_folder, "m.csv", &options, "a.ogx|x|||ok\nb.ogx|y|||ok\n");
    options.path_column = "1";
    seen_expect(test_folder, "m.csv", &options, "a.ogx|x|||ok\nb.ogx|y|||ok\n");
    options.path_column = "4";
    seen_expect_words(test_folder, "m.csv", &options, "no column '4' for --path-column");
    write_list("real/first.wav", "");
    expect("real/m.txt", "first.wav 17\nnext.wav 18\n", "first.wav|17|||ok\nnext.wav|18|||ok\n");
    seen_expect_reading(test_folder, "real/m.txt", &plain,
                        "columns separated by spaces and no header line");
}

/* ---- encodings ---- */

/* "path\tlabel", then clips, one with a character beyond 16 bits, in UTF-16. */
static size_t make_utf16(uint8_t *bytes, bool big, const uint16_t *units, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bytes[2 * i + big] = (uint8_t)units[i];
        bytes[2 * i + !big] = (uint8_t)(units[i] >> 8);
    }
    return 2 * count;
}

static void utf16(void **state) {
    (void)state;
    static const uint16_t units[] = {
        0xfeff, 'p',    'a',  't',  'h',    '\t',   'l',  'a',    'b',    'e',    'l',  '\r',
        '\n',   'a',    '\t', 'x',  0xd83c, 0xdfb5, '\n', 'b',    '\t',   0xd83c, '\n', 'c',
        '\t',   0xdfb5, 0xe9, '\n', 'd',    0x2603, '\t', 0xd800, 0xd83c, 0xdfb5};
    static const char clips[] = "a|x\xf0\x9f\x8e\xb5|||ok\nb|\xef\xbf\xbd|||ok\n"
                                "c|\xef\xbf\xbd\xc3\xa9|||ok\n"
                                "d\xe2\x98\x83|\xef\xbf\xbd\xf0\x9f\x8e\xb5|||ok\n";
    uint8_t bytes[256];
    for (size_t mark = 0; mark < 2; mark++)
        for (size_t big = 0; big < 2; big++) {
            size_t size =
                make_utf16(bytes, big == 1, units + mark, sizeof units / sizeof units[0] - mark);
            test_file_write(test_path(test_folder, "m.txt"), bytes, size);
            seen_expect(test_folder, "m.txt", &plain, clips);
            gzFile packed = gzopen(test_path(test_folder, "m.csv.gz"), "wb");
            assert_int_equal(gzwrite(packed, bytes, (unsigned)size), size);
            gzclose(packed);
            seen_expect(test_folder, "m.csv.gz", &plain, clips);
        }
    /* Cut in the middle of a character. */
    size_t size = make_utf16(bytes, false, units, 17);
    test_file_write(test_path(test_folder, "m.csv"), bytes, size - 1);
    seen_expect(test_folder, "m.csv", &plain, "a|x\xef\xbf\xbd|||ok\n");
    test_file_write(test_path(test_folder, "m.csv"), "\xff\xfe\0\0p\0\0\0", 8);
    seen_expect_words(test_folder, "m.csv", &plain, "m.csv: the text is UTF-32; save it as UTF-8");
    test_file_write(test_path(test_folder, "m.csv"), "p\0\0\0,\0\0\0", 8);
    seen_expect_words(test_folder, "m.csv", &plain, "the text is UTF-32");
    test_file_write(test_path(test_folder, "m.csv"), "\xff\xfe", 2);
    seen_expect_words(test_folder, "m.csv", &plain, "empty; the first row must name the columns");
    /* JSON lines are text, too, and the metadata of an audiofolder is recognised. */
    static const char lines[] = "{\"path\":\"a\",\"label\":\"x\"}\n";
    uint16_t wide[64];
    for (size_t i = 0; i < sizeof lines - 1; i++) wide[i] = (uint8_t)lines[i];
    size = make_utf16(bytes, false, wide, sizeof lines - 1);
    test_file_write(test_path(test_folder, "m.jsonl"), bytes, size);
    seen_expect(test_folder, "m.jsonl", &plain, "a|x|||ok\n");
    static const char metadata[] = "file_name,label\na.wav,x\n";
    for (size_t i = 0; i < sizeof metadata - 1; i++) wide[i] = (uint8_t)metadata[i];
    size = make_utf16(bytes, true, wide, sizeof metadata - 1);
    test_file_write(test_path(test_folder, "wide/metadata.csv"), bytes, size);
    seen_expect(test_folder, "wide", &plain, "a.wav|x|||ok\n");
}

/* ---- comments and headers ---- */

static void comments(void **state) {
    (void)state;
    write_list("c/#1.wav", "");
    static const char list[] = "# made by hand, in May\n#\n# path,label\n\na.wav,x\n#b.wav,y\n"
                               "#1.wav,z\n# \"the rest\n\"#c.wav\",x\nd.wav,#x\n";
    write_list("c/m.csv", list);
    seen_expect(test_folder, "c/m.csv", &plain,
                "a.wav|x|||ok\n#1.wav|z|||ok\n#c.wav|x|||ok\nd.wav|#x|||ok\n");
    seen_expect_reading(test_folder, "c/m.csv", &plain,
                        "m.csv is read with the last line that begins with # as its header");
    seen_expect_reading(test_folder, "c/m.csv", &plain, "lines that begin with # are skipped: 4");
    expect("c/n.csv", "# path, label: see below\npath,label\na.wav,x\n", "a.wav|x|||ok\n");
    expect("c/n.csv", "#path;label\na.wav;x\n", "a.wav|x|||ok\n");
    expect("c/n.csv", "#1.wav,x\n#2.wav,y\nb.wav,z\n", "#1.wav|x|||ok\nb.wav|z|||ok\n");
    expect_words("c/n.csv", "# only\n# comments\n", "empty; the first row must name the columns");
}

static void without_a_header(void **state) {
    (void)state;
    write_list("h/one", "");
    write_list("h/two.xyz", "");
    expect("h/m.csv", "one,x\nmissing,y\n", "one|x|||ok\nmissing|y|||ok\n");
    seen_expect_reading(test_folder, "h/m.csv", &plain,
                        "m.csv is read with no header line: its first line is a clip, the path is "
                        "column 1 and the label column 2");
    expect("h/m.csv", "x;two.xyz\ny;one\n", "two.xyz|x|||ok\none|y|||ok\n");
    /* The first file is missing, but is called like a sound. */
    expect("h/m.tsv", "x\tnone.flac\ny\tone\n", "none.flac|x|||ok\none|y|||ok\n");
    /* A row that holds usual names is a clip if its file is there. */
    expect("h/m.csv", "one,audio\ntwo.xyz,path\n", "one|audio|||ok\ntwo.xyz|path|||ok\n");
    expect_words("h/m.csv", "one,x,ann\ntwo.xyz,y,bob\n",
                 "which column is the label? It has no header line, its first line is a clip; give "
                 "--label-column with a number, 1 to 3, or --label-pattern");
    struct input_options options = {.label_column = "2", .group_field = "3"};
    seen_expect(test_folder, "h/m.csv", &options, "one|x|ann||ok\ntwo.xyz|y|bob||ok\n");
    options = (struct input_options){.path_column = "1", .label_column = "3"};
    seen_expect(test_folder, "h/m.csv", &options, "one|ann|||ok\ntwo.xyz|bob|||ok\n");
    options.label_column = "4";
    seen_expect_words(test_folder, "h/m.csv", &options, "no column '4' for --label-column");
    /* Names of files alone, as validation_list.txt of Speech Commands has them. */
    write_list("h/yes/a_nohash_0.wav", "");
    write_list("h/m.txt", "yes/a_nohash_0.wav\nno/b_nohash_1.wav\n");
    options = (struct input_options){.label_pattern = "{label}/{name}.wav"};
    seen_expect(test_folder, "h/m.txt", &options,
                "yes/a_nohash_0.wav|yes|||ok\nno/b_nohash_1.wav|no|||ok\n");
    seen_expect_words(test_folder, "h/m.txt", &plain, "which column is the label?");
}

/* ---- cells ---- */

static void other_numbers_of_cells(void **state) {
    (void)state;
    expect("m.csv", "path,label,\na.wav,x\nb.wav,y,\nc.wav,z,,,\nd.wav,x,1,2\ne.wav\n",
           "a.wav|x|||ok\nb.wav|y|||ok\nc.wav|z|||ok\nd.wav|x|||bad_row\ne.wav||||bad_row\n");
    expect("m.csv", "path,label\na.wav,x,,\n\"b.wav\",\"y\nz\",\nc.wav,x,1\n",
           "a.wav|x|||ok\nb.wav|y\nz|||ok\nc.wav|x|||bad_row\n");
    expect("m.csv", "path,label\r\ra.wav,x\rb.wav,y", "a.wav|x|||ok\nb.wav|y|||ok\n");
    /* Spaces around a path, unless the file has them. */
    write_list("s/ b.wav", "");
    expect("s/m.csv", "label, path\nx, a.wav \ny, b.wav\n", "a.wav|x|||ok\n b.wav|y|||ok\n");
}

static void nul_bytes(void **state) {
    (void)state;
    static const char list[] = "path,label\na.wav,x\nb\0.wav,y\nc.wav,\0\0\nd.wav,y\n";
    test_file_write(test_path(test_folder, "m.csv"), list, sizeof list - 1);
    seen_expect(test_folder, "m.csv", &plain,
                "a.wav|x|||ok\nb\xef\xbf\xbd.wav|y|||bad_row\n"
                "c.wav|\xef\xbf\xbd\xef\xbf\xbd|||bad_row\nd.wav|y|||ok\n");
    test_file_write(test_path(test_folder, "m.csv"), "path,la\0bel\na.wav,x\n", 20);
    seen_expect_words(test_folder, "m.csv", &plain, "line 1 holds a NUL byte");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pandas_reads_them),
        cmocka_unit_test(stray_quotes_are_said),
        cmocka_unit_test(quoted_lines_stay_cells),
        cmocka_unit_test(separators),
        cmocka_unit_test(utf16),
        cmocka_unit_test(comments),
        cmocka_unit_test(without_a_header),
        cmocka_unit_test(other_numbers_of_cells),
        cmocka_unit_test(nul_bytes),
    };
    return cmocka_run_group_tests_name("tables", tests, test_folder_begin, test_folder_end);
}
