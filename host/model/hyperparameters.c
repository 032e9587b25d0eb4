#include "host/model/hyperparameters.h"

#include "host/model/architecture.h"
#include "host/model/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#define MAXIMUM_REFERENCES 8
#define MAXIMUM_LIST 64

struct reader {
    yaml_document_t *document;
    yaml_node_t *root;
    struct text *notes;
    struct error *error;
};

/* ---- nodes ---- */

static bool is_scalar(const yaml_node_t *node) {
    return node != NULL && node->type == YAML_SCALAR_NODE;
}

static const char *scalar(const yaml_node_t *node) {
    return (const char *)node->data.scalar.value;
}

/* The value of a key of a mapping; NULL without such a key, or when it is not a mapping. */
static yaml_node_t *lookup(struct reader *reader, const yaml_node_t *mapping, const char *key,
                           size_t length) {
    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE) return NULL;
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reader->document, pair->key);
        if (is_scalar(name) && name->data.scalar.length == length &&
            memcmp(scalar(name), key, length) == 0)
            return yaml_document_get_node(reader->document, pair->value);
    }
    return NULL;
}

/* Follows `!ref <name>` to the top level's value of that name. NULL for a larger expression, a
 * name that does not exist, or too long a chain. */
static yaml_node_t *resolve(struct reader *reader, yaml_node_t *node) {
    for (int i = 0; i < MAXIMUM_REFERENCES && node != NULL; i++) {
        const char *tag = (const char *)node->tag;
        if (tag == NULL || (strcmp(tag, "!ref") != 0 && strcmp(tag, "!copy") != 0)) return node;
        size_t length = is_scalar(node) ? strlen(scalar(node)) : 0;
        if (length < 3 || scalar(node)[0] != '<' || scalar(node)[length - 1] != '>') return NULL;
        node = lookup(reader, reader->root, scalar(node) + 1, length - 2);
    }
    return NULL;
}

/* Notes that the value of a key could not be read; it counts as not given. */
static void note_unknown(struct reader *reader, const char *key) {
    text_format(reader->notes, "hyperparams.yaml: %s is an expression and was not checked\n", key);
}

/* The value of a key of a mapping (or NULL), with references followed. */
static yaml_node_t *value_of(struct reader *reader, const yaml_node_t *mapping, const char *key) {
    yaml_node_t *node = lookup(reader, mapping, key, strlen(key));
    if (node == NULL) return NULL;
    yaml_node_t *resolved = resolve(reader, node);
    if (resolved == NULL) note_unknown(reader, key);
    return resolved;
}

/* A plain whole number; false for anything else. */
static bool whole_number(const yaml_node_t *node, size_t *number) {
    if (!is_scalar(node)) return false;
    const char *text = scalar(node);
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0') return false;
    *number = strtoul(text, NULL, 10);
    return true;
}

/* ---- comparisons ---- */

/* Compares a number of the file with that of the tensors; where: "the tensors have". */
static enum error_code check_number(struct reader *reader, const yaml_node_t *mapping,
                                    const char *key, size_t actual, const char *where) {
    yaml_node_t *node = value_of(reader, mapping, key);
    size_t number = 0;
    if (node == NULL) return ERROR_NONE;
    if (!whole_number(node, &number))
        return FAIL(reader->error, ERROR_DATA, "hyperparams.yaml: %s is no whole number", key);
    if (number != actual)
        return FAIL(reader->error, ERROR_DATA, "hyperparams.yaml says %s %zu, but %s %zu", key,
                    number, where, actual);
    return ERROR_NONE;
}

/* Reads a list of whole numbers; *count is 0 when it is not given. */
static enum error_code read_list(struct reader *reader, const yaml_node_t *mapping, const char *key,
                                 size_t *list, size_t *count) {
    yaml_node_t *node = value_of(reader, mapping, key);
    *count = 0;
    if (node == NULL) return ERROR_NONE;
    if (node->type != YAML_SEQUENCE_NODE)
        return FAIL(reader->error, ERROR_DATA, "hyperparams.yaml: %s is no list", key);
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        yaml_node_t *element = resolve(reader, yaml_document_get_node(reader->document, *item));
        if (*count >= MAXIMUM_LIST || !whole_number(element, &list[*count]))
            return FAIL(reader->error, ERROR_DATA,
                        "hyperparams.yaml: %s is no list of at most %d whole numbers", key,
                        MAXIMUM_LIST);
        ++*count;
    }
    return ERROR_NONE;
}

