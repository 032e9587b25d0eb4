// Builds what somebody else may have prepared, from a number:
//
//   fuzz_world SEED FOLDER CLIPS MADE PROGRAM
//
// CLIPS is a folder of sounds, MADE a folder of results. In FOLDER it makes in/ (a collection with
// links of every kind, odd names, lists of random rows and bytes) and out/ (results and shards,
// some of them links, folders, garbage). FOLDER has a victim/ already, to which links lead.
// FOLDER/words gets the command that test_fuzz_world.sh runs, each word ended by a NUL.
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PICK(array) ((array)[below(COUNT(array))])
#define PATH 4096
#define FILE_MOST (1 << 20)

static uint64_t state;

// SplitMix64, so that a seed repeats a world everywhere.
static uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static size_t below(size_t bound) {
    return (size_t)(next() % bound);
}
static bool chance(size_t percent) {
    return below(100) < percent;
}

static const char *folder, *clips, *made;

static const char *const classes[] = {
    "low",  "middle",   "high",    "a\x1b[2Jb",   "x\302\23331m", "=1+1", "two words",   "-rf",
    "n\nl", "\xff\xfe", "a;b|c,d", "<script>x()", "%00",          "'\"`", "\xe2\x80\xae"};
static const char *const sounds[] = {"low/clip0.wav",  "low/clip1.wav",  "middle/clip0.wav",
                                     "high/clip0.wav", "high/clip1.wav", "middle/clip1.wav"};
static const char *const results[] = {
    "run.json",       "timing.json",      "clips.csv",           "embeddings.npy",
    "statistics.npy", "labels.npy",       "pred_probs.npy",      "scores.npy",
    "classes.json",   "issues.csv",       "issues.jsonl",        "annotations.csv",
    "classes.csv",    "report.html",      "confident_joint.csv", "crossval.json",
    "issues.npy",     "group_errors.csv", "health.json",         "embeddings.part",
    "view-1.npy",     "mask.npy",         "thresholds.npy",      "overlapping_classes.csv"};
static const char *const kept[] = {"shards",
                                   "shards/000000.shard",
                                   "shards/000001.shard",
                                   "shards/99999999999999999999.shard",
                                   "shards/record.txt",
                                   "shards/record.txt.7.part",
                                   "shards/notes.part",
                                   "lock",
                                   ".lock",
                                   "earmark.lock",
                                   ".earmark.lock",
                                   "run.lock",
                                   "clips.csv.1.part",
                                   "run.json.XXXXXX.part",
                                   "odd\x1b[31mname.part"};
static const char *const targets[] = {"..",
                                      ".",
                                      "/",
                                      "/dev/zero",
                                      "/dev/full",
                                      "/proc/self/cwd",
                                      "/proc/self/fd/1",
                                      "self",
                                      "low",
                                      "../in",
                                      "low/clip0.wav",
                                      "../low/clip0.wav",
                                      "/etc/passwd",
                                      "../out/clips.csv",
                                      "nowhere"};
static const char *const files[] = {"private.wav", "keys", "run.json", "list.csv", "new"};
static const char *const folders[] = {"", "", "shards"};

// FOLDER/PART/NAME; a name may hold any byte but NUL.
static const char *at(const char *part, const char *name) {
    static char paths[4][PATH];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    if (snprintf(path, PATH, "%s/%s/%s", folder, part, name) >= PATH) exit(1);
    return path;
}

// A link to something of the victim's (a folder, or a file), or to anything.
static void make_link(const char *path, bool is_folder) {
    char target[PATH];
    const char *name = is_folder ? PICK(folders) : PICK(files);
    snprintf(target, sizeof target, "%s/victim/%s", folder, name);
    if (chance(40)) snprintf(target, sizeof target, "%s", PICK(targets));
    (void)!symlink(target, path);
}

// ---- bytes

static size_t load(const char *path, char *bytes) {
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(bytes, 1, FILE_MOST, file) : 0;
    if (file) fclose(file);
    return size;
}

static void save(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wxe"); // never through a link that is there
    if (!file) return;
    fwrite(bytes, 1, size, file);
    fclose(file);
}

// Some changes of random bytes; often none.
static size_t mutate(char *bytes, size_t size) {
    static const char *const words[] = {"\x1b]0;x\a", "\"", "\n", "\r\n", ",",     "\0",
                                        "{",          "[",  "-1", "nan",  "1e999", "99999999999"};
    for (size_t changes = chance(70) ? 0 : 1 + below(8); changes > 0 && size > 0; changes--) {
        size_t place = below(size);
        const char *word = PICK(words);
        size_t length = strlen(word) + (*word == '\0');
        switch (below(4)) {
        case 0: bytes[place] = (char)next(); break;
        case 1: size = place; break;
        case 2:
            if (place + length < size) memcpy(bytes + place, word, length);
            break;
        case 3:
            if (size + length < FILE_MOST) {
                memmove(bytes + place + length, bytes + place, size - place);
                memcpy(bytes + place, word, length);
                size += length;
            }
            break;
        }
    }
    return size;
}

