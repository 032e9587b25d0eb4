#include "host/embedding/resume.h"

#include "host/base/progress.h"
#include "host/base/version.h"
#include "host/clips/fingerprint.h"
#include "host/embedding/run_record.h"
#include "host/embedding/state.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum error_code resume_binding(const struct engine *engine, const struct resume_settings *settings,
                               struct text *record, struct shard_key *key, struct error *error) {
    *key = (struct shard_key){.statistics = settings->statistics ? STATISTICS_COUNT : 0};
    key->columns = engine->model.network.embedding_size + key->statistics;
    run_record_add(record, "program", "%s (interface %d)", EARMARK_VERSION,
                   DEVICE_INTERFACE_VERSION);
    run_record_add(record, "model", "%s", engine->model.hash);
    if (settings->embedding_record != NULL) text_string(record, settings->embedding_record);
    TRY(text_check(record, error));
    XXH128_hash_t hash = XXH3_128bits(record->data, record->length);
    key->settings[0] = hash.low64;
    key->settings[1] = hash.high64;
    return ERROR_NONE;
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
    if (store->verdicts.damaged)
        progress_message("earmark: %s: a damaged file of verdicts was thrown away; its clips are "
                         "decoded again",
                         out);
    if (changed != NULL && changed[0] != '\0')
        progress_message("earmark: %s: changed since the run that was stopped: %s", out, changed);
    if (store->unfit > 0)
        progress_message("earmark: %s: embeddings made with other settings were thrown away", out);
}

/* The input that a state is used with, or that a part is of. */
static void add_input(struct text *record, const char *input) {
    char *path = realpath(input, NULL); /* NULL: a pattern */
    run_record_add(record, RUN_RECORD_INPUT, "%s", path == NULL ? input : path);
    free(path);
}

/* Names the folder of a state, and its input. */
static enum error_code name_state(const char *input, const struct shard_key *key,
                                  char name[STATE_NAME_SIZE], struct text *record,
                                  struct error *error) {
    state_name(key, name);
    add_input(record, input);
    return text_check(record, error);
}

/* What was thrown away, and what else is there. */
static enum error_code report_state(const struct folder *parent, const char *name,
                                    struct embedding_store *store, bool quiet,
                                    struct error *error) {
    if (quiet) return ERROR_NONE;
    report(store->folder.path, store, NULL);
    return state_report_others(parent, name, error);
}

enum error_code resume_open(const struct folder *parent, const char *name,
                            const struct engine *engine, const struct collection *input,
                            const struct resume_settings *settings, struct embedding_store *store,
                            struct error *error) {
    struct text record = TEXT_INITIAL, changed = TEXT_INITIAL;
    char state[STATE_NAME_SIZE];
    struct embedding_store_settings own = {.device = engine->properties.name,
                                           .keep = settings->keep,
                                           .keeps_verdicts = settings->state_of != NULL ||
                                                             settings->part_of != NULL,
                                           .writer = settings->writer,
                                           .since = settings->since,
                                           .may_commit = settings->may_commit,
                                           .context = settings->context};
    if (resume_binding(engine, settings, &record, &own.key, error) != ERROR_NONE) goto done;
    if (settings->state_of != NULL) {
        name = state;
        if (name_state(settings->state_of, &own.key, state, &record, error) != ERROR_NONE)
            goto done;
    }
    if (settings->part_of != NULL) add_input(&record, settings->part_of);
    run_record_add(&record, "clips", "%016llx", (unsigned long long)list_hash(&input->clips));
    run_record_add(&record, "device", "%s", engine->properties.name);
    if (settings->results_record != NULL) text_string(&record, settings->results_record);
    if (embedding_store_open(parent, name, &own, store, error) != ERROR_NONE ||
        run_record_replace(&store->folder, &record, &changed, error) != ERROR_NONE)
        goto done;
    store->of_other_input = changed.data != NULL && state_input_changed(changed.data);
    if (settings->state_of != NULL)
        report_state(parent, name, store, settings->quiet, error);
    else if (!settings->quiet)
        report(settings->writer == 0 ? parent->path : store->folder.path, store, changed.data);
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
