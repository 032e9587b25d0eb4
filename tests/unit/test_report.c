/* report.html: a self-contained page that plays the first clips, and in which no name is
 * executed. */
#include "host/base/utf8.h"
#include "host/output/files.h"
#include "host/report/read.h"
#include "host/report/report.h"
#include "tests/support/compare.h"
#include "tests/support/made_run.h"
#include "tests/support/sound_bytes.h"
#include "tests/support/test_decoders.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* ---- helpers ---- */

static char *make_page(const struct made_run *made, struct report_sounds *sounds) {
    struct error error = ERROR_INITIAL;
    size_t size = 0;
    run_write_tables(&made->out_folder, &made->results, &error);
    report_write(&made->out_folder, &made->results, test_decoders, sounds, &error);
    assert_no_error(&error);
    char *page = made_run_file(made, "report.html", &size);
    assert_int_equal(strlen(page), size);
    return page;
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) found++;
    return found;
}

static void assert_count(const char *page, const char *part, size_t expected) {
    size_t found = count(page, part);
    if (found != expected) fail_msg("'%s' is there %zu times, not %zu", part, found, expected);
}

/* Every clip that can be heard is there once, with its picture. Their number. */
static size_t check_media(const char *page) {
    static bool seen[4096];
    size_t found = 0;
    memset(seen, 0, sizeof seen);
    for (const char *at = strstr(page, "<li "); at != NULL; at = strstr(at + 1, "<li ")) {
        const char *row = strstr(at, " data-row=\"");
        if (row == NULL || row > strchr(at, '>')) continue;
        size_t number = strtoul(row + 11, NULL, 10);
        assert_true(number < sizeof seen && !seen[number]);
        seen[number] = true;
        found++;
    }
    assert_count(page, "<audio ", found);
    assert_count(page, "<svg class=\"waveform\" data-peak=\"", found);
    assert_count(page, " src=\"data:audio/", found);
    assert_count(page, " src=\"data:image/png;base64,", found);
    assert_count(page, " src=\"", 2 * found);
    return found;
}

static int digit_of(char digit) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)(found - digits);
}

/* The bytes of the data: URI at `uri`, up to the quote that ends it. */
static struct sound_bytes from_base64(const char *uri) {
    const char *at = strstr(uri, ";base64,");
    assert_non_null(at);
    at += 8;
    size_t length = strcspn(at, "\"");
    assert_int_equal(length % 4, 0);
    struct sound_bytes bytes = {calloc(length, 1), 0, 0};
    assert_non_null(bytes.data);
    for (size_t i = 0; i < length; i += 4) {
        uint32_t bits = 0;
        size_t padding = 0;
        for (size_t j = 0; j < 4; j++) {
            int digit = at[i + j] == '=' ? 0 : digit_of(at[i + j]);
            assert_true(digit >= 0);
            padding += at[i + j] == '=';
            bits = bits << 6 | (uint32_t)digit;
        }
        assert_true(padding == 0 || i + 4 == length);
        for (size_t j = 0; j < 3 - padding; j++)
            bytes.data[bytes.size++] = (unsigned char)(bits >> (16 - 8 * j));
    }
    return bytes;
}

/* ---- the page ---- */