static void copy_mutated(const char *from, const char *to) {
    static char bytes[FILE_MOST];
    size_t size = load(from, bytes);
    save(to, bytes, mutate(bytes, size));
}

static const char *clip(void) {
    static char path[PATH];
    snprintf(path, sizeof path, "%s/%s", clips, PICK(sounds));
    return path;
}

// ---- one name, of any kind

static void make_any(const char *path, const char *original, bool is_sound) {
    char garbage[200];
    struct stat status;
    if (lstat(path, &status) == 0) return;
    switch (below(is_sound ? 16 : 10)) {
    case 0: mkfifo(path, 0644); break;
    case 1: mkdir(path, 0755); break;
    case 2:
    case 3:
    case 4: make_link(path, !is_sound && chance(20)); break;
    case 5:
        for (size_t i = 0; i < sizeof garbage; i++) garbage[i] = (char)next();
        save(path, garbage, below(sizeof garbage));
        break;
    case 6: {
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        (void)!ftruncate(file, (off_t)1 << (10 + below(is_sound ? 16 : 25)));
        close(file);
        break;
    }
    default: copy_mutated(original, path); break;
    }
}

// ---- in/

static void make_collection(void) {
    mkdir(at("in", ""), 0755);
    for (size_t c = 0, count = 2 + below(4); c < count; c++) {
        char name[PATH];
        const char *class = chance(70) ? classes[c % 3] : PICK(classes);
        if (chance(8)) {
            make_link(at("in", class), true);
            continue;
        }
        mkdir(at("in", class), 0755);
        for (size_t i = 0, sound_count = 3 + below(6); i < sound_count; i++) {
            snprintf(name, sizeof name, "%s/%s%zu.%s", class, chance(90) ? "clip" : PICK(classes),
                     i, chance(90) ? "wav" : "flac");
            if (chance(75))
                copy_mutated(clip(), at("in", name));
            else
                make_any(at("in", name), clip(), true);
        }
    }
}

static void put(FILE *list, const char *text) {
    for (; *text; text++) {
        if (*text != '"' && *text != '\\') fputc(*text, list);
    }
}

static const char *path_value(void) {
    static const char *const odd[] = {"../victim/private.wav",
                                      "low/../../victim/private.wav",
                                      "/etc/passwd",
                                      "",
                                      ".",
                                      "..",
                                      "/",
                                      "low",
                                      "nowhere.wav",
                                      "low/clip0.wav|",
                                      "sox x.wav |",
                                      "http://x/y.wav",
                                      "//low//clip0.wav",
                                      "low/./clip0.wav",
                                      "file:///etc/passwd",
                                      "/dev/zero",
                                      "/proc/self/environ",
                                      "a\x1b[31m.wav"};
    static char path[PATH];
    if (chance(60)) return PICK(sounds);
    if (chance(90)) return PICK(odd);
    memset(path, 'a', sizeof path - 1);
    path[below(sizeof path)] = '\0';
    return path;
}

static const char *label_value(void) {
    static const char *const labels[] = {"low", "middle", "high", "low;high", "", "[\"low\"]", "1"};
    return chance(80) ? PICK(labels) : PICK(classes);
}

static void write_table(FILE *list, char comma) {
    static const char *const headers[] = {"path%clabel%cgroup\n", "filename%ccategory%cfold\n",
                                          "a\x1b]0;b\a%clabel%c\n", "file_name%cclass%cspeaker\n"};
    fprintf(list, chance(85) ? headers[0] : PICK(headers), comma, comma);
    for (size_t i = 0, rows = 8 + below(30); i < rows; i++) {
        const char *quote = chance(20) ? "\"" : "";
        fputs(quote, list);
        put(list, path_value());
        fprintf(list, "%s%c", quote, comma);
        put(list, label_value());
        fprintf(list, "%c%zu\n", comma, below(5));
    }
}

static void write_lines(FILE *list) {
    for (size_t i = 0, rows = 8 + below(30); i < rows; i++) {
        fprintf(list, "{\"%s\": \"", chance(90) ? "path" : "p\\u001b");
        put(list, path_value());
        fputs("\", \"label\": \"", list);
        put(list, label_value());
        fprintf(list, "\", \"offset\": %zu, \"duration\": %s}\n", below(3),
                chance(80) ? "0.2" : "-1");
    }
}

static void write_cuts(FILE *list) {
    for (size_t i = 0, rows = 1 + below(10); i < rows; i++) {
        fprintf(list,
                "{\"id\": \"c%zu\", \"type\": \"MonoCut\", \"start\": 0, \"duration\": 0.2, "
                "\"channel\": 0, \"recording\": {\"id\": \"r\", \"sources\": [{\"type\": \"%s\", "
                "\"channels\": [0], \"source\": \"",
                i, chance(85) ? "file" : "command");
        put(list, path_value());
        fputs("\"}]}, \"supervisions\": [{\"id\": \"s\", \"start\": 0, \"duration\": 0.1, "
              "\"custom\": {\"label\": \"",
              list);
        put(list, label_value());
        fputs("\"}}]}\n", list);
    }
}

