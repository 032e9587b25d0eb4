/* The formats of INPUT, one reader each. A new format is its own file, which defines
 * `const struct list_reader reader_NAME`, and a line in LIST_READERS: how INPUT is recognised,
 * --help and the messages that list the formats follow from these. */
#ifndef EARMARK_LISTS_READERS_H
#define EARMARK_LISTS_READERS_H

#include "host/lists/list_file.h"

struct builder;

#define LIST_READER_NAMES 8
#define JSON_LINES_ENDINGS ".jsonl", ".ndjson", ".json"

struct list_reader {
    const char *name;     /* of the format, in run.json */
    const char *sentence; /* for --help: what INPUT is; begins in lower case, no full stop */
    /* For --help: what --label-column names there; NULL: options that name columns are refused. */
    const char *labels;

    /* INPUT is a file that ends in one of these, in any case, perhaps followed by .gz;
     * ends in NULL. */
    const char *endings[LIST_READER_NAMES + 1];
    /* INPUT is a folder that holds one of these files; ends in NULL. */
    const char *members[LIST_READER_NAMES + 1];
    bool reads_shards;  /* INPUT may be several such files: list_file.shards */
    bool reads_lists;   /* a pattern may name several such files, which sniff accepts: likewise */
    bool beside_sounds; /* INPUT may be a folder of such files beside the sounds: likewise */
    bool reads_folder;  /* the path that read gets is that of the folder, not of the member in it */

    /* Whether the file, which has one of the endings or is a member of the folder INPUT, is of
     * this format; NULL: its name is enough. false for a file that cannot be read, too: reading
     * it reports why. Errors: ERROR_MEMORY, ERROR_FILE for a file that leads out of the folder. */
    bool (*sniff)(const struct list_file *list, struct error *error);
    /* Appends the clips of the list to builder->collection. */
    enum error_code (*read)(struct builder *builder, const struct list_file *list,
                            struct error *error);
};

/* In this order. A file is read by the first that accepts it: what is any JSON comes last. */
#define LIST_READERS(READER)                                                                       \
    READER(reader_folder)                                                                          \
    READER(reader_label_studio_csv)                                                                \
    READER(reader_csv)                                                                             \
    READER(reader_tsv)                                                                             \
    READER(reader_raven)                                                                           \
    READER(reader_audacity)                                                                        \
    READER(reader_table)                                                                           \
    READER(reader_tar)                                                                             \
    READER(reader_kaldi)                                                                           \
    READER(reader_lhotse)                                                                          \
    READER(reader_lhotse_shar)                                                                     \
    READER(reader_lhotse_cuts)                                                                     \
    READER(reader_nemo)                                                                            \
    READER(reader_label_studio)                                                                    \
    READER(reader_parquet)                                                                         \
    READER(reader_jsonl)

#define LIST_READER_DECLARE(reader) extern const struct list_reader reader;
LIST_READERS(LIST_READER_DECLARE)

#endif
