/* Lists of JSON in every layout: arrays, objects over several lines, one object that holds the
 * clips; damaged ones; and the objects that Python's json reads. */
#include "host/base/json_lines.h"
#include "host/lists/input.h"
#include "host/lists/json_members.h"
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* Reads `content`: a line for each clip, "path|label|status|reason", with "id=" before it where it
 * is not the path; then "=" and how it was read; "!" and the error. */
static void list_clips(const char *content, const struct input_options *options,
                       struct text *found) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text id = TEXT_INITIAL;
    const char *path = test_path(test_folder, "m.json");
    test_file_write(path, content, strlen(content));
    text_string(found, "");
    if (input_open(path, options, &input, &error) != ERROR_NONE)
        text_format(found, "!%s\n", strstr(error.message, "m.json"));
    for (size_t i = 0; error.code == ERROR_NONE && i < input.clips.count; i++) {
        const char *name = clip_path(&input.clips, i), *own = clip_id(&input.clips, i, &id);
        const char *label = clip_label(&input.clips, i), *reason = clip_reason(&input.clips, i);
        if (strcmp(name, own) != 0) text_format(found, "%s=", own);
        text_format(found, "%s|%s|%s%s%s\n", name, label == NULL ? "" : label,
                    clip_status_name(input.clips.clips[i].status), reason[0] == '\0' ? "" : "|",
                    reason);
    }
    if (error.code == ERROR_NONE && input.reading.length > 0)
        text_format(found, "=%s\n", strstr(input.reading.data, "m.json"));
    text_free(&id);
    collection_close(&input);
}

static void expect_options(const char *content, const struct input_options *options,
                           const char *expected) {
    struct text found = TEXT_INITIAL;
    list_clips(content, options, &found);
    assert_string_equal(found.data, expected);
    text_free(&found);
}

static void expect(const char *content, const char *expected) {
    const struct input_options options = {0};
    expect_options(content, &options, expected);
}

static void layouts(void **state) {
    (void)state;
    static const char two[] = "a.wav|x|ok\nb.wav|y|ok\n";
    static const char *const lists[] = {
        "[{\"path\":\"a.wav\",\"label\":\"x\"},{\"path\":\"b.wav\",\"label\":\"y\"}]",
        "\xef\xbb\xbf [ {\"path\":\"a.wav\",\"label\":\"x\"} "
        ",\r\n{\"path\":\"b.wav\",\"label\":\"y\"}\r\n]\r\n",
        "[\n  {\n    \"path\": \"a.wav\",\n    \"label\": \"x\"\n  },\n"
        "  {\n    \"path\": \"b.wav\",\n    \"label\": \"y\"\n  }\n]\n",
        "[\n{\n\"path\":\n\"a.wav\",\n\"x\":[\n{\n}\n],\n\"label\": \"x\"\n},\n{\n\"path\": "
        "\"b.wav\", \"label\": \"y\"}]",
        "{\n  \"path\": \"a.wav\",\n  \"label\": \"x\"\n}\n{\n  \"path\": \"b.wav\",\n  \"label\": "
        "\"y\"\n}\n",
        "{\"path\":\"a.wav\",\"label\":\"x\"},\n{\"path\":\"b.wav\",\"label\":\"y\"},\n",
        "{\"path\":\"a.wav\",\"label\":\"x\"}{\"path\":\"b.wav\",\"label\":\"y\"}",
        "[{\"path\":\"a.wav\",\"label\":\"x\"}]\n[{\"path\":\"b.wav\",\"label\":\"y\"},]",
        "{\"path\":\"a.wav\",\"label\":\"x\"}\n{\"path\":\"b.wav\",\"label\":\"y\"}",
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) expect(lists[i], two);
    expect("[{\"path\":\"a.wav\",\"label\":\"NaN\\\"\",\"age\":NaN,\"x\":[-Infinity]}]",
           "a.wav|NaN\"|ok\n");
    expect("{\"audio\":{\"path\":\"a.wav\",\"bytes\":null},\"label\":3}", "a.wav|3|ok\n");
    expect("{\n  \"path\": \"a.wav\",\n  \"label\": \"[}\\\"{\"\n}\n", "a.wav|[}\"{|ok\n");
}

