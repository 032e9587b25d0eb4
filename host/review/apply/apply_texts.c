/* Lists of text, written anew. */
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/review/apply/apply_parts.h"
#include "host/review/apply/list_edits.h"

#include <stdlib.h>
#include <string.h>

static enum error_code add_text(struct apply *apply, size_t file, struct error *error) {
    const struct traced_file *traced = &apply->source.collection.trace.files[file];
    struct stored_text stored = {0};
    struct list_edits edits = {0};
    struct text made = TEXT_INITIAL;
    if (traced->refused)
        return FAIL(error, ERROR_DATA,
                    "%s: lines of it repeat an utterance; remove all but the first of each, and "
                    "audit it again",
                    traced->path);
    if (stored_text_open(traced->path, apply_source_hash(&apply->source, file), &stored, error) ==
            ERROR_NONE &&
        list_edits_find(&apply->source.collection, file, &stored, apply->outcomes,
                        apply->settings->exclude, &edits, error) == ERROR_NONE &&
        stored_text_edit(&stored, traced->name, edits.list, edits.count, &made.data, &made.length,
                         error) == ERROR_NONE)
        products_add(&apply->products, traced->name, &made, error);
    list_edits_free(&edits);
    stored_text_free(&stored);
    return error->code;
}

/* The utterances that stay, for subset_data_dir.sh, and those that do not. */
static enum error_code add_utterances(struct apply *apply, struct error *error) {
    const struct clip_list *clips = &apply->source.collection.clips;
    struct text kept = TEXT_INITIAL, excluded = TEXT_INITIAL, id = TEXT_INITIAL;
    for (size_t i = 0; i < clips->count && error->code == ERROR_NONE; i++) {
        struct text *list = apply->outcomes[i].kind == OUTCOME_EXCLUDE ? &excluded : &kept;
        text_format(list, "%s\n", clip_id(clips, i, &id));
        text_check(&id, error);
    }
    products_add(&apply->products, "kept.list", &kept, error);
    products_add(&apply->products, "excluded.list", &excluded, error);
    text_free(&id);
    return error->code;
}

/* Names become files of NEW, so none may lead out of it. */
static enum error_code check_name(const char *name, struct error *error) {
    struct text slashed = TEXT_INITIAL;
    text_format(&slashed, "/%s/", name);
    bool bad = slashed.failed || name[0] == '/' || strstr(slashed.data, "/../") != NULL ||
               strstr(slashed.data, "/./") != NULL || strstr(slashed.data, "//") != NULL;
    text_free(&slashed);
    if (!bad) return ERROR_NONE;
    return FAIL(error, ERROR_DATA, "%s: the name of this list leads out of its folder", name);
}

static void say_next(struct apply *apply, bool kaldi) {
    const char *to = apply->settings->new_path;
    struct text *next = &apply->report->next;
    if (kaldi)
        text_format(next,
                    "Next: utils/subset_data_dir.sh --utt-list %s/kept.list %s CORRECTED, then "
                    "copy %s/%s into it.",
                    to, apply->source.path, to, apply->products.list[0].name);
    else if (apply->products.is_folder)
        text_format(next,
                    "The lists of %s are in %s under their names; they belong beside the sounds, "
                    "in place of the old ones.",
                    apply->source.path, to);
    else
        text_format(next,
                    "Relative paths in %s start where those of %s do: put it beside that, or give "
                    "--audio-root.",
                    to, apply->source.path);
}

enum error_code apply_make_texts(struct apply *apply, struct error *error) {
    const struct list_trace *trace = &apply->source.collection.trace;
    const bool kaldi = strcmp(apply->source.format, "kaldi") == 0;
    apply->products.is_folder = kaldi || trace->file_count > 1;
    for (size_t i = 0; i < trace->file_count; i++) {
        if (apply->products.is_folder) TRY(check_name(trace->files[i].name, error));
        TRY(add_text(apply, i, error));
    }
    if (kaldi) TRY(add_utterances(apply, error));
    say_next(apply, kaldi);
    return error->code;
}
