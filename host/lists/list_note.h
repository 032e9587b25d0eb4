/* For the readers of lists: notes in the collection's trace which files they read, and where in
 * them each clip is written. */
#ifndef EARMARK_LISTS_LIST_NOTE_H
#define EARMARK_LISTS_LIST_NOTE_H

#include "host/base/json_place.h"
#include "host/lists/builder.h"

struct csv_reader;
struct json_lines;
struct list_file;

/* Notes the list that the builder is about to read, and its hash. Errors: those of
 * list_file_open(), ERROR_MEMORY. */
enum error_code list_note_file(struct builder *builder, const struct list_file *list,
                               struct error *error);
/* The last file that was noted; NULL: none. */
struct traced_file *list_note_last(struct builder *builder);
/* Keeps the name of its column with the labels. */
enum error_code list_note_column(struct builder *builder, const char *name, struct error *error);

/* The span of the next clip; of nothing unless spans are wanted. */
struct list_span list_note_row(const struct builder *builder, const struct csv_reader *reader,
                               size_t label);
/* Of an object, its member `key` (NULL: none) being the label; or of a member's value. */
struct list_span list_note_object(const struct builder *builder, const struct json_lines *lines,
                                  const char *key);

/* Sets the label of a span of JSON to this part of the text; a member that is null is none. */
void list_note_label(struct list_span *span, const struct json_lines *lines,
                     struct json_place value);

#endif
