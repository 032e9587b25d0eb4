#include "host/commands/corpus_make.h"

#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIPS_OF_A_TAR 1000
#define TAR_BLOCK 512

#define MP3_RATES "8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100 or 48000"
#define OPUS_RATES "8000, 12000, 16000, 24000 or 48000"

static const struct {
    const char *name;
    int format;
    const char *rates; /* the only ones; NULL: any */
} formats[CORPUS_FORMAT_COUNT] = {
    [CORPUS_AS_WAV] = {"wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, NULL},
    [CORPUS_FLAC] = {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, NULL},
    [CORPUS_MP3] = {"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, MP3_RATES},
    [CORPUS_OGG] = {"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, NULL},
    [CORPUS_OPUS] = {"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, OPUS_RATES},
    [CORPUS_AIFF] = {"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, NULL},
    [CORPUS_AU] = {"au", SF_FORMAT_AU | SF_FORMAT_PCM_16, NULL},
};

const char *corpus_format_name(enum corpus_format format) {
    return format < CORPUS_FORMAT_COUNT ? formats[format].name : NULL;
}

/* ---- the folder ---- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    remove(path);
    return 0;
}

/* Waits until nobody holds the other end, which the kernel sees to even after SIGKILL. */
static void keep(const char *path, int ended) {
    char byte;
    const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], SIG_IGN);
    setsid();
    const int nowhere = open("/dev/null", O_RDWR);
    for (int i = 0; i <= STDERR_FILENO && nowhere >= 0; i++) dup2(nowhere, i);
    while (read(ended, &byte, 1) != 0) continue;
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

enum error_code corpus_folder_open(struct corpus_folder *folder, struct error *error) {
    const char *above = getenv("TMPDIR");
    int ends[2];
    if (above == NULL || above[0] == '\0') above = "/tmp";
    const int length =
        snprintf(folder->path, sizeof folder->path, "%s/earmark-bench.XXXXXX", above);
    /* Room for the paths below it. */
    if (length < 0 || (size_t)length > sizeof folder->path - 256)
        return FAIL(error, ERROR_USAGE, "the path of TMPDIR is too long; set another");
    if (mkdtemp(folder->path) == NULL)
        return FAIL(error, ERROR_FILE, "cannot make a folder in %s: %s; set TMPDIR to another one",
                    above, strerror(errno));
    if (pipe2(ends, O_CLOEXEC) == 0) {
        folder->keeper = fork();
        if (folder->keeper == 0) {
            close(ends[1]);
            keep(folder->path, ends[0]);
        }
        close(ends[0]);
        folder->alive = ends[1];
        if (folder->keeper > 0) return ERROR_NONE;
        close(ends[1]);
    }
    FAIL(error, ERROR_FILE, "cannot start a process: %s", strerror(errno));
    rmdir(folder->path);
    return error->code;
}

void corpus_folder_close(struct corpus_folder *folder) {
    if (folder->keeper <= 0) return;
    close(folder->alive);
    while (waitpid(folder->keeper, NULL, 0) < 0 && errno == EINTR) continue;
    folder->keeper = 0;
}

/* ---- the sounds ---- */

struct maker {
    const char *path;
    const struct corpus_settings *settings;
    float *wave, *samples; /* (rate) a period of a second; (frames) the clip */
    size_t frames;
    uint32_t noise;
    FILE *tar;
    double bytes;
};

/* A tone of the class and its octave, a little noise; no two clips are the same. */
static void make_samples(struct maker *maker, size_t clip) {
    const size_t rate = (size_t)maker->settings->rate;
    const size_t step = 120 + 70 * (clip % CORPUS_LABELS) + clip / CORPUS_LABELS % 17;
    size_t low = clip * 31 % rate, high = 0;
    for (size_t i = 0; i < maker->frames; i++) {
        maker->noise = maker->noise * 1664525u + 1013904223u;
        const float noise = (float)(maker->noise >> 8) / 16777216.0F - 0.5F;
        maker->samples[i] = 0.4F * maker->wave[low] + 0.2F * maker->wave[high] + 0.05F * noise;
        low = (low + step) % rate;
        high = (high + 2 * step) % rate;
    }
}

static enum error_code write_failed(const char *path, struct error *error) {
    return FAIL(error, ERROR_FILE, "%s cannot be written: %s; set TMPDIR to another folder", path,
                strerror(errno));
}

static enum error_code write_clip(struct maker *maker, size_t clip, const char *path,
                                  struct error *error) {
    SF_INFO info = {.samplerate = maker->settings->rate,
                    .channels = 1,
                    .format = formats[maker->settings->format].format};
    struct stat status;
    make_samples(maker, clip);
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    const sf_count_t frames = (sf_count_t)maker->frames;
    const bool written = file != NULL && sf_writef_float(file, maker->samples, frames) == frames;
    if (file == NULL || sf_close(file) != 0 || !written || stat(path, &status) != 0)
        return write_failed(path, error);
    maker->bytes += (double)status.st_size;
    return ERROR_NONE;
}

/* Appends the file at `path` to the tar file as `name`, and removes it. */
static enum error_code add_to_tar(struct maker *maker, const char *path, const char *name,
                                  struct error *error) {
    unsigned char block[TAR_BLOCK] = {0};
    struct stat status;
    unsigned sum = 0;
    size_t got = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        if (file != NULL) fclose(file);
        return write_failed(path, error);
    }
    snprintf((char *)block, 100, "%s", name);
    snprintf((char *)block + 100, 24, "%07o", 0644u);
    snprintf((char *)block + 124, 12, "%011llo", (unsigned long long)status.st_size);
    snprintf((char *)block + 136, 12, "%011o", 0u);
    memcpy(block + 148, "        0", 9);
    memcpy(block + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < sizeof block; i++) sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
    bool written = fwrite(block, sizeof block, 1, maker->tar) == 1;
    while (written && (got = fread(block, 1, sizeof block, file)) > 0) {
        memset(block + got, 0, sizeof block - got);
        written = fwrite(block, sizeof block, 1, maker->tar) == 1;
    }
    fclose(file);
    unlink(path);
    return written ? ERROR_NONE : write_failed(maker->path, error);
}

static enum error_code end_tar(struct maker *maker, struct error *error) {
    static const char zeros[1024]; /* two blocks */
    if (maker->tar == NULL) return ERROR_NONE;
    const bool written = fwrite(zeros, sizeof zeros, 1, maker->tar) == 1;
    const bool closed = fclose(maker->tar) == 0;
    maker->tar = NULL;
    return written && closed ? ERROR_NONE : write_failed(maker->path, error);
}

static enum error_code begin_tar(struct maker *maker, size_t clip, struct error *error) {
    char path[2 * PATH_MAX];
    TRY(end_tar(maker, error));
    snprintf(path, sizeof path, "%s/%06zu.tar", maker->path, clip / CLIPS_OF_A_TAR);
    maker->tar = fopen(path, "wb");
    return maker->tar == NULL ? write_failed(path, error) : ERROR_NONE;
}

static enum error_code add_clip(struct maker *maker, size_t clip, struct error *error) {
    char name[64], path[2 * PATH_MAX];
    snprintf(name, sizeof name, "class%zu/%09zu.%s", clip % CORPUS_LABELS, clip,
             formats[maker->settings->format].name);
    if (!maker->settings->tar) {
        snprintf(path, sizeof path, "%s/%s", maker->path, name);
        return write_clip(maker, clip, path, error);
    }
    if (clip % CLIPS_OF_A_TAR == 0) TRY(begin_tar(maker, clip, error));
    snprintf(path, sizeof path, "%s.clip", maker->path);
    TRY(write_clip(maker, clip, path, error));
    return add_to_tar(maker, path, name, error);
}

static bool has_rate(const char *rates, int rate) {
    for (const char *at = rates; at != NULL && *at != '\0'; at += strcspn(at, "0123456789")) {
        char *end;
        if (strtol(at, &end, 10) == rate) return true;
        at = end;
    }
    return rates == NULL;
}

static enum error_code check(const struct corpus_folder *folder,
                             const struct corpus_settings *settings, struct error *error) {
    const SF_INFO info = {
        .samplerate = settings->rate, .channels = 1, .format = formats[settings->format].format};
    const double needed = 2.0 * settings->seconds * settings->rate * (double)settings->clips;
    struct statvfs space;
    if (settings->clips < CORPUS_LEAST_CLIPS)
        return FAIL(error, ERROR_USAGE, "--clips %zu: bench corpus needs at least %d",
                    settings->clips, CORPUS_LEAST_CLIPS);
    const char *rates = formats[settings->format].rates;
    if (!has_rate(rates, settings->rate))
        return FAIL(error, ERROR_USAGE, "--rate %d: %s has no such rate; give %s", settings->rate,
                    formats[settings->format].name, rates);
    if (sf_format_check(&info) == 0)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "this libsndfile does not write %s; give --format wav",
                    formats[settings->format].name);
    if (statvfs(folder->path, &space) != 0) return write_failed(folder->path, error);
    const double free_bytes = (double)space.f_bavail * (double)space.f_frsize;
    if (needed > 0.9 * free_bytes)
        return FAIL(
            error, ERROR_USAGE,
            "the clips may take %.1f GB, and %s has %.1f GB; give fewer or shorter clips, or "
            "set TMPDIR to a larger folder",
            needed / 1e9, folder->path, free_bytes / 1e9);
    return ERROR_NONE;
}

static enum error_code make_folders(const struct maker *maker, struct error *error) {
    char path[2 * PATH_MAX];
    if (mkdir(maker->path, 0700) != 0) return write_failed(maker->path, error);
    for (int i = 0; i < CORPUS_LABELS && !maker->settings->tar; i++) {
        snprintf(path, sizeof path, "%s/class%d", maker->path, i);
        if (mkdir(path, 0700) != 0) return write_failed(path, error);
    }
    return ERROR_NONE;
}

enum error_code corpus_write(const struct corpus_folder *folder,
                             const struct corpus_settings *settings, double *bytes,
                             struct error *error) {
    char path[PATH_MAX];
    struct progress progress = {0};
    const size_t rate = (size_t)settings->rate;
    struct maker maker = {.path = path,
                          .settings = settings,
                          .noise = 1,
                          .frames = (size_t)(settings->seconds * settings->rate)};
    TRY(check(folder, settings, error));
    snprintf(path, sizeof path, "%.*s/corpus", PATH_MAX - 64, folder->path);
    TRY(make_folders(&maker, error));
    maker.wave = memory_array(rate, sizeof *maker.wave, "a wave", error);
    maker.samples = memory_array(maker.frames, sizeof *maker.samples, "a clip", error);
    progress_start(&progress, PROGRESS_AUTO, "writing the corpus", "clips", settings->clips);
    for (size_t i = 0; i < rate && error->code == ERROR_NONE; i++)
        maker.wave[i] = (float)sin(2.0 * M_PI * (double)i / (double)rate);
    for (size_t i = 0; i < settings->clips && error->code == ERROR_NONE; i++) {
        if (stop_check(error) != ERROR_NONE || add_clip(&maker, i, error) != ERROR_NONE) break;
        progress_update(&progress, i + 1);
    }
    if (error->code == ERROR_NONE) end_tar(&maker, error);
    if (maker.tar != NULL) fclose(maker.tar);
    progress_finish(&progress);
    free(maker.wave);
    free(maker.samples);
    *bytes = maker.bytes;
    return error->code;
}
