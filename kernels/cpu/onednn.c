#include "onednn.h"

#include <stdlib.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t onednn_layout_create(onednn_layout *layout, int dimensions, const dnnl_dims_t sizes,
                                   dnnl_data_type_t type, dnnl_format_tag_t tag) {
    *layout = NULL;
    return dnnl_memory_desc_create_with_tag(layout, dimensions, sizes, type, tag);
}

void onednn_layout_destroy(onednn_layout layout) {
    if (layout != NULL) dnnl_memory_desc_destroy(layout);
}

/* On AVX2, version 3 offers its newer kernels first. Those of version 2, which follow,
 * are 3% faster over a whole network. Without a next one the description stays as it is. */
static void prefer_older(dnnl_primitive_desc_t description) {
    const char *name = NULL;
    if (dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, (void *)&name) ==
            dnnl_success &&
        name != NULL && strcmp(name, "brgconv_1x1:avx2") == 0)
        dnnl_primitive_desc_next_impl(description);
}

dnnl_status_t onednn_convolution_create(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                        onednn_const_layout source, onednn_const_layout weight,
                                        onednn_const_layout bias, onednn_const_layout destination,
                                        const_dnnl_primitive_attr_t attributes) {
    const dnnl_dims_t stride = {1}, dilation = {0}, padding = {0};
    const dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create(
        description, engine, dnnl_forward_inference, dnnl_convolution_direct, source, weight, bias,
        destination, stride, dilation, padding, padding, attributes);
    if (status == dnnl_success) prefer_older(*description);
    return status;
}

dnnl_status_t onednn_append_leaky_relu(dnnl_post_ops_t operations, float slope) {
    return dnnl_post_ops_append_eltwise(operations, dnnl_eltwise_relu, slope, 0.0f);
}

#else

dnnl_status_t onednn_layout_create(onednn_layout *layout, int dimensions, const dnnl_dims_t sizes,
                                   dnnl_data_type_t type, dnnl_format_tag_t tag) {
    *layout = malloc(sizeof **layout);
    if (*layout == NULL) return dnnl_out_of_memory;
    const dnnl_status_t status =
        dnnl_memory_desc_init_by_tag(*layout, dimensions, sizes, type, tag);
    if (status != dnnl_success) {
        free(*layout);
        *layout = NULL;
    }
    return status;
}

void onednn_layout_destroy(onednn_layout layout) {
    free(layout);
}

dnnl_status_t onednn_convolution_create(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                        onednn_const_layout source, onednn_const_layout weight,
                                        onednn_const_layout bias, onednn_const_layout destination,
                                        const_dnnl_primitive_attr_t attributes) {
    const dnnl_dims_t stride = {1}, padding = {0};
    dnnl_convolution_desc_t convolution;
    const dnnl_status_t status = dnnl_convolution_forward_desc_init(
        &convolution, dnnl_forward_inference, dnnl_convolution_direct, source, weight, bias,
        destination, stride, padding, padding);
    if (status != dnnl_success) return status;
    return dnnl_primitive_desc_create(description, &convolution, attributes, engine, NULL);
}

dnnl_status_t onednn_append_leaky_relu(dnnl_post_ops_t operations, float slope) {
    return dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_relu, slope, 0.0f);
}

#endif