static void test_sound_in_page(void **state) {
    (void)state;
    struct made_run made;
    struct report_sounds sounds;
    made_run_make(
        &made, &(struct made_settings){.clips = 560, .issues = 520, .classes = 10, .sounds = true});
    char *page = make_page(&made, &sounds);
    assert_int_equal(sounds.played, 500);
    assert_int_equal(sounds.missing, 0);
    assert_count(page, "<li class=\"issue\" data-row=\"", 500);
    assert_count(page, "<td class=\"label suggested\"><bdi>", 20);
    assert_count(page, "<noscript>", 1); /* around them */
    size_t others = count(page, "<li class=\"other\"");
    assert_true(others > 30 && others <= 60);
    assert_int_equal(check_media(page), 500 + others);
    assert_true(count(page, "data-top=\"4000\"") >= (500 + others) / 3);
    assert_count(page, "<code>earmark review OUT</code>", 1);
    /* The first clips have 8, 16 and 44.1 kHz: the first two are unchanged. */
    const char *at = page;
    for (size_t row = 0; row < 3; row++) {
        char path[512];
        struct sound_bytes bytes;
        size_t frames = 0;
        int rate = 0;
        at = strstr(at + 1, " src=\"data:audio/");
        bytes = from_base64(at);
        short *samples = sound_bytes_decode(&bytes, &frames, &rate);
        assert_int_equal(rate, row == 0 ? 8000 : row == 1 ? 16000 : 22050);
        snprintf(path, sizeof path, "%s/folder %zu/clip_%05zu.wav", made.root, row % 7, row);
        SF_INFO info = {.format = 0};
        SNDFILE *file = sf_open(path, SFM_READ, &info);
        assert_non_null(file);
        short *original = calloc((size_t)info.frames, sizeof *original);
        assert_int_equal(sf_read_short(file, original, info.frames), info.frames);
        assert_int_equal(frames, row == 2 ? info.frames / 2 : info.frames);
        if (row < 2) assert_memory_equal(samples, original, frames * sizeof *samples);
        sf_close(file);
        free(original);
        free(samples);
        free(bytes.data);
    }
    free(page);
    made_run_free(&made);
}

