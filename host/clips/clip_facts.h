/* What decoding finds out about a clip, in the one form in which it is passed on: from the
 * decoders to the embedding, into the shard files and out of them, and to clips.csv. */
#ifndef EARMARK_CLIPS_CLIP_FACTS_H
#define EARMARK_CLIPS_CLIP_FACTS_H

#include <stddef.h>
#include <stdint.h>

/* Measured of the file's own samples, before any mixing or resampling. All zero where nothing
 * was decoded. 1 is full scale. */
struct sound_measures {
    float peak;            /* largest |x| of any channel */
    float level;           /* root mean square without the offset, dB re full scale (a sine of
                              full scale has -3.01); -200 for none */
    float clipped_share;   /* samples that are part of a flat top or bottom, 0 to 1 */
    float offset;          /* mean of the channel where it is farthest from 0; signed */
    float silence_share;   /* of the frames of 256 samples: those of one constant value, 0 to 1 */
    float bandwidth;       /* Hz: where the spectrum falls off its deepest cliff below about
                              half of its band; 0: it has none */
    float band_drop;       /* dB: how deep that cliff is (spectrum_cliff) */
    float channels_cancel; /* dB: the mean of the channels against that of unrelated ones of the
                              same level (host/sound/channel_mix.h); 0 for one channel */
};

struct clip_facts {
    uint64_t fingerprint[2]; /* of the file and the segment: fingerprint.h; zero: not known */
    uint64_t hash[2];        /* XXH3-128 of samples, channels, rate: equal for identical audio */
    double seconds;          /* of the segment, as it was decoded */
    int32_t rate;            /* Hz, of the file; 0: it could not be read, and the rest is zero */
    int32_t channels;        /* of the file */
    uint32_t silent;         /* 1: CLIP_SILENT */
    uint32_t unfinished;     /* 1: the header does not say how long the sound is, though its
                                format does; it was read to the end of the file */
    struct sound_measures sound;
};

/* A shard file has these bytes: a change of them is another version of its format. */
_Static_assert(sizeof(struct clip_facts) == 88, "no byte of it is padding");

#define CLIP_NO_RELATION SIZE_MAX

/* The other clips of the list that have the same audio, as rows of it, or CLIP_NO_RELATION. */
struct clip_relations {
    size_t identical_same_label; /* the first other clip with the same samples */
    size_t identical_other_label;
    size_t near_duplicate; /* the most similar clip with other samples, whatever its similarity */
    float similarity;      /* cosine of the two embeddings; 0 where none was searched */
};

#define CLIP_RELATIONS_INITIAL                                                                     \
    { CLIP_NO_RELATION, CLIP_NO_RELATION, CLIP_NO_RELATION, 0 }

#endif
