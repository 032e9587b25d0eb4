/* Going on with an unfinished run: what its shards must agree in, and what is said
 * about changes since. */
#ifndef EARMARK_EMBEDDING_RESUME_H
#define EARMARK_EMBEDDING_RESUME_H

#include "host/embedding/embedding_store.h"
#include "host/embedding/engine.h"
#include "host/embedding/run_folder.h"
#include "host/lists/collection.h"
#include "host/output/run.h"

struct resume_settings {
    enum device_precision precision;
    bool no_resample;
    bool keep; /* false: what an earlier run left is thrown away */
    bool quiet;
    const struct text
        *others; /* run_record lines of settings that no embedding depends on; or NULL */
};

/* Opens the store of the run in `folder`. Embeddings of another model, precision,
 * resampling or program are thrown away. Says on stderr what goes on, what has
 * changed and what was damaged. */
enum error_code resume_open(const struct run_folder *folder, const struct engine *engine,
                            const struct collection *input, const struct resume_settings *settings,
                            struct embedding_store *store, struct error *error);

/* Which devices computed the embeddings, where it was more than the one of this run. */
void resume_facts(struct run_facts *facts, const struct embedding_store *store);

#endif