static int hexadecimal(char digit) {
    return digit >= '0' && digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

/* Every link leads to a place in the page or to an existing file. */
static void check_links(const char *page, size_t files) {
    size_t found = 0;
    for (const char *at = strstr(page, "href=\""); at != NULL; at = strstr(at + 1, "href=\"")) {
        char path[1024];
        const char *url = at + 6;
        size_t length = strcspn(url, "\"");
        assert_true(length < 512);
        if (url[0] == '#' || strncmp(url, "data:,\"", 7) == 0) continue; /* the icon */
        /* The clips are beside the page's folder: an absolute link, which survives a move. */
        size_t used = 0;
        assert_int_equal(strncmp(url, "file:///", 8), 0);
        url += 7;
        length -= 7;
        for (size_t i = 0; i < length; i++) {
            if (url[i] != '%') {
                /* No scheme, no query, no fragment, no end of the attribute. */
                assert_null(strchr(":?#<>&'\\ ", url[i]));
                path[used++] = url[i];
            } else {
                path[used++] = (char)(hexadecimal(url[i + 1]) * 16 + hexadecimal(url[i + 2]));
                i += 2;
            }
        }
        path[used] = '\0';
        if (access(path, R_OK) != 0) fail_msg("the link %.*s leads nowhere", (int)length, url);
        found++;
    }
    assert_int_equal(found, files);
}

/* No part of a name acts as markup, style, script or an external link. */
static void test_hostile_names(void **state) {
    (void)state;
    struct made_run made;
    struct report_sounds sounds;
    made_run_make(&made, &(struct made_settings){.clips = 80,
                                                 .issues = 60,
                                                 .classes = 25,
                                                 .hostile = true,
                                                 .sounds = true,
                                                 .detector = true});
    char *page = make_page(&made, &sounds);
    assert_int_equal(sounds.played, 60);
    /* 60 issues, their 5 neighbours each but 3 for the second, the copies of 12, 2 clips not
     * audited. */
    size_t links = 60 + 60 * 5 - 2 + 12 + 2;
    /* Every clip with an audio fault, and its twin. */
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
        links +=
            made.results.audio_fault_counts[i] * (i == AUDIO_FAULT_IDENTICAL_OTHER_LABEL ? 2 : 1);
    check_links(page, links + count(page, "<li class=\"other\""));
    assert_count(page, "<script", 2);
    assert_count(page, "</script", 2);
    assert_count(page, "<img", check_media(page));
    assert_count(page, "<img src", 0);
    assert_count(page, "<b>3 files", 0);
    assert_count(page, "<b>=my", 0);
    assert_count(page, "<li><bdi>&lt;b&gt;=my, &quot;view&quot;.npy\\xff</bdi>: logistic", 59);
    assert_count(page, "More than a third &lt;i&gt;is&lt;/i&gt; flagged\\x1b[31m.", 1);
    assert_count(page, "&lt;b&gt;3 files&lt;/b&gt; of the folder are no audio\\x1b[0m", 1);
    assert_count(page, "http:", 0);
    assert_count(page, "https:", 0);
    assert_count(page, "href=\"javascript", 0);
    assert_true(count(page, "&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") > 3);
    assert_true(count(page, "not\\xff\\xfeutf8") > 3);
    for (const char *at = page; *at != '\0';) {
        size_t length = utf8_length(at);
        assert_true(length > 0);
        assert_true(*at == '\n' || !utf8_is_hidden(utf8_point(at, length)));
        at += length;
    }
    free(page);
    made_run_free(&made);
}

static void test_missing_files(void **state) {
    (void)state;
    struct made_run made;
    struct report_sounds sounds;
    made_run_make(&made, &(struct made_settings){.clips = 30, .issues = 12, .classes = 3});
    char *page = make_page(&made, &sounds);
    assert_int_equal(sounds.played, 0);
    /* The issues, and all others as clips to compare them with. */
    assert_int_equal(sounds.missing, 30);
    assert_count(page, "<audio ", 0);
    assert_count(page, "The sound is not in the page: ", 30);
    free(page);
    made_run_free(&made);
}

/* Sets in place of classes, and a sentence that names the wrong or missing label. */
static void test_multilabel(void **state) {
    (void)state;
    struct made_run made;
    struct report_sounds sounds;
    made_run_make(&made, &(struct made_settings){.clips = 560, .issues = 510, .classes = 12});
    made_run_take_sets(&made);
    char *page = make_page(&made, &sounds);
    assert_count(page, "probably wrong: <bdi>", REPORT_PLAYED_ISSUES);
    assert_count(page, "), probably missing: <bdi>", REPORT_PLAYED_ISSUES);
    assert_count(page, "<span class=\"suggested\"><bdi>(none)</bdi>", 1);
    assert_count(page, "\"suggested\":[],", 1);
    assert_count(page, "<p class=\"scores\">probability of the given label", 0);
    assert_count(page, "<h2 id=\"joint\"", 0);
    assert_count(page, "<h2 id=\"pairs\"", 0);
    assert_count(page, "the share of clips whose labels all are right", 1);
    assert_count(page, "clips with this label that should not have it", 1);
    free(page);
    made_run_free(&made);
}

/* Cautions before the figures, one estimate, marks and evidence of each issue, groups, recall. */
static void test_detector(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){
                             .clips = 300, .issues = 210, .classes = 10, .detector = true});
    char *page = make_page(&made, NULL);
    const char *caution = strstr(page, "<li>Balanced accuracy 0.20 of 5 classes: ");
    assert_non_null(caution);
    assert_true(caution < strstr(page, "<dl class=\"facts\">"));
    assert_count(page, "<dt>Overall label health</dt>", 0);
    assert_count(page,
                 "<p>About 211 labels are wrong (95% interval: 203 to 250): 207 of the 210 "
                 "flagged, and 4 that are not flagged; 28.0% are right.</p>",
                 1);
    assert_count(page, "<dt>Balanced accuracy</dt><dd>0.97 <small>chance 0.10, largest class", 1);
    /* One of four fits no class, one of five is certain, also beyond those that are played. */
    assert_count(page, "<b class=\"none\">none of the classes</b>", 52);
    assert_count(page, "<p class=\"mark\"><b>Certain:</b> <a href=\"", 42);
    assert_count(page, "\"none\":true,\"certain\":true,", 10);
    assert_count(page, "<ul class=\"evidence\">", 209);
    assert_count(page,
                 "<li><bdi>xvector</bdi>: logistic 2% → 91%, discriminant 1% → 95%, 17 of 20 "
                 "neighbours labelled <bdi>",
                 175);
    assert_count(page, "<h2 id=\"groups\"", 1);
    assert_count(page, "<bdi>anna</bdi></th><td class=\"label given\">", 2);
    assert_count(page, ">14 of 15</td>", 1);
    assert_count(page, ">Recall</th>", 1);
    free(page);
    made.results.group_error_count = 0;
    made.results.error_count.estimated = false;
    page = make_page(&made, NULL);
    assert_count(page, "No group has many labels that look wrong.", 1);
    assert_count(page, "<dt>Overall label health</dt>", 1);
    free(page);
    made_run_free(&made);
    made_run_make(&made, &(struct made_settings){
                             .clips = 560, .issues = 520, .classes = 10, .detector = true});
    page = make_page(&made, NULL);
    assert_count(page, "<b class=\"mark\">certain</b>", 4);
    free(page);
    made_run_free(&made);
}

