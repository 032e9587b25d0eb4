#include "product.h"

#include "kernels/device.h"
#include "memory.h"
#include "onednn.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A product is a convolution with one tap over `rows` positions: oneDNN's
 * kernel-1 convolution was faster than its matmul and inner product on every
 * shape in use, and takes any number of rows. */
struct product {
    struct product_shape shape;
    dnnl_engine_t engine;
    dnnl_primitive_desc_t description;
    dnnl_primitive_t primitive;
    size_t scratchpad_bytes;
};

/* oneDNN writes through the null pointer of an allocation of its own that failed, for example in
 * the code that it generates. A primitive took less than 2 MiB on every shape in use. */
#define PRIMITIVE_ROOM ((size_t)16 << 20)

struct product_weights {
    struct product_shape shape;
    dnnl_engine_t engine;
    dnnl_primitive_desc_t description; /* a copy of the product's, which has the layout */
    void *packed;
    size_t packed_bytes;
    float *bias; /* (outputs), always there */
};

size_t product_round(size_t channels) {
    if (channels > SIZE_MAX - PRODUCT_CHANNELS) return 0;
    return (channels + PRODUCT_CHANNELS - 1) / PRODUCT_CHANNELS * PRODUCT_CHANNELS;
}

static enum error_code fail_dnnl(struct error *error, dnnl_status_t status, const char *what) {
    if (status == dnnl_out_of_memory)
        return FAIL(error, ERROR_MEMORY, "oneDNN: no memory to %s", what);
    return FAIL(error, ERROR_DEVICE, "oneDNN cannot %s (status %d)", what, (int)status);
}

static dnnl_data_type_t data_type(enum product_type type) {
    return type == PRODUCT_BFLOAT16 ? dnnl_bf16 : dnnl_f32;
}

/* The primitive's attributes: our own scratchpad (threads share the primitive), and the ReLU. */
static dnnl_status_t make_attributes(const struct product_shape *shape,
                                     dnnl_primitive_attr_t *attributes) {
    dnnl_post_ops_t after = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success && shape->leaky) {
        status = dnnl_post_ops_create(&after);
        if (status == dnnl_success) status = onednn_append_leaky_relu(after, XVECTOR_LEAKY_SLOPE);
        if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, after);
        if (after != NULL) dnnl_post_ops_destroy(after);
    }
    return status;
}

static dnnl_status_t make_convolution(struct product *product, dnnl_primitive_attr_t attributes) {
    const struct product_shape *shape = &product->shape;
    const dnnl_dim_t rows = (dnnl_dim_t)shape->rows, inputs = (dnnl_dim_t)shape->inputs,
                     outputs = (dnnl_dim_t)shape->outputs;
    const dnnl_dims_t source_size = {1, inputs, rows}, weight_size = {outputs, inputs, 1},
                      bias_size = {outputs}, destination_size = {1, outputs, rows};
    onednn_layout source = NULL, weight = NULL, bias = NULL, destination = NULL;
    dnnl_status_t status =
        onednn_layout_create(&source, 3, source_size, data_type(shape->source), dnnl_nwc);
    if (status == dnnl_success)
        status = onednn_layout_create(&weight, 3, weight_size, data_type(shape->source),
                                      dnnl_format_tag_any);
    if (status == dnnl_success && shape->bias)
        status = onednn_layout_create(&bias, 1, bias_size, dnnl_f32, dnnl_x);
    if (status == dnnl_success)
        status = onednn_layout_create(&destination, 3, destination_size,
                                      data_type(shape->destination), dnnl_nwc);
    if (status == dnnl_success)
        status = onednn_convolution_create(&product->description, product->engine, source, weight,
                                           bias, destination, attributes);
    onednn_layout_destroy(source);
    onednn_layout_destroy(weight);
    onednn_layout_destroy(bias);
    onednn_layout_destroy(destination);
    return status;
}

/* A product's blocking depends on the number of threads that oneDNN sees: always one. */
static dnnl_status_t make_primitive(struct product *product) {
    dnnl_primitive_attr_t attributes = NULL;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t status = dnnl_engine_create(&product->engine, dnnl_cpu, 0);
    if (status == dnnl_success) status = make_attributes(&product->shape, &attributes);
    if (status == dnnl_success) status = make_convolution(product, attributes);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&product->primitive, product->description);
    if (status == dnnl_success)
        product->scratchpad_bytes = dnnl_memory_desc_get_size(
            dnnl_primitive_desc_query_md(product->description, dnnl_query_scratchpad_md, 0));
    if (attributes != NULL) dnnl_primitive_attr_destroy(attributes);
    omp_set_num_threads(threads);
    return status;
}