// The name of the list that is made in in/; "" for none.
static const char *make_list(void) {
    static const char *const names[] = {
        "",           "",           "list.csv",     "list.tsv",
        "list.jsonl", "cuts.jsonl", "metadata.csv", "metadata.jsonl",
        "wav.scp"};
    static char bytes[FILE_MOST];
    const char *name = PICK(names);
    if (!*name) return name;
    FILE *list = fmemopen(bytes, sizeof bytes, "w");
    if (!strcmp(name, "cuts.jsonl"))
        write_cuts(list);
    else if (strstr(name, ".jsonl"))
        write_lines(list);
    else if (!strcmp(name, "wav.scp"))
        for (size_t i = 0; i < 9; i++) fprintf(list, "u%zu %s\n", i, path_value());
    else
        write_table(list, strstr(name, ".tsv") ? '\t' : ',');
    size_t size = (size_t)ftell(list);
    fclose(list);
    // What is found in a folder without being named may be a link.
    if (chance(10) && strstr(name, "list") == NULL)
        (void)!symlink("../victim/list.csv", at("in", name));
    save(at("in", name), bytes, mutate(bytes, size));
    if (strcmp(name, "wav.scp") != 0) return name;
    snprintf(bytes, sizeof bytes, "u0 low\nu1 high\nu2 low\nu3 high\nu4 low\nu5 high\nu6 x\n");
    if (chance(15)) (void)!symlink("../victim/list.csv", at("in", "utt2label"));
    save(at("in", "utt2label"), bytes, mutate(bytes, strlen(bytes)));
    if (chance(40)) save(at("in", "segments"), "u0 u0 0 0.1\nu1 u1 0 -1\nu2 u9 0 1\n", 35);
    return name;
}

// ---- out/

static void make_results(void) {
    static const size_t shares[] = {0, 30, 100, 100, 100};
    char original[PATH];
    size_t share = PICK(shares);
    if (chance(15)) return;
    mkdir(at("out", ""), 0755);
    if (chance(20)) make_link(at("out", "shards"), true);
    for (size_t i = 0, odd = below(5); i < odd; i++) {
        const char *name = chance(50) ? PICK(results) : PICK(kept);
        if (strncmp(name, "shards/", 7) == 0) mkdir(at("out", "shards"), 0755);
        snprintf(original, sizeof original, "%s/%s", made, PICK(results));
        make_any(at("out", name), original, false);
    }
    for (size_t i = 0; i < COUNT(results); i++) {
        struct stat status;
        snprintf(original, sizeof original, "%s/%s", made, results[i]);
        if (stat(original, &status) == 0 && chance(share))
            copy_mutated(original, at("out", results[i]));
    }
}

// ---- the command

static void add_word(FILE *words, const char *word) {
    fputs(word, words);
    fputc('\0', words);
}

static void add_array(FILE *words, const char *option, const char *name) {
    char original[PATH];
    add_word(words, option);
    snprintf(original, sizeof original, "%s/%s", made, name);
    copy_mutated(original, at("in", name));
    add_word(words, at("in", name));
}

static void write_command(const char *program, const char *list) {
    static const char *const commands[] = {"audit",  "audit",    "audit",  "embed",
                                           "report", "crossval", "issues", "detect"};
    static const char *const options[] = {"--json", "--quiet", "--no-resample", "--seed=7"};
    const char *command = PICK(commands);
    FILE *words = fopen(at(".", "words"), "we");
    if (!words) exit(1);
    add_word(words, program);
    add_word(words, command);
    bool reads_clips = !strcmp(command, "audit") || !strcmp(command, "embed");
    if (reads_clips) add_word(words, at("in", strstr(list, "list") ? list : ""));
    if (!strcmp(command, "crossval") || !strcmp(command, "detect")) {
        add_array(words, "--embeddings", "embeddings.npy");
        add_array(words, "--labels", "labels.npy");
    }
    if (!strcmp(command, "issues")) {
        add_array(words, "--pred-probs", "pred_probs.npy");
        add_array(words, "--labels", "labels.npy");
    }
    if (!strcmp(command, "report")) {
        add_word(words, at("out", ""));
    } else {
        add_word(words, "-o");
        add_word(words, at("out", ""));
        if (chance(75)) add_word(words, "--fresh");
        if (!strcmp(command, "audit")) add_word(words, "--folds=2");
    }
    if (reads_clips && chance(15)) add_word(words, "--label-pattern={label}/{rest}.wav");
    if (reads_clips && chance(15)) add_word(words, "--label-separator=;");
    if (reads_clips && chance(15)) add_word(words, "--group=group");
    if (chance(15)) add_word(words, PICK(options));
    fclose(words);
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: fuzz_world SEED FOLDER CLIPS MADE PROGRAM\n");
        return 2;
    }
    state = strtoull(arguments[1], NULL, 10);
    folder = arguments[2];
    clips = arguments[3];
    made = arguments[4];
    make_collection();
    const char *list = make_list();
    make_results();
    write_command(arguments[5], list);
    return 0;
}
