/* The members of one tar file as samples: sounds, and beside each the members of its name that say
 * what it is, as WebDataset has them: abc.flac, abc.json, abc.cls, abc.txt. */
#ifndef EARMARK_LISTS_TAR_SAMPLES_H
#define EARMARK_LISTS_TAR_SAMPLES_H

#include "host/containers/tar_index.h"
#include "host/lists/manifest.h"

/* Where labels may come from, in the order of preference. */
enum tar_source {
    TAR_FROM_COLUMN, /* a member, or a field of JSON, that --label-column names */
    TAR_FROM_CLASS,  /* .cls */
    TAR_FROM_JSON,
    TAR_FROM_FOLDER,
    TAR_FROM_TEXT, /* .txt, which is usually what is said */
    TAR_SOURCES
};

/* What one member says about the sounds of its name. */
struct tar_side {
    uint64_t stem; /* offsets into text; 0: none */
    uint64_t values[ROLE_COUNT];
    uint64_t problem;
    uint8_t source; /* of its label: enum tar_source */
    bool used;      /* a sound has its name */
    size_t entry;   /* of the index */
};

struct tar_samples {
    const char *file;       /* of the tar, in the folder of the list */
    struct tar_index index; /* is_noted: a member is one of the sides */
    struct text text;
    struct tar_side *sides; /* (side_count) by stem */
    size_t side_count;
    size_t side_capacity;
};

struct tar_file {
    struct tar_samples samples;
    enum clip_status status; /* not CLIP_OK: it could not be read, */
    char reason[256];        /* for this reason */
};

/* Shared by all files of an input. */
struct tar_fields {
    struct builder *builder;
    const char *keys[ROLE_COUNT]; /* of JSON, decided by the first that has one; NULL: none yet */
    const char *scratch[ROLE_COUNT][2];
    bool by_member[ROLE_COUNT]; /* a member has the ending that the option names */
    size_t sources[TAR_SOURCES];
    struct text known; /* members of the first JSON object, for messages */
    struct text value;
    size_t texts; /* members that were read */
};

/* Reads the open tar file. tar_samples_free also after a failure. Errors: as tar_index_read(). */
enum error_code tar_samples_read(struct tar_samples *samples, struct tar_fields *fields,
                                 int descriptor, uint64_t size, struct error *error);
void tar_samples_free(struct tar_samples *samples);
void tar_fields_free(struct tar_fields *fields);

/* Fills in the values of a sound's row from the members of its name: all but the last ending, or
 * all up to the first dot, as webdataset has it. Labels are of `source` only. *problem: of one of
 * these, else NULL. *together: no other sample is between them and the sound. */
void tar_samples_values(struct tar_samples *samples, size_t entry, enum tar_source source,
                        struct manifest_row *row, const char **problem, bool *together,
                        struct text *scratch);

/* Whether the name is one of sounds, also of those that are not read. */
bool tar_is_sound(const char *name);
/* Whether the member is a clip: a sound, neither hidden nor replaced. */
bool tar_is_clip(const struct tar_samples *samples, const struct tar_entry *entry);

/* Whether a component of the name begins with a dot, and is neither "." nor "..": not a part of a
 * collection. */
bool tar_name_is_hidden(const char *name);

#endif
