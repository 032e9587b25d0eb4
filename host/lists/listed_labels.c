#include "host/lists/listed_labels.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/clips/label_list.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* First pieces of labels, as keys of a table, with the first label that each begins. */
enum { COMPARED = 1000, LIST_SLOTS = 4096 };

struct first_pieces {
    struct first_piece {
        const char *bytes; /* NULL: an empty slot */
        size_t length;
        size_t label;
    } slots[LIST_SLOTS];
};

/* The slot of the piece, or the empty one where it belongs. */
static struct first_piece *find_piece(struct first_pieces *pieces, const char *bytes,
                                      size_t length) {
    size_t slot = (size_t)XXH3_64bits_withSeed(bytes, length, hash_seed()) % LIST_SLOTS;
    for (;; slot = (slot + 1) % LIST_SLOTS) {
        struct first_piece *piece = &pieces->slots[slot];
        if (piece->bytes == NULL ||
            (piece->length == length && memcmp(piece->bytes, bytes, length) == 0))
            return piece;
    }
}

/* The smaller of `best` and the labels other than `label` that begin with one of its pieces, which
 * are taken without the spaces around them. */
static size_t match_pieces(struct first_pieces *pieces, const char *list, char separator,
                           size_t label, size_t best) {
    while (*list != '\0') {
        const char *end = strchrnul(list, separator);
        const char *last = end;
        while (*list == ' ') list++;
        while (last > list && last[-1] == ' ') last--;
        const struct first_piece *found =
            list < last ? find_piece(pieces, list, (size_t)(last - list)) : NULL;
        if (found != NULL && found->bytes != NULL && found->label != label && found->label < best)
            best = found->label;
        list = *end == '\0' ? end : end + 1;
    }
    return best;
}

/* The first label that contains the separator and whose first piece is also a piece of another
 * label. Of labels with one first piece only the first counts. */
static const char *find_list(const struct clip_list *clips, char separator,
                             struct first_pieces *pieces) {
    size_t count = clips->class_count < COMPARED ? clips->class_count : COMPARED, best = count;
    memset(pieces, 0, sizeof *pieces);
    for (size_t i = 0; i < count; i++) {
        const char *label = clips->class_names[i];
        const char *end = strchr(label, separator);
        if (end == NULL || end == label || end[1] == '\0') continue;
        struct first_piece *piece = find_piece(pieces, label, (size_t)(end - label));
        if (piece->bytes == NULL) *piece = (struct first_piece){label, (size_t)(end - label), i};
    }
    for (size_t i = 0; i < count; i++)
        best = match_pieces(pieces, clips->class_names[i], separator, i, best);
    return best < count ? clips->class_names[best] : NULL;
}

/* The same for labels that are lists as programs print them; *index: of the class, or COMPARED. */
static enum error_code find_printed_list(const struct clip_list *clips, size_t *index,
                                         struct error *error) {
    struct label_split split = {0};
    enum label_list list = LABEL_LIST_NONE;
    *index = COMPARED;
    for (size_t i = 0; i < clips->class_count && i < COMPARED && *index == COMPARED; i++) {
        if (label_list_read(&split, clips->class_names[i], &list, error) != ERROR_NONE) break;
        if (list == LABEL_LIST_READ) *index = i;
    }
    label_split_close(&split);
    return error->code;
}

enum error_code listed_labels_warn(const struct clip_list *clips, struct warnings *warnings,
                                   struct error *error) {
    static const char separators[] = ";|,";
    const char *label = NULL, *separator = separators;
    size_t printed = COMPARED;
    TRY(find_printed_list(clips, &printed, error));
    if (printed < COMPARED)
        return warnings_add(warnings, error,
                            "labels are lists, for example '%s': each combination is a separate "
                            "class; to read them as sets of labels give --label-separator ','",
                            clips->class_names[printed]);
    struct first_pieces *pieces = memory_array(1, sizeof *pieces, "labels", error);
    if (pieces == NULL) return error->code;
    while (label == NULL && *separator != '\0') {
        label = find_list(clips, *separator, pieces);
        if (label == NULL) separator++;
    }
    free(pieces);
    if (label == NULL) return ERROR_NONE;
    return warnings_add(warnings, error,
                        "labels look like lists, for example '%s': each combination is a "
                        "separate class; if a clip can have several labels, give "
                        "--label-separator '%c'",
                        label, *separator);
}
