/* Shared by Lhotse's supervision sets and cut sets: how a supervision becomes a clip. */
#ifndef EARMARK_LISTS_LHOTSE_SET_H
#define EARMARK_LISTS_LHOTSE_SET_H

#include "host/base/json.h"
#include "host/base/json_place.h"
#include "host/lists/json_label.h"
#include "host/lists/lhotse_recordings.h"
#include "host/lists/manifest.h"

#define LHOTSE_DEFAULT_LABEL "custom.label"
#define LHOTSE_LABELS "a field of the supervisions (default: " LHOTSE_DEFAULT_LABEL ")"

/* A field of the supervisions that becomes a label, a group or a fold. */
struct lhotse_field {
    enum manifest_role role;
    const char *option;
    const char *name; /* NULL: not used */
    bool seen;        /* some supervision has it */
    struct text value;
};

enum { LHOTSE_FIELDS = 3 };

struct lhotse_set {
    struct builder *builder;
    const char *name; /* of the set */
    const char *what; /* "supervision" or "cut", for messages */

    struct lhotse_field fields[LHOTSE_FIELDS];
    struct text known; /* fields of the first supervision with fields, for messages */
    struct text id;
    char problem[JSON_LABEL_PROBLEM]; /* of the current supervision */
    size_t taken;                     /* supervisions whose fields were taken */
    size_t mixed;                     /* clips of one channel of a file that has several */
};

/* Fills in the fields of a set that has builder, name and what. ERROR_USAGE for options that are
 * not for Lhotse. lhotse_set_free also after a failure. */
enum error_code lhotse_set_open(struct lhotse_set *set, struct error *error);
void lhotse_set_free(struct lhotse_set *set); /* takes a zeroed one */

/* Fill in the row; their strings are valid until the next row. A field is looked for in the
 * supervision, in its `custom`, and in the `custom` of its cut; both may be NULL. A field that
 * cannot be used becomes the row's problem unless it has one. */
enum error_code lhotse_set_id(struct lhotse_set *set, const json_t *object,
                              struct manifest_row *row, struct error *error);
enum error_code lhotse_set_fields(struct lhotse_set *set, json_t *supervision, const json_t *cut,
                                  struct manifest_row *row, struct error *error);
/* Where the line's object is written, and its label: in that of the line, or in a supervision of
 * it. */
struct list_span lhotse_set_span(const struct lhotse_set *set, const struct json_lines *lines,
                                 const struct json_place *supervision);

/* Fills in the path or the problem of the row; channel -1: any. */
void lhotse_set_sound(struct lhotse_set *set, const struct lhotse_recordings *recordings,
                      const char *id, int channel, struct manifest_row *row);

/* The only channel of a supervision or a cut; -1: several, or not given. */
int lhotse_channel(const json_t *object);

/* After the last row: fails if a field is in no supervision, describes in `reading` how the set
 * was read (sounds: the recording set's name, or NULL), and warns of channels mixed down. */
enum error_code lhotse_set_finish(const struct lhotse_set *set, const char *sounds,
                                  struct error *error);

#endif
