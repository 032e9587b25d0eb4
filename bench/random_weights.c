/* random_weights SEED OUT.safetensors
 *
 * Writes an untrained x-vector, the baseline for a trained one, in the shape of
 * models/default.safetensors. Weights and biases are uniform between -1/sqrt(n)
 * and 1/sqrt(n), where n is the number of inputs of an output value, as PyTorch
 * initialises convolutions and linear layers; normalisation is the identity.
 * SplitMix64 from SEED, tensors in the file's order; float32. */
#include "bench/random.h"
#include "bench/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 5, MAXIMUM_TENSORS = 6 * BLOCKS + 2, NAME_SIZE = 40, POOLED = 1500 };

/* Output channels, input channels and taps of the convolutions. */
static const size_t convolutions[BLOCKS][3] = {
    {512, 24, 5}, {512, 512, 3}, {512, 512, 3}, {512, 512, 1}, {POOLED, 512, 1}};
/* Outputs and inputs of the last layer, whose inputs are mean and deviation of every channel. */
static const size_t linear[2] = {512, 2 * (size_t)POOLED};

static const char metadata[] =
    "\"__metadata__\":{\"format\":\"earmark-xvector\",\"format_version\":\"1\","
    "\"name\":\"random-weights\",\"mels\":\"24\",\"sample_rate\":\"16000\","
    "\"dilations\":\"1,2,3,1,1\",\"licence\":\"none\",\"source\":\"bench/random_weights\"}";

struct tensor {
    char name[NAME_SIZE];
    char shape[NAME_SIZE]; /* as in the header */
    size_t count;
    float spread; /* values are between -spread and spread ... */
    float value;  /* ... or, if spread is 0, all equal to this */
};

struct network {
    struct tensor tensors[MAXIMUM_TENSORS];
    size_t count;
};

static void add(struct network *network, size_t layer, const char *field, const size_t *sizes,
                size_t rank, float spread, float value) {
    struct tensor *tensor = &network->tensors[network->count++];
    *tensor = (struct tensor){.count = 1, .spread = spread, .value = value};
    snprintf(tensor->name, sizeof tensor->name, "blocks.%zu.%s", layer, field);
    for (size_t i = 0; i < rank; i++) {
        size_t at = strlen(tensor->shape);
        snprintf(tensor->shape + at, sizeof tensor->shape - at, i == 0 ? "%zu" : ",%zu", sizes[i]);
        tensor->count *= sizes[i];
    }
}

static void add_all(struct network *network) {
    for (size_t i = 0; i < BLOCKS; i++) {
        const size_t *sizes = convolutions[i];
        float spread = 1.0f / sqrtf((float)(sizes[1] * sizes[2]));
        add(network, 3 * i, "conv.weight", sizes, 3, spread, 0);
        add(network, 3 * i, "conv.bias", sizes, 1, spread, 0);
        add(network, 3 * i + 2, "norm.weight", sizes, 1, 0, 1);
        add(network, 3 * i + 2, "norm.bias", sizes, 1, 0, 0);
        add(network, 3 * i + 2, "norm.running_mean", sizes, 1, 0, 0);
        add(network, 3 * i + 2, "norm.running_var", sizes, 1, 0, 1);
    }
    float spread = 1.0f / sqrtf((float)linear[1]);
    add(network, (size_t)3 * BLOCKS + 1, "w.weight", linear, 2, spread, 0);
    add(network, (size_t)3 * BLOCKS + 1, "w.bias", linear, 1, spread, 0);
}

/* The header: its length in eight bytes, little-endian, then JSON. */
static void write_header(FILE *stream, const struct network *network) {
    char header[16384];
    size_t length = (size_t)snprintf(header, sizeof header, "{%s", metadata);
    size_t offset = 0;
    for (size_t i = 0; i < network->count; i++) {
        const struct tensor *tensor = &network->tensors[i];
        size_t end = offset + tensor->count * sizeof(float);
        length += (size_t)snprintf(
            header + length, sizeof header - length,
            ",\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", tensor->name,
            tensor->shape, offset, end);
        if (length + 16 >= sizeof header) bench_fail("header", "too long");
        offset = end;
    }
    header[length++] = '}';
    while (length % 8 != 0) header[length++] = ' ';
    uint64_t bytes = length;
    fwrite(&bytes, sizeof bytes, 1, stream);
    fwrite(header, 1, length, stream);
}

static void write_values(FILE *stream, const struct tensor *tensor, uint64_t *state) {
    for (size_t i = 0; i < tensor->count; i++) {
        float value = tensor->value;
        if (tensor->spread > 0) value = tensor->spread * random_between_ones(state);
        fwrite(&value, sizeof value, 1, stream);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) bench_fail("usage", "random_weights SEED OUT.safetensors");
    uint64_t state = random_seed(argv[1]);
    static struct network network;
    add_all(&network);
    FILE *stream = bench_create(argv[2]);
    write_header(stream, &network);
    for (size_t i = 0; i < network.count; i++) write_values(stream, &network.tensors[i], &state);
    bench_close(argv[2], stream);
    return 0;
}
