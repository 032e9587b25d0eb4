#include "tests/support/corpus.h"

#include "host/model/model.h"
#include "tests/support/compare.h"
#include "tests/support/random_model.h"
#include "tests/support/signal.h"

#include <ftw.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

const char *corpus_path(const struct corpus *corpus, const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", corpus->folder, name);
    return path;
}

static void write_sound(const char *path, int format, int rate, int channels,
                        const int16_t *samples, size_t frames) {
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    assert_int_equal(sf_writef_short(file, samples, (sf_count_t)frames), (sf_count_t)frames);
    sf_close(file);
}

/* Clip `index` of a class: the class's chord over noise. */
static void write_clip(const struct corpus *corpus, int class_index, int index) {
    static const int rates[] = {16000, 8000, 16000, 44100, 16000, 11000, 16000};
    int rate = rates[index % 7];
    int channels = index % 5 == 4 ? 2 : 1;
    size_t frames = (size_t)(rate / 50) * (size_t)(4 + (index * 7 + class_index * 3) % 40);
    int sounding = index == 3 ? (class_index + 1) % CORPUS_CLASSES : class_index; /* planted */
    int format =
        index % 3 == 2 ? SF_FORMAT_FLAC | SF_FORMAT_PCM_16 : SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    int16_t *samples = calloc(frames * (size_t)channels, sizeof *samples);
    assert_non_null(samples);
    for (size_t n = 0; n < frames; n++) {
        double time = (double)n / rate;
        double value =
            3000.0 * sin(6.2831853 * (180.0 + 260.0 * sounding) * time) +
            1500.0 * sin(6.2831853 * (900.0 + 500.0 * sounding) * time) +
            (double)(signal_hash((unsigned)index, (unsigned)class_index, (unsigned)n) % 1200);
        for (int c = 0; c < channels; c++)
            samples[n * (size_t)channels + (size_t)c] = (int16_t)(value * (c == 0 ? 1.0 : 0.8));
    }
    char path[512];
    snprintf(path, sizeof path, "%s/class%d/clip%02d.%s", corpus->clips, class_index, index,
             index % 3 == 2 ? "flac" : "wav");
    write_sound(path, format, rate, channels, samples, frames);
    free(samples);
}

static void write_unusable(const struct corpus *corpus) {
    char path[512];
    int16_t samples[3200] = {0};
    snprintf(path, sizeof path, "%s/class0/silent.wav", corpus->clips);
    write_sound(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, samples, 3200);
    signal_speech(samples, 3200, 16000, 1);
    snprintf(path, sizeof path, "%s/class1/short.wav", corpus->clips);
    write_sound(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, samples, 479);
    snprintf(path, sizeof path, "%s/class1/truncated.wav", corpus->clips);
    write_sound(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, samples, 3200);
    assert_int_equal(truncate(path, 3000), 0);
    snprintf(path, sizeof path, "%s/class2/text.wav", corpus->clips);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("this is no sound\n", file);
    fclose(file);
}

void corpus_write_model(const struct corpus *corpus, size_t mels) {
    struct error error = ERROR_INITIAL;
    struct model model = MODEL_INITIAL;
    struct random_model_shape shape = random_model_shape(32);
    shape.mels = mels;
    const struct xvector_model *network = random_model_create_shape(&shape, 7);
    char empty[] = "", facts[] = "{}", name[] = "test";
    assert_non_null(network);
    model.network = *network;
    model.name = name;
    model.licence = model.source = empty;
    model.training = facts;
    model_write(&model, MODEL_FLOAT32, corpus->model, &error);
    assert_no_error(&error);
    random_model_free(network);
}

void corpus_make(struct corpus *corpus) {
    const char *base = getenv("TMPDIR");
    snprintf(corpus->folder, sizeof corpus->folder, "%s/earmark-corpus.XXXXXX",
             base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(corpus->folder));
    snprintf(corpus->clips, sizeof corpus->clips, "%s/clips", corpus->folder);
    snprintf(corpus->model, sizeof corpus->model, "%s/model.safetensors", corpus->folder);
    assert_int_equal(mkdir(corpus->clips, 0700), 0);
    for (int c = 0; c < CORPUS_CLASSES; c++) {
        char path[512];
        snprintf(path, sizeof path, "%s/class%d", corpus->clips, c);
        assert_int_equal(mkdir(path, 0700), 0);
        for (int i = 0; i < CORPUS_CLIPS_PER_CLASS; i++) write_clip(corpus, c, i);
    }
    write_unusable(corpus);
    corpus_write_model(corpus, 24);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void corpus_remove_folder(const char *folder) {
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void corpus_remove(const struct corpus *corpus) {
    corpus_remove_folder(corpus->folder);
}