static void objects(void **state) {
    (void)state;
    expect("{\"version\": 1, \"data\": [{\"path\":\"a.wav\",\"label\":\"x\"}, {\"path\":\"b.wav\","
           "\"label\":\"y\"}], \"classes\": [{\"name\": \"x\"}, {\"name\": \"y\"}]}",
           "a.wav|x|ok\nb.wav|y|ok\n=m.json is one JSON object: its list 'data' is read, other "
           "members are not (2: 'version', 'classes')\n");
    expect("{\n  \"annotations\": [\n    {\"path\":\"a.wav\",\"label\":\"x\"}\n  ]\n}\n",
           "a.wav|x|ok\n=m.json is one JSON object: its list 'annotations' is read\n");
    expect(
        "{\"train\": [{\"path\":\"a.wav\",\"label\":\"x\"}], \"test\": [{\"path\":\"b.wav\"}]}",
        "!m.json: its members 'train' and 'test' are both lists of clips; save the one to read as "
        "a file of its own\n");
    expect("{\"a.wav\": \"dog\", \"b/c.flac\": \"cat\"}",
           "a.wav|dog|ok\nb/c.flac|cat|ok\n"
           "=m.json is one JSON object: each member is read as a clip, its name as the path\n");
    expect("{\"a.wav\": {\"label\": \"dog\"}, \"b.wav\": {\"label\": \"cat\"}, \"c\": 3}",
           "a.wav|dog|ok\nb.wav|cat|ok\nline 1, entry 3=||bad_row|line 1, entry 3: the member 'c' "
           "has no path and names no sound file\n"
           "=m.json is one JSON object: each member is read as a clip, its name as the path\n");
    expect(
        "{\"a.wav\": [{\"offset\": 0, \"duration\": 1, \"label\": \"x\"},\n"
        "{\"offset\": 1, \"duration\": 2, \"label\": \"y\"}]}",
        "a.wav#t=0,1=a.wav|x|ok\na.wav#t=1,3=a.wav|y|ok\n"
        "=m.json is one JSON object: each member is read as a clip, its name as the path; 2 of 2 "
        "clips are segments of files, from 'offset' and 'duration'\n");
    expect("{\"u\": {\"wav\": \"a.wav\", \"spk_id\": 3}}",
           "!m.json: no column with the label; there are: wav, spk_id; name it with "
           "--label-column\n");
    /* what SpeechBrain writes */
    const struct input_options speaker = {.label_column = "spk_id"};
    expect_options(
        "{\n  \"utt1\": {\n    \"wav\": \"{data_root}/s/x.wav\",\n    \"length\": 1.5,\n"
        "    \"spk_id\": \"12\"\n  },\n  \"utt2\": {\n    \"wav\": "
        "\"{data_root}/y.wav\",\n    \"length\": 2,\n    \"spk_id\": \"13\"\n  }\n}\n",
        &speaker,
        "utt1=s/x.wav|12|ok\nutt2=y.wav|13|ok\n"
        "=m.json is one JSON object: each member is read as a clip, its name as the id\n");
    expect(
        "{\"path\": {\"0\": \"a.wav\"}, \"label\": {\"0\": \"x\"}}",
        "!m.json: one JSON object, none of whose members is a list of clips with 'path', a clip "
        "with it, or the name of a sound file ('path', 'label'); save one object a clip (pandas: "
        "to_json with orient='records')\n");
    expect(
        "{\"info\": {}, \"a.wav\": \"dog\"}",
        "!m.json: one JSON object, whose member 'a.wav' is a clip, but not the members before it "
        "(1: 'info'); save the clips as one array, or as a file of JSON lines\n");
}

