/* Data sets known by the columns of their lists or the names of their files: what is read from
 * where, in small trees of the published shapes. */
#include "tests/support/seen_clips.h"
#include "tests/support/sound_files.h"

#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const struct input_options plain = {0};

static void write(const char *name, const char *text) {
    test_text_write(test_path(test_folder, name), text);
}

static void touch(const char *const *names) {
    for (; *names != NULL; names++) write(*names, "");
}

#define TOUCH(...) touch((const char *const[]){__VA_ARGS__, NULL})

static void expect(const char *name, const struct input_options *options, const char *clips) {
    seen_expect(test_folder, name, options, clips);
}

static void expect_reading(const char *name, const struct input_options *options,
                           const char *words) {
    seen_expect_reading(test_folder, name, options, words);
}

/* ---- lists ---- */

static void common_voice(void **state) {
    (void)state;
    const struct input_options options = {.label_column = "accents"};
    write("cv/en/validated.tsv",
          "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\t"
          "gender\taccents\tvariant\tlocale\tsegment\n"
          "c1\tcommon_voice_en_1.mp3\ts\tHello.\t\t2\t0\t\t\tus\t\ten\t\n"
          "c2\tcommon_voice_en_2.mp3\ts\tWorld.\t\t2\t0\t\t\tengland\t\ten\t\n");
    TOUCH("cv/en/clips/common_voice_en_1.mp3", "cv/en/clips/common_voice_en_2.mp3");
    expect("cv/en/validated.tsv", &options,
           "clips/common_voice_en_1.mp3|us|c1||ok\nclips/common_voice_en_2.mp3|england|c2||ok\n");
    expect_reading("cv/en/validated.tsv", &options,
                   "is read as Common Voice: sound files are clips/{path}, label from 'accents', "
                   "groups from 'client_id' (--group '' for none)");
    seen_expect_words(test_folder, "cv/en/validated.tsv", &plain,
                      "no column with the label; there are: client_id, path, ");
    const struct input_options speakers = {.label_column = "client_id"};
    expect("cv/en/validated.tsv", &speakers,
           "clips/common_voice_en_1.mp3|c1|||ok\nclips/common_voice_en_2.mp3|c2|||ok\n");
    const struct input_options none = {.label_column = "accents", .group_field = ""};
    expect("cv/en/validated.tsv", &none,
           "clips/common_voice_en_1.mp3|us|||ok\nclips/common_voice_en_2.mp3|england|||ok\n");
}

static void fsd50k(void **state) {
    (void)state;
    write("fsd/FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n"
                                             "64760,\"Guitar,Music\",\"/m/1,/m/2\",train\n"
                                             "16399,Music,/m/2,val\n");
    write("fsd/FSD50K.ground_truth/eval.csv", "fname,labels,mids\n1,Music,/m/2\n");
    TOUCH("fsd/FSD50K.dev_audio/64760.wav", "fsd/FSD50K.dev_audio/16399.wav",
          "fsd/FSD50K.eval_audio/1.wav");
    seen_expect_words(test_folder, "fsd/FSD50K.ground_truth/dev.csv", &plain,
                      "FSD50K.dev_audio/64760.wav|Guitar,Music|||ok\n"
                      "FSD50K.dev_audio/16399.wav|Music|||ok\n");
    seen_expect_words(test_folder, "fsd/FSD50K.ground_truth/eval.csv", &plain,
                      "FSD50K.eval_audio/1.wav|Music|||ok\n");
    const struct input_options mids = {.label_column = "mids"};
    seen_expect_words(test_folder, "fsd/FSD50K.ground_truth/dev.csv", &mids,
                      "64760.wav|/m/1,/m/2|||ok\n");
}

