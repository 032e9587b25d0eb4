/* What is in a folder of clips and in the folders below it.
 *
 * Every folder is entered once, however many links lead to it: real folders first, then links in
 * the bytewise order of their paths, then the links found through those. So the path by which a
 * folder counts does not depend on the order in which the file system lists names, and a tree of
 * links ends. Links that lead out of the folder are found, but not followed. */
#ifndef EARMARK_LISTS_FOLDER_WALK_H
#define EARMARK_LISTS_FOLDER_WALK_H

#include "host/base/long_text.h"
#include "host/base/root_folder.h"
#include "host/base/text.h"
#include "host/lists/folder_rest.h"

#include <sys/stat.h>

/* Bounds for trees made to exhaust memory or the disk: each entry costs its path and about 50
 * bytes. The largest collections of recordings have a hundred million files. */
#define FOLDER_MAXIMUM_FILES ((size_t)500000000)
#define FOLDER_MAXIMUM_FOLDERS ((size_t)2000000)
#define FOLDER_MAXIMUM_DEPTH 256 /* deeper than any collection, and far below the longest path */

enum found_kind {
    FOUND_SOUND,       /* a file with an audio extension; whether it can be opened is not known */
    FOUND_UNREAD,      /* a file with the ending of a sound that is not read */
    FOUND_ARCHIVE,     /* a file that may hold sounds */
    FOUND_MISNAMED,    /* a sound by its first bytes, with an ending that says otherwise */
    FOUND_OUTSIDE,     /* a link with an audio extension that leads out */
    FOUND_SPECIAL,     /* a FIFO, device or socket with an audio extension */
    FOUND_UNREADABLE,  /* a folder that cannot be read */
    FOUND_OUTSIDE_TREE /* a link to a folder that leads out */
};

struct found {
    uint64_t path; /* offset into names; relative, of a folder with '/' at the end */
    enum found_kind kind;
    int failure;      /* errno, of FOUND_UNREADABLE */
    const char *what; /* of FOUND_MISNAMED: "WAV" */
};

struct directory {
    uint64_t path; /* offset into names; relative, ends in '/'; "" for the root */
    size_t depth;  /* 0: the root */
    dev_t device;  /* once it is entered */
    ino_t inode;
    bool skipped; /* its sounds are only counted: hidden, or background noise */
    bool entered;
};

/* A link, or a real folder, whose folder had been entered by another path. */
struct second_path {
    uint64_t path; /* offsets into names */
    uint64_t entered;
};

struct folder_walk {
    const struct root_folder *root;
    const struct stat *excluded; /* (excluded_count) folders that are left out */
    size_t excluded_count;

    struct long_text names;
    struct found *found; /* (found_count) by path */
    size_t found_count;
    struct second_path *seconds; /* (second_count) by path */
    size_t second_count;
    size_t too_deep;               /* folders that were not entered: FOLDER_MAXIMUM_DEPTH */
    uint64_t deep;                 /* offset of one of them */
    struct directory *directories; /* (directory_count) all folders, in the order of reading */
    size_t directory_count;
    struct folder_rest rest; /* files that are not read, by ending */
    size_t other_files;      /* that are no sounds */
    size_t hidden_files;     /* names that begin with a dot, folders included */
    size_t hidden_sounds;    /* among them, or in such folders, by their names */
    uint64_t hidden_example; /* offset of the first; 0: none */
    size_t background;       /* sound files in folders _background_noise_ */
    size_t nameless;         /* sounds by their first bytes, whose names have no ending */
    uint64_t nameless_example;
    uint64_t metadata; /* offset of a path that ends in metadata.csv or .jsonl; 0: none */

    size_t directory_capacity; /* private from here on */
    size_t found_capacity;
    size_t second_capacity;
    struct link *links;
    size_t link_count;
    size_t link_capacity;
    size_t *slots; /* of the folders entered, by device and inode: index + 1; 0: empty */
    size_t slot_count;
    size_t entered_count;
    struct text path;
};

/* Walks the folder `root`; the walk has root and excluded and is otherwise zeroed. Errors:
 * ERROR_FILE (the root cannot be read), ERROR_USAGE (it is the excluded folder), ERROR_DATA (a
 * bound), ERROR_MEMORY. folder_walk_close also after a failure. */
enum error_code folder_walk(struct folder_walk *walk, struct error *error);
void folder_walk_close(struct folder_walk *walk);

const char *folder_walk_name(const struct folder_walk *walk, uint64_t offset);

#endif