/* Compares a list of the file with the tensors; it may be longer than the number of blocks. */
static enum error_code check_list(struct reader *reader, const yaml_node_t *mapping,
                                  const char *key, const struct xvector_model *network,
                                  bool kernels) {
    size_t list[MAXIMUM_LIST];
    size_t count = 0;
    TRY(read_list(reader, mapping, key, list, &count));
    if (count > 0 && count < network->block_count)
        return FAIL(reader->error, ERROR_DATA,
                    "hyperparams.yaml gives %zu %s, but the tensors have %zu blocks", count, key,
                    network->block_count);
    for (size_t i = 0; i < network->block_count && count > 0; i++) {
        size_t actual = kernels ? network->blocks[i].kernel : network->blocks[i].out_channels;
        if (list[i] != actual)
            return FAIL(reader->error, ERROR_DATA,
                        "hyperparams.yaml says %s %zu for block %zu, but tensor "
                        "'blocks.%zu.conv.weight' has %zu",
                        key, list[i], i, 3 * i, actual);
    }
    return ERROR_NONE;
}

/* ---- settings that must have one value ---- */

struct setting {
    const char *object;
    const char *key;
    const char *value;
};

static const struct setting settings[] = {
    {"compute_features", "sample_rate", "16000"},
    {"compute_features", "n_fft", "400"},
    {"compute_features", "win_length", "25"},
    {"compute_features", "hop_length", "10"},
    {"compute_features", "f_min", "0"},
    {"compute_features", "f_max", "8000"},
    {"compute_features", "deltas", "False"},
    {"compute_features", "context", "False"},
    {"compute_features", "filter_shape", "triangular"},
    {"mean_var_norm", "norm_type", "sentence"},
    {"mean_var_norm", "mean_norm", "True"},
    {"mean_var_norm", "std_norm", "False"},
};

static bool same_scalar(const char *text, const char *expected) {
    char *text_end;
    char *expected_end;
    double number = strtod(text, &text_end);
    double wanted = strtod(expected, &expected_end);
    if (expected_end != expected && text_end != text && *text_end == '\0')
        return !(number < wanted) && !(number > wanted);
    return strcasecmp(text, expected) == 0;
}

static enum error_code check_setting(struct reader *reader, const struct setting *setting) {
    yaml_node_t *object =
        resolve(reader, lookup(reader, reader->root, setting->object, strlen(setting->object)));
    yaml_node_t *node = value_of(reader, object, setting->key);
    if (node == NULL || (is_scalar(node) && same_scalar(scalar(node), setting->value)))
        return ERROR_NONE;
    return FAIL(reader->error, ERROR_UNSUPPORTED,
                "hyperparams.yaml: %s has %s %s; earmark computes %s only", setting->object,
                setting->key, is_scalar(node) ? quote_string(scalar(node)).text : "(not a value)",
                setting->value);
}

static bool tag_ends_in(const yaml_node_t *node, const char *end) {
    const char *tag = (const char *)node->tag;
    size_t length = tag == NULL ? 0 : strlen(tag);
    return length >= strlen(end) && strcmp(tag + length - strlen(end), end) == 0;
}

/* Checks the class of the network and its activation, where the file names them. */
static enum error_code check_classes(struct reader *reader, const yaml_node_t *network) {
    const char *tag = (const char *)network->tag;
    if (tag != NULL && strncmp(tag, "!new:", 5) == 0 && !tag_ends_in(network, "Xvector"))
        return FAIL(reader->error, ERROR_UNSUPPORTED,
                    "hyperparams.yaml: embedding_model is %s; only Xvector is supported",
                    quote_string(tag + 5).text);
    yaml_node_t *activation = value_of(reader, network, "activation");
    if (activation == NULL) return ERROR_NONE;
    tag = (const char *)activation->tag;
    yaml_node_t *slope = value_of(reader, activation, "negative_slope");
    if (!tag_ends_in(activation, "LeakyReLU") ||
        (slope != NULL && !(is_scalar(slope) && same_scalar(scalar(slope), "0.01"))))
        return FAIL(reader->error, ERROR_UNSUPPORTED,
                    "hyperparams.yaml: the activation is %s; only LeakyReLU (0.01) is supported",
                    tag == NULL ? "unknown" : quote_string(tag).text);
    return ERROR_NONE;
}