/* What is damaged costs its object, wherever brackets or lines show the next one. */
static void damaged(void **state) {
    (void)state;
    static const char *const broken[] = {"{\"path\":\"q.wav\" \"label\":\"x\"}",
                                         "{\"path\":\"q.wav, \"label\":\"x\"}",
                                         "{\"path\":\"q.wav\",\"label\":\"x\"",
                                         "{'path':'q.wav','label':'x'}",
                                         "[{\"path\":\"q.wav\"}]",
                                         "\"q.wav\"",
                                         "null",
                                         "}",
                                         "nonsense"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct text list = TEXT_INITIAL, found = TEXT_INITIAL;
        const struct input_options options = {0};
        text_format(&list,
                    "[\n{\"path\":\"a.wav\",\"label\":\"x\"},\n%s,\n"
                    "{\"path\":\"b.wav\",\"label\":\"y\"}\n]\n",
                    broken[i]);
        list_clips(list.data, &options, &found);
        const char *rest = strchr(found.data, '\n') + 1;
        if (strncmp(found.data, "a.wav|x|ok\n", 11) != 0 ||
            strncmp(rest, "line 3, entry 2=||bad_row|line 3, entry 2: not ", 47) != 0 ||
            strcmp(strchr(rest, '\n'), "\nb.wav|y|ok\n") != 0)
            fail_msg("%s: %s", broken[i], found.data);
        text_free(&list);
        text_free(&found);
    }
    expect("[\n  {\n    \"path\": \"a.wav,\n    \"label\": \"x\"\n  },\n  {\n    \"path\": "
           "\"b.wav\",\n"
           "    \"label\": \"y\"\n  },\n  {\n    \"path\": \"c.wav\"\n\n  {\n    \"path\": "
           "\"d.wav\",\n"
           "    \"label\": \"z\"\n  }\n]\n",
           "line 2, entry 1=||bad_row|line 2, entry 1: not JSON: unexpected newline near "
           "'\"a.wav,'\nb.wav|y|ok\n"
           "line 10, entry 3=||bad_row|line 10, entry 3: not JSON: '}' expected near end of file\n"
           "d.wav|z|ok\n");
    expect(
        "[{\"path\":\"a.wav\",\"label\":\"x\"},{\"path\":\"b.wav\",\"la",
        "a.wav|x|ok\nline 1, entry 2=||bad_row|line 1, entry 2: the file ends inside this value: "
        "it lacks a bracket or a quote, or is cut off\n");
    expect(
        "[{\"path\":\"a.wav\",\"label\":\"x\"},\n",
        "a.wav|x|ok\nline 2, entry 1=||bad_row|line 2, entry 1: the file ends inside its array: it "
        "lacks a ']', or is cut off\n");
    expect("{\"data\": [\n{\"path\":\"a.wav\",\"label\":\"x\"},\n{\"path\" \"b.wav\"},\n"
           "{\"path\":\"c.wav\",\"label\":\"x\"}]\n",
           "a.wav|x|ok\nline 3, entry 2=||bad_row|line 3, entry 2: not JSON: ':' expected near "
           "'\"b.wav\"'\nc.wav|x|ok\nline 5, entry 3=||bad_row|line 5, entry 3: the file ends "
           "inside its "
           "object: it lacks a '}', or is cut off\n=m.json is one JSON object: its list 'data' is "
           "read\n");
    /* JSON lines whose first is damaged are still lines */
    expect("{\"path\":\"a.wav\",\"label\":\n{\"path\":\"b.wav\",\"label\":\"y\"}\n",
           "line 1=||bad_row|line 1: not JSON: unexpected token near end of file\nb.wav|y|ok\n");
    expect("[1]\n{\"path\":\"b.wav\",\"label\":\"y\"}\n",
           "line 1=||bad_row|line 1: not a JSON object\nb.wav|y|ok\n");
}

