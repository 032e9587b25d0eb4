/* What Hugging Face's datasets says about the columns of a parquet file in its footer, and which
 * of them has the sounds. */
#ifndef EARMARK_CONTAINERS_PARQUET_FEATURES_H
#define EARMARK_CONTAINERS_PARQUET_FEATURES_H

#include "host/base/json.h"
#include "host/containers/parquet_file.h"

/* The features by their names, to be released with json_decref; NULL where there are none, or
 * they cannot be read. Errors: ERROR_MEMORY. */
json_t *parquet_features(const struct parquet_file *file, struct error *error);

/* The feature of a column ("label", "speaker.id"), for a list that of its elements; or NULL. */
const json_t *parquet_feature(const json_t *features, const char *column);
/* Its kind, "ClassLabel", "Audio"; or "". */
const char *parquet_feature_kind(const json_t *feature);

struct parquet_choice {
    size_t bytes;  /* column with the sounds; PARQUET_NONE: there is none */
    size_t names;  /* with the names or paths of the sounds; PARQUET_NONE: there is none */
    size_t second; /* another that may be meant as well; PARQUET_NONE: there is none */
    bool is_usual; /* the choice is that without `asked` */
};

/* The column with the bytes of sounds: a struct of bytes and path, or binary; `asked` names it
 * (struct or column), NULL: the usual one. Errors: ERROR_MEMORY. */
enum error_code parquet_choose(const struct parquet_file *file, const char *asked,
                               struct parquet_choice *choice, struct error *error);
/* "audio" of "audio.bytes", else the name. *length: of it. */
const char *parquet_sound_name(const struct parquet_column *column, size_t *length);

/* ---- names of members ---- */

/* The part of a sound's name or path that can be the name of a member: relative, without steps up,
 * and unlike "row-7"; *size 0: there is none. */
const char *parquet_member_name(const char *name, size_t *size);

/* Appends the name of a member that has no such name, or shares it with an earlier row. */
void parquet_row_name(const struct parquet_file *file, const struct parquet_choice *choice,
                      uint64_t row, struct text *text);
/* The row and column of such a name; false if it is none of the file. */
bool parquet_row_of_name(const struct parquet_file *file, const char *name, uint64_t *row,
                         size_t *column);

#endif