/* ---- dilations ---- */

enum error_code hyperparameters_default_dilations(struct xvector_model *network,
                                                  struct error *error) {
    static const size_t dilations[] = {1, 2, 3, 1, 1};
    if (network->block_count > sizeof dilations / sizeof dilations[0])
        return FAIL(error, ERROR_UNSUPPORTED,
                    "%zu blocks, and no hyperparams.yaml that gives their tdnn_dilations",
                    network->block_count);
    return architecture_set_dilations(network, dilations, network->block_count, error);
}

static enum error_code set_dilations(struct reader *reader, const yaml_node_t *mapping,
                                     struct xvector_model *network) {
    size_t list[MAXIMUM_LIST];
    size_t count = 0;
    yaml_node_t *given = lookup(reader, mapping, "tdnn_dilations", strlen("tdnn_dilations"));
    if (given == NULL) {
        text_string(reader->notes,
                    "hyperparams.yaml gives no tdnn_dilations: SpeechBrain's default is used\n");
        return hyperparameters_default_dilations(network, reader->error);
    }
    if (resolve(reader, given) == NULL)
        return FAIL(reader->error, ERROR_UNSUPPORTED,
                    "hyperparams.yaml: tdnn_dilations is an expression; write the numbers there");
    TRY(read_list(reader, mapping, "tdnn_dilations", list, &count));
    if (count < network->block_count)
        return FAIL(reader->error, ERROR_DATA,
                    "hyperparams.yaml gives %zu tdnn_dilations, but the tensors have %zu blocks",
                    count, network->block_count);
    return architecture_set_dilations(network, list, network->block_count, reader->error);
}

/* ---- the whole file ---- */

static enum error_code check_document(struct reader *reader, struct xvector_model *network) {
    if (reader->root == NULL || reader->root->type != YAML_MAPPING_NODE)
        return FAIL(reader->error, ERROR_DATA, "hyperparams.yaml is not a map of names to values");
    static const char takes[] = "tensor 'blocks.0.conv.weight' takes";
    yaml_node_t *features = value_of(reader, reader->root, "compute_features");
    TRY(check_number(reader, reader->root, "sample_rate", (size_t)network->sample_rate,
                     "earmark's features are made at"));
    TRY(check_number(reader, reader->root, "n_mels", network->mels, takes));
    TRY(check_number(reader, features, "n_mels", network->mels, takes));
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        TRY(check_setting(reader, &settings[i]));
    /* The layers' settings are under embedding_model, or at the top level without that key. */
    yaml_node_t *layers = value_of(reader, reader->root, "embedding_model");
    if (layers == NULL || layers->type != YAML_MAPPING_NODE) layers = reader->root;
    TRY(check_classes(reader, layers));
    TRY(check_number(reader, layers, "in_channels", network->mels, takes));
    TRY(check_number(reader, layers, "tdnn_blocks", network->block_count, "the tensors have"));
    TRY(check_list(reader, layers, "tdnn_channels", network, false));
    TRY(check_list(reader, layers, "tdnn_kernel_sizes", network, true));
    TRY(check_number(reader, layers, "lin_neurons", network->embedding_size,
                     "the linear layer's tensor has"));
    return set_dilations(reader, layers, network);
}

enum error_code hyperparameters_check(const char *yaml, size_t size, struct xvector_model *network,
                                      struct text *notes, struct error *error) {
    yaml_parser_t parser;
    yaml_document_t document;
    if (size > HYPERPARAMETERS_MAXIMUM_BYTES)
        return FAIL(error, ERROR_UNSUPPORTED, "hyperparams.yaml: %zu bytes; at most %zu are read",
                    size, HYPERPARAMETERS_MAXIMUM_BYTES);
    if (!yaml_parser_initialize(&parser))
        return FAIL(error, ERROR_MEMORY, "no memory for reading hyperparams.yaml");
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, size);
    if (yaml_parser_load(&parser, &document)) {
        struct reader reader = {&document, yaml_document_get_root_node(&document), notes, error};
        check_document(&reader, network);
        yaml_document_delete(&document);
    } else {
        FAIL(error, ERROR_DATA, "hyperparams.yaml, line %zu: %s", parser.problem_mark.line + 1,
             parser.problem == NULL ? "not YAML" : parser.problem);
    }
    yaml_parser_delete(&parser);
    return error->code == ERROR_NONE ? text_check(notes, error) : error->code;
}
