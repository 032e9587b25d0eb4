#include "host/embedding/resume.h"

#include "host/base/progress.h"
#include "host/base/version.h"
#include "host/clips/fingerprint.h"
#include "host/embedding/run_record.h"

#include <string.h>
#include <xxhash.h>

/* Everything but the clip that an embedding depends on. */
static void add_binding(struct text *record, const struct engine *engine,
                        const struct resume_settings *settings) {
    run_record_add(record, "program", "%s (interface %d)", EARMARK_VERSION,
                   DEVICE_INTERFACE_VERSION);
    run_record_add(record, "model", "%s", engine->model.hash);
    if (settings->embedding_record != NULL) text_string(record, settings->embedding_record);
}

/* The list of clips as one number: paths, segments, labels, groups, folds. */
static uint64_t list_hash(const struct clip_list *clips) {
    uint64_t hash = 0;
    for (size_t i = 0; i < clips->count; i++) {
        int64_t fold = clips->clips[i].fold;
        hash = XXH3_64bits_withSeed(&fold, sizeof fold, clip_hash(clips, i, hash));
    }
    return hash;
}

static void report(const char *out, const struct embedding_store *store, const char *changed) {
    if (store->damaged > 0)
        progress_message("earmark: %s: %zu damaged shards were thrown away; their clips are "
                         "embedded again",
                         out, store->damaged);
    if (changed != NULL && changed[0] != '\0')
        progress_message("earmark: %s: changed since the run that was stopped: %s", out, changed);
    if (store->unfit > 0)
        progress_message("earmark: %s: embeddings made with other settings were thrown away", out);
}

enum error_code resume_open(const struct folder *folder, const struct engine *engine,
                            const struct collection *input, const struct resume_settings *settings,
                            struct embedding_store *store, struct error *error) {
    struct text record = TEXT_INITIAL, changed = TEXT_INITIAL;
    struct shard_key key = {.statistics = settings->statistics ? STATISTICS_COUNT : 0};
    key.columns = engine->model.network.embedding_size + key.statistics;
    add_binding(&record, engine, settings);
    if (text_check(&record, error) != ERROR_NONE) goto done;
    XXH128_hash_t hash = XXH3_128bits(record.data, record.length);
    key.settings[0] = hash.low64;
    key.settings[1] = hash.high64;
    run_record_add(&record, "clips", "%016llx", (unsigned long long)list_hash(&input->clips));
    run_record_add(&record, "device", "%s", engine->properties.name);
    if (settings->results_record != NULL) text_string(&record, settings->results_record);
    if (embedding_store_open(folder, &key, engine->properties.name, settings->keep, store, error) !=
            ERROR_NONE ||
        run_record_replace(&store->folder, &record, &changed, error) != ERROR_NONE)
        goto done;
    if (!settings->quiet) report(folder->path, store, changed.data);
done:
    text_free(&record);
    text_free(&changed);
    return error->code;
}

void resume_facts(struct run_facts *facts, const struct embedding_store *store) {
    struct text names = TEXT_INITIAL;
    if (!store->mixed) return;
    for (size_t i = 0; i < store->shard_count; i++) {
        size_t earlier = 0;
        while (strcmp(store->shards[earlier].device, store->shards[i].device) != 0) earlier++;
        if (earlier < i) continue;
        text_string(&names, names.length == 0 ? "[" : ", ");
        text_json(&names, store->shards[i].device);
    }
    text_string(&names, "]");
    if (names.failed)
        facts->failed = true;
    else
        run_fact_json(facts, "device", "embeddings_by", names.data);
    text_free(&names);
}