/* A long array costs the memory of one object; one element is longer than that. */
static void long_array(void **state) {
    (void)state;
    struct json_lines lines = {.name = "long.json"};
    struct error error = ERROR_INITIAL;
    FILE *file = tmpfile();
    size_t objects = 0, problems = 0;
    bool end = false;
    fputs("[", file);
    for (size_t i = 0; i < 40000; i++) {
        fprintf(file, "%s\n  {\"path\": \"%zu.wav\", \"x\": \"", i == 0 ? "" : ",", i);
        for (size_t k = 0; i == 20000 && k < JSON_LINES_MAXIMUM; k++) putc('y', file);
        fputs("\", \"label\": \"some label of it\", \"more\": [1, 2, {\"x\": null}]}", file);
    }
    fputs("\n]\n", file);
    rewind(file);
    lines.stream = file;
    while (json_lines_next(&lines, &end, &error) == ERROR_NONE && !end) {
        objects += lines.object != NULL;
        problems += lines.object == NULL && strcmp(lines.problem, "longer than 1 MiB") == 0 &&
                    lines.line == 20002;
        assert_true(lines.source.ahead.capacity + lines.cut.bytes.capacity <= 5 << 20);
    }
    assert_int_equal(error.code, ERROR_NONE);
    assert_int_equal(objects, 39999);
    assert_int_equal(problems, 1);
    json_lines_close(&lines);
    fclose(file);
}

/* One line that is longer than what is looked at first. */
static void long_object(void **state) {
    (void)state;
    const struct input_options options = {0};
    struct text list = TEXT_INITIAL, found = TEXT_INITIAL;
    const char *before = "{";
    for (size_t i = 0; list.length < 3 << 20; i++, before = ",")
        text_format(&list, "%s\"%zu.wav\":\"%zu\"", before, i, i % 2);
    text_string(&list, "}");
    list_clips(list.data, &options, &found);
    if (strncmp(found.data, "0.wav|0|ok\n1.wav|1|ok\n", 22) != 0) fail_msg("%.200s", found.data);
    text_clear(&list);
    text_clear(&found);
    text_string(&list, "{\"path\":\"a.wav\",\"samples\":[{\"x\":0}");
    while (list.length < 2 << 20) text_string(&list, ",0.25");
    text_string(&list, "]}\n{\"path\":\"b.wav\",\"label\":\"x\"}\n");
    list_clips(list.data, &options, &found);
    assert_string_equal(found.data, "line 1=||bad_row|line 1: longer than 1 MiB\nb.wav|x|ok\n");
    text_free(&list);
    text_free(&found);
}

/* The layouts of Python's json have the objects of the same file as JSON lines. */
static void same_objects(void **state) {
    (void)state;
    static const char *const names[] = {"line",    "utf8",    "pretty", "tabs",
                                        "column0", "objects", "member"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        bool end = false;
        struct error error = ERROR_INITIAL;
        struct json_members members = {.path_names = (const char *const[]){"path", NULL}};
        snprintf(path, sizeof path, "tests/golden/lists_json/arrays/%s.json", names[i]);
        struct json_lines one = {.stream = fopen(path, "r"),
                                 .name = path,
                                 .holds_rows = json_members_hold,
                                 .context = &members};
        struct json_lines other = {
            .stream = fopen("tests/golden/lists_json/arrays/objects.jsonl", "r"), .name = "lines"};
        assert_non_null(one.stream);
        assert_non_null(other.stream);
        for (size_t count = 0;; count++) {
            assert_int_equal(json_lines_next(&other, &end, &error), ERROR_NONE);
            if (end) {
                assert_int_equal(count, 40);
                break;
            }
            do assert_int_equal(json_lines_next(&one, &end, &error), ERROR_NONE);
            while (one.member != NULL && !one.in_array);
            assert_non_null(other.object);
            assert_true(json_equal(one.object, other.object));
        }
        while (!end) json_lines_next(&one, &end, &error);
        fclose(one.stream);
        fclose(other.stream);
        json_lines_close(&one);
        json_lines_close(&other);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),    cmocka_unit_test(objects),      cmocka_unit_test(damaged),
        cmocka_unit_test(long_array), cmocka_unit_test(same_objects), cmocka_unit_test(long_object),
    };
    return cmocka_run_group_tests_name("JSON lists", tests, test_folder_begin, test_folder_end);
}