enum error_code product_create(const struct product_shape *shape, struct product **result,
                               struct error *error) {
    *result = NULL;
    if (shape->rows == 0 || shape->inputs == 0 || shape->outputs == 0 || shape->rows > INT32_MAX ||
        shape->inputs > INT32_MAX || shape->outputs > INT32_MAX)
        return FAIL(error, ERROR_INTERNAL, "a product of %zu x %zu x %zu", shape->rows,
                    shape->inputs, shape->outputs);
    if (memory_room(PRIMITIVE_ROOM, "make a matrix product", error) != ERROR_NONE)
        return error->code;
    struct product *product = calloc(1, sizeof *product);
    if (product == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a product");
    product->shape = *shape;
    dnnl_status_t status = make_primitive(product);
    if (status != dnnl_success) {
        product_free(product);
        if (status == dnnl_unimplemented)
            return FAIL(error, ERROR_UNSUPPORTED,
                        "this CPU (or oneDNN's build) has no %s products; use --precision float32",
                        shape->source == PRODUCT_BFLOAT16 ? "bfloat16" : "float32");
        return fail_dnnl(error, status, "make a matrix product");
    }
    *result = product;
    return ERROR_NONE;
}

void product_free(struct product *product) {
    if (product == NULL) return;
    if (product->primitive != NULL) dnnl_primitive_destroy(product->primitive);
    if (product->description != NULL) dnnl_primitive_desc_destroy(product->description);
    if (product->engine != NULL) dnnl_engine_destroy(product->engine);
    free(product);
}

/* The layout in which the primitive reads its weights. */
static onednn_const_layout layout(const struct product_weights *weights) {
    return dnnl_primitive_desc_query_md(weights->description, dnnl_query_weights_md, 0);
}

enum error_code product_weights_create(const struct product *product,
                                       struct product_weights **result, struct error *error) {
    *result = NULL;
    struct product_weights *weights = calloc(1, sizeof *weights);
    if (weights == NULL) return FAIL(error, ERROR_MEMORY, "no memory for weights");
    weights->shape = product->shape;
    dnnl_status_t status = dnnl_primitive_desc_clone(&weights->description, product->description);
    if (status == dnnl_success) status = dnnl_engine_create(&weights->engine, dnnl_cpu, 0);
    if (status != dnnl_success) {
        product_weights_free(weights);
        return fail_dnnl(error, status, "make a layout of weights");
    }
    weights->packed_bytes = dnnl_memory_desc_get_size(layout(weights));
    weights->packed = memory_aligned(weights->packed_bytes, 1, "packed weights", error);
    weights->bias = memory_aligned(product->shape.outputs, sizeof(float), "biases", error);
    if (weights->packed == NULL || weights->bias == NULL) {
        product_weights_free(weights);
        return error->code;
    }
    memset(weights->packed, 0, weights->packed_bytes);
    memset(weights->bias, 0, product->shape.outputs * sizeof(float));
    *result = weights;
    return ERROR_NONE;
}

void product_weights_free(struct product_weights *weights) {
    if (weights == NULL) return;
    if (weights->description != NULL) dnnl_primitive_desc_destroy(weights->description);
    if (weights->engine != NULL) dnnl_engine_destroy(weights->engine);
    free(weights->packed);
    free(weights->bias);
    free(weights);
}

/* Reorders plain float32 (outputs, inputs) into the primitive's layout and type. */
static dnnl_status_t reorder(struct product_weights *weights, float *plain) {
    const dnnl_dims_t size = {(dnnl_dim_t)weights->shape.outputs, (dnnl_dim_t)weights->shape.inputs,
                              1};
    const dnnl_engine_t engine = weights->engine;
    onednn_layout plain_layout = NULL;
    dnnl_memory_t from = NULL, to = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = onednn_layout_create(&plain_layout, 3, size, dnnl_f32, dnnl_oiw);
    if (status == dnnl_success) status = dnnl_memory_create(&from, plain_layout, engine, plain);
    if (status == dnnl_success)
        status = dnnl_memory_create(&to, layout(weights), engine, weights->packed);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&description, plain_layout, engine,
                                                    layout(weights), engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(&primitive, description);
    if (status == dnnl_success)
        status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    const dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    if (status == dnnl_success) status = dnnl_primitive_execute(primitive, stream, 2, arguments);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    if (stream != NULL) dnnl_stream_destroy(stream);
    if (primitive != NULL) dnnl_primitive_destroy(primitive);
    if (description != NULL) dnnl_primitive_desc_destroy(description);
    if (to != NULL) dnnl_memory_destroy(to);
    if (from != NULL) dnnl_memory_destroy(from);
    onednn_layout_destroy(plain_layout);
    return status;
}

enum error_code product_weights_set(struct product_weights *weights, const float *weight,
                                    size_t outputs, size_t inputs, const float *bias,
                                    struct error *error) {
    const struct product_shape *shape = &weights->shape;
    if (outputs > shape->outputs || inputs > shape->inputs)
        return FAIL(error, ERROR_INTERNAL, "weights of %zu x %zu for a product of %zu x %zu",
                    outputs, inputs, shape->outputs, shape->inputs);
    float *plain = memory_aligned(shape->outputs, shape->inputs * sizeof(float), "weights", error);
    if (plain == NULL) return error->code;
    memset(plain, 0, shape->outputs * shape->inputs * sizeof(float));
    for (size_t output = 0; output < outputs; output++)
        memcpy(plain + output * shape->inputs, weight + output * inputs, inputs * sizeof(float));
    if (memory_room(PRIMITIVE_ROOM, "pack weights", error) != ERROR_NONE) {
        free(plain);
        return error->code;
    }
    dnnl_status_t status = reorder(weights, plain);
    free(plain);
    if (status != dnnl_success) return fail_dnnl(error, status, "pack weights");
    memset(weights->bias, 0, shape->outputs * sizeof(float));
    if (bias != NULL) memcpy(weights->bias, bias, outputs * sizeof(float));
    return ERROR_NONE;
}

enum product_argument { SOURCE, WEIGHT, DESTINATION, SCRATCHPAD, BIAS, ARGUMENTS };

/* Runs the primitive on memory objects created for this call, which takes a few hundred
 * nanoseconds: so threads share nothing. */
static dnnl_status_t execute(const struct product *product, void *const handles[ARGUMENTS]) {
    static const int names[ARGUMENTS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST,
                                         DNNL_ARG_SCRATCHPAD, DNNL_ARG_BIAS};
    static const dnnl_query_t queries[ARGUMENTS] = {dnnl_query_src_md, dnnl_query_weights_md,
                                                    dnnl_query_dst_md, dnnl_query_scratchpad_md,
                                                    dnnl_query_weights_md};
    dnnl_exec_arg_t arguments[ARGUMENTS];
    const int count = product->shape.bias ? ARGUMENTS : BIAS;
    int made = 0;
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_success;
    for (; made < count && status == dnnl_success; made++) {
        arguments[made].arg = names[made];
        arguments[made].memory = NULL;
        status = dnnl_memory_create(
            &arguments[made].memory,
            dnnl_primitive_desc_query_md(product->description, queries[made], made == BIAS),
            product->engine, handles[made]);
    }
    if (status == dnnl_success)
        status = dnnl_stream_create(&stream, product->engine, dnnl_stream_default_flags);
    if (status == dnnl_success)
        status = dnnl_primitive_execute(product->primitive, stream, count, arguments);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    if (stream != NULL) dnnl_stream_destroy(stream);
    for (int i = 0; i < made; i++)
        if (arguments[i].memory != NULL) dnnl_memory_destroy(arguments[i].memory);
    return status;
}

enum error_code product_execute(const struct product *product,
                                const struct product_weights *weights, const void *source,
                                void *destination, struct error *error) {
    void *scratchpad = NULL;
    if (product->scratchpad_bytes > 0) {
        scratchpad = memory_aligned(product->scratchpad_bytes, 1, "a product's scratchpad", error);
        if (scratchpad == NULL) return error->code;
    }
    /* oneDNN takes every handle as writable; it writes to the destination and scratchpad only. */
    void *const handles[ARGUMENTS] = {[SOURCE] = (void *)(uintptr_t)source,
                                      [WEIGHT] = weights->packed,
                                      [DESTINATION] = destination,
                                      [SCRATCHPAD] = scratchpad,
                                      [BIAS] = weights->bias};
    const int threads = omp_get_max_threads();
    const bool alone = omp_get_level() == 0; /* outside of any region: see product.h */
    if (alone) omp_set_num_threads(1);
    dnnl_status_t status = execute(product, handles);
    if (alone) omp_set_num_threads(threads);
    free(scratchpad);
    if (status != dnnl_success) return fail_dnnl(error, status, "execute a matrix product");
    return ERROR_NONE;
}