static void audioset(void **state) {
    (void)state;
    write("as/eval_segments.csv",
          "# Segments csv created Sun Mar  5 10:54:31 2017\n"
          "# num_ytids=2, num_segs=2, num_unique_labels=2, num_positive_labels=3\n"
          "# YTID, start_seconds, end_seconds, positive_labels\n"
          "--4gqARaEJE, 0.000, 10.000, \"/m/068hy,/m/07q6cd_\"\n"
          "-0mG4C5Oz-Y, 30.000, 40.000, \"/m/068hy\"\n");
    TOUCH("as/wavs/--4gqARaEJE_0_10000.wav", "as/wavs/-0mG4C5Oz-Y_30000_40000.wav");
    expect("as/eval_segments.csv", &plain,
           "wavs/--4gqARaEJE_0_10000.wav|/m/068hy,/m/07q6cd_|||ok\n"
           "wavs/-0mG4C5Oz-Y_30000_40000.wav|/m/068hy|||ok\n");
    write("as2/x.csv", "# YTID, start_seconds, end_seconds, positive_labels\n"
                       "--4gqARaEJE, 0.000, 10.000, \"/m/068hy,/m/07q6cd_\"\n"
                       "-0mG4C5Oz-Y, 30.000, 40.000, \"/m/068hy\"\n");
    TOUCH("as2/Y-0mG4C5Oz-Y.flac"); /* the other video is gone */
    expect("as2/x.csv", &plain,
           "Y--4gqARaEJE.flac|/m/068hy,/m/07q6cd_|||ok\nY-0mG4C5Oz-Y.flac|/m/068hy|||ok\n");
}

static void birdclef(void **state) {
    (void)state;
    write("bird/train_metadata.csv",
          "primary_label,secondary_labels,type,latitude,longitude,scientific_name,common_name,"
          "author,license,rating,url,filename\n"
          "asbfly,\"['barswa', 'comgre']\",['call'],1,2,M,A,x,y,5,z,asbfly/XC134896.ogg\n"
          "barswa,[],['song'],1,2,M,A,x,y,5,z,barswa/XC2.ogg\n");
    TOUCH("bird/train_audio/asbfly/XC134896.ogg", "bird/train_audio/barswa/XC2.ogg");
    expect("bird/train_metadata.csv", &plain,
           "train_audio/asbfly/XC134896.ogg|asbfly|||ok\ntrain_audio/barswa/XC2.ogg|barswa|||ok\n");
    const struct input_options both = {.label_separator = ";"};
    expect("bird/train_metadata.csv", &both,
           "train_audio/asbfly/XC134896.ogg|asbfly;barswa;comgre|||ok\n"
           "train_audio/barswa/XC2.ogg|barswa|||ok\n");
    write("bird21/train_metadata.csv", "primary_label,secondary_labels,filename\n"
                                       "acafly,[],XC109605.ogg\n");
    TOUCH("bird21/train_short_audio/acafly/XC109605.ogg");
    expect("bird21/train_metadata.csv", &plain,
           "train_short_audio/acafly/XC109605.ogg|acafly|||ok\n");
}

static void other_lists(void **state) {
    (void)state;
    write("gtzan/features_30_sec.csv", "filename,length,chroma_stft_mean,label\n"
                                       "blues.00000.wav,661794,0.35,blues\n"
                                       "pop.00001.wav,661794,0.35,pop\n");
    TOUCH("gtzan/genres_original/blues/blues.00000.wav", "gtzan/genres_original/pop/pop.00001.wav");
    expect("gtzan/features_30_sec.csv", &plain,
           "genres_original/blues/blues.00000.wav|blues|||ok\n"
           "genres_original/pop/pop.00001.wav|pop|||ok\n");
    write("crema/SentenceFilenames.csv", "\"Stimulus_Number\",\"Filename\"\n1,1001_IEO_NEU_XX\n"
                                         "2,1002_IEO_ANG_HI\n");
    TOUCH("crema/AudioWAV/1001_IEO_NEU_XX.wav", "crema/AudioWAV/1002_IEO_ANG_HI.wav");
    expect(
        "crema/SentenceFilenames.csv", &plain,
        "AudioWAV/1001_IEO_NEU_XX.wav|NEU|1001||ok\nAudioWAV/1002_IEO_ANG_HI.wav|ANG|1002||ok\n");
    write(
        "mtg/data/autotagging.tsv",
        "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
        "track_0000214\tartist_1\talbum_1\t14/214.mp3\t124.6\tgenre---punkrock\n"
        "track_0000215\tartist_2\talbum_1\t15/215.mp3\t151.4\tgenre---metal\tinstrument---bass\n");
    TOUCH("mtg/audio/14/214.mp3", "mtg/audio/15/215.mp3");
    expect("mtg/data/autotagging.tsv", &plain,
           "audio/14/214.mp3|genre---punkrock|artist_1||ok\n"
           "audio/15/215.mp3|genre---metal,instrument---bass|artist_2||ok\n");
}

/* ---- names ---- */