static void test_no_issues(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 20, .issues = 0, .classes = 2});
    char *page = make_page(&made, NULL);
    assert_count(page, "<p>No label looks wrong.</p>", 1);
    assert_count(page, "<noscript>", 0);
    free(page);
    made_run_free(&made);
}

/* More than 50 classes: the largest entries of the joint instead of all. */
static void test_many_classes(void **state) {
    (void)state;
    struct made_run made;
    made_run_make(&made, &(struct made_settings){.clips = 200, .issues = 5, .classes = 51});
    char *page = make_page(&made, NULL);
    assert_count(page, "class=\"joint\"", 0);
    assert_count(page, "confident_joint.csv has all 51 x 51", 1);
    assert_count(page, "<td class=\"label given\">", 50); /* the largest 50 of more */
    free(page);
    made_run_free(&made);
    made_run_make(&made, &(struct made_settings){.clips = 200, .issues = 5, .classes = 50});
    page = make_page(&made, NULL);
    assert_count(page, "class=\"joint\"", 1);
    assert_count(page, "<tr><th scope=\"row\"><bdi>", 50);
    free(page);
    made_run_free(&made);
}

static void same_page(const struct made_run *made, const char *expected) {
    size_t size = 0;
    char *page = made_run_file(made, "report.html", &size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(page, expected, size);
    free(page);
}

/* The same bytes with another number of threads, and from the files of the run. */
static void test_same_bytes(void **state) {
    (void)state;
    struct made_run made;
    struct error error = ERROR_INITIAL;
    struct run_read *read = NULL;
    made_run_make(&made, &(struct made_settings){.clips = 260,
                                                 .issues = 230,
                                                 .classes = 23,
                                                 .hostile = true,
                                                 .sounds = true,
                                                 .detector = true});
    char *page = make_page(&made, NULL);
    const int threads[] = {5, 1};
    for (size_t i = 0; i < 2; i++) {
        struct decoders *others = NULL;
        decoders_open(threads[i], &others, &error);
        assert_no_error(&error);
        report_write(&made.out_folder, &made.results, others, NULL, &error);
        same_page(&made, page);
        decoders_close(others);
    }
    run_write(&made.out_folder, &made.results, &error);
    run_read_open(&made.out_folder, &read, &error);
    assert_no_error(&error);
    run_read_every_clip(read, &made.out_folder, &error);
    assert_no_error(&error);
    report_write(&made.out_folder, run_read_results(read), test_decoders, NULL, &error);
    assert_no_error(&error);
    same_page(&made, page);
    run_read_close(read);
    free(page);
    made_run_free(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_in_page), cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_multilabel),    cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_detector),      cmocka_unit_test(test_no_issues),
        cmocka_unit_test(test_many_classes),  cmocka_unit_test(test_same_bytes),
    };
    return cmocka_run_group_tests_name("report", tests, test_decoders_begin, test_decoders_end);
}
