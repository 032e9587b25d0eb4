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
    const char *state_of; /* INPUT, where embeddings stay from run to run (state.h); NULL: they
                             belong to one run */
    const char *part_of;  /* INPUT, of a part; NULL otherwise */
    /* Of a part that several processes may embed; see struct embedding_store_settings. */
    uint64_t writer;
    const struct timespec *since;
    enum error_code (*may_commit)(void *context, struct error *error);
    void *context;
};

/* Everything but the clip that an embedding depends on: as lines of run_record.h, and as the key of
 * its shards. */
enum error_code resume_binding(const struct engine *engine, const struct resume_settings *settings,
                               struct text *record, struct shard_key *key, struct error *error);

/* Opens the store in the folder `name` of `parent`, with state_of in one that is named by what
 * embeddings depend on. Those by another program, model or with another embedding_record are
 * removed from it. Unless quiet, prints what has changed and what was removed.
 */
enum error_code resume_open(const struct folder *parent, const char *name,
                            const struct engine *engine, const struct collection *input,
                            const struct resume_settings *settings, struct embedding_store *store,
                            struct error *error);

/* Adds the names of the devices that computed the embeddings, if there are others than that of
 * this run. */
void resume_facts(struct run_facts *facts, const struct embedding_store *store);

#endif
