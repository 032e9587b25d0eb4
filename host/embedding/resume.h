/* Continuing an unfinished run: which settings its shards must agree in, and the messages about
 * what has changed since. */
#ifndef EARMARK_EMBEDDING_RESUME_H
#define EARMARK_EMBEDDING_RESUME_H

#include "host/embedding/embedding_store.h"
#include "host/embedding/engine.h"
#include "host/embedding/run_folder.h"
#include "host/lists/collection.h"
#include "host/output/run.h"

struct resume_settings {
    /* Lines of run_record.h, ended by newlines; NULL: none. */
    const char *embedding_record; /* settings that embeddings depend on, beside the model */
    const char *results_record;   /* settings that only later stages depend on */
    bool statistics;              /* rows have them, after the embedding */
    bool keep;                    /* false: remove what an earlier run left */
    bool quiet;
};

/* Opens the store of the run in `folder`. Embeddings by another program, model or with another
 * embedding_record are removed. Unless quiet, prints what has changed and what was removed. */
enum error_code resume_open(const struct folder *folder, const struct engine *engine,
                            const struct collection *input, const struct resume_settings *settings,
                            struct embedding_store *store, struct error *error);

/* Adds the names of the devices that computed the embeddings, if there are others than that of
 * this run. */
void resume_facts(struct run_facts *facts, const struct embedding_store *store);

#endif