static void emotions(void **state) {
    (void)state;
    TOUCH("rav/Actor_01/03-01-05-01-01-01-01.wav", "rav/Actor_12/03-01-06-01-02-01-12.wav");
    expect("rav", &plain,
           "Actor_01/03-01-05-01-01-01-01.wav|05|01||ok\nActor_12/03-01-06-01-02-01-12.wav|06|12||"
           "ok\n");
    expect_reading("rav", &plain, "the files have names of RAVDESS: label from '{modality}-");
    const struct input_options own = {.label_pattern = "{a}-{b}-{c}-{label}-{d}-{e}-{f}.wav"};
    expect("rav", &own,
           "Actor_01/03-01-05-01-01-01-01.wav|01|||ok\nActor_12/03-01-06-01-02-01-12.wav|01|||"
           "ok\n");
    TOUCH("both/Audio_Song_Actors_01-24/Actor_01/03-02-05-01-01-01-01.wav",
          "both/Audio_Speech_Actors_01-24/Actor_02/03-01-06-01-01-01-02.wav");
    expect("both", &plain,
           "Audio_Song_Actors_01-24/Actor_01/03-02-05-01-01-01-01.wav|05|01||ok\n"
           "Audio_Speech_Actors_01-24/Actor_02/03-01-06-01-01-01-02.wav|06|02||ok\n");
    /* Sorted into classes by the user: those are the labels. */
    TOUCH("sorted/angry/03-01-05-01-01-01-01.wav", "sorted/fear/03-01-06-01-02-01-12.wav");
    expect("sorted", &plain,
           "angry/03-01-05-01-01-01-01.wav|angry|||ok\nfear/03-01-06-01-02-01-12.wav|fear|||ok\n");
    TOUCH("emodb/wav/03a01Fa.wav", "emodb/wav/16b10Wb.wav");
    expect("emodb", &plain, "wav/03a01Fa.wav|F|03||ok\nwav/16b10Wb.wav|W|16||ok\n");
    TOUCH("crema2/1001_DFA_ANG_XX.wav", "crema2/1002_DFA_SAD_HI.wav");
    expect("crema2", &plain,
           "1001_DFA_ANG_XX.wav|ANG|1001||ok\n1002_DFA_SAD_HI.wav|SAD|1002||ok\n");
    TOUCH("savee/DC_a01.wav", "savee/KL_su15.wav");
    expect("savee", &plain, "DC_a01.wav|a|DC||ok\nKL_su15.wav|su|KL||ok\n");
}

static void speakers_and_folds(void **state) {
    (void)state;
    TOUCH("timit/TRAIN/DR1/FCJF0/SA1.WAV", "timit/TEST/DR2/MDAB0/SX139.WAV");
    expect("timit", &plain,
           "TEST/DR2/MDAB0/SX139.WAV|DR2|MDAB0||ok\nTRAIN/DR1/FCJF0/SA1.WAV|DR1|FCJF0||ok\n");
    TOUCH("vox/id10270/5r0dWxy17C8/00001.wav", "vox/id10271/1gtz-CUIygI/00002.wav");
    expect("vox", &plain,
           "id10270/5r0dWxy17C8/00001.wav|id10270|5r0dWxy17C8||ok\n"
           "id10271/1gtz-CUIygI/00002.wav|id10271|1gtz-CUIygI||ok\n");
    TOUCH("libri/dev-clean/84/121123/84-121123-0000.flac",
          "libri/test-clean/61/70968/61-70968-0001.flac");
    expect("libri", &plain,
           "dev-clean/84/121123/84-121123-0000.flac|84|121123||ok\n"
           "test-clean/61/70968/61-70968-0001.flac|61|70968||ok\n");
    TOUCH("us8k/fold1/101415-3-0-2.wav", "us8k/fold10/100648-1-0-0.wav");
    expect("us8k", &plain, "fold1/101415-3-0-2.wav|3||1|ok\nfold10/100648-1-0-0.wav|1||10|ok\n");
    TOUCH("esc/1-100032-A-0.wav", "esc/5-9032-B-49.wav");
    expect("esc", &plain, "1-100032-A-0.wav|0||1|ok\n5-9032-B-49.wav|49||5|ok\n");
    /* A few other files do not matter, many do. */
    TOUCH("esc/a.wav");
    seen_expect_words(test_folder, "esc", &plain, "is in no class folder");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_voice),       cmocka_unit_test(fsd50k),
        cmocka_unit_test(audioset),           cmocka_unit_test(birdclef),
        cmocka_unit_test(other_lists),        cmocka_unit_test(emotions),
        cmocka_unit_test(speakers_and_folds),
    };
    return cmocka_run_group_tests_name("presets", tests, test_folder_begin, test_folder_end);
}
