/* What `earmark bench corpus` measures: the stages of an audit of the synthetic corpus, alone and
 * together. */
#ifndef EARMARK_COMMANDS_CORPUS_BENCH_H
#define EARMARK_COMMANDS_CORPUS_BENCH_H

#include "host/commands/corpus_make.h"
#include "host/embedding/engine.h"

enum corpus_stage {
    CORPUS_DECODE,   /* files to samples: reading, decoding, and rates that no device resamples */
    CORPUS_RESAMPLE, /* on the device */
    CORPUS_NETWORK,  /* features, convolutions, pooling */
    CORPUS_DETECTOR, /* embeddings to issues */
    CORPUS_STAGES
};

const char *corpus_stage_name(enum corpus_stage stage);

struct corpus_bench {
    double audio_seconds;           /* of the corpus */
    double bytes;                   /* of its files */
    double seconds[CORPUS_STAGES];  /* each alone, for the whole corpus */
    double measured[CORPUS_STAGES]; /* for how much of the corpus it was measured; 1: all of it */
    size_t detector_rows;           /* rows that the detector was measured with */
    double embedding; /* seconds of decode, resample and network together, in an audit */
    double audit;     /* and of the whole audit */
    int threads;      /* that were used, at most one a processor */
    char device[256];
    bool gpu;
};

/* The stage that takes longest. */
enum corpus_stage corpus_binds(const double seconds[CORPUS_STAGES]);

/* To be called while this process has one thread. */
enum error_code corpus_bench_run(const struct corpus_folder *folder,
                                 const struct corpus_settings *settings,
                                 const struct engine_settings *engine, struct corpus_bench *bench,
                                 struct error *error);

#endif
