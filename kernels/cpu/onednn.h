/* The calls that oneDNN 3 changed, under one name each for versions 2 and 3. The
 * rest of kernels/cpu uses only calls that both versions have. */
#ifndef EARMARK_CPU_ONEDNN_H
#define EARMARK_CPU_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>

/* A memory descriptor: version 3 has handles, version 2 a structure. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t onednn_layout;
typedef const_dnnl_memory_desc_t onednn_const_layout;
#else
typedef dnnl_memory_desc_t *onednn_layout;
typedef const dnnl_memory_desc_t *onednn_const_layout;
#endif

/* The caller destroys *layout, which is NULL after an error. */
dnnl_status_t onednn_layout_create(onednn_layout *layout, int dimensions, const dnnl_dims_t sizes,
                                   dnnl_data_type_t type, dnnl_format_tag_t tag);
void onednn_layout_destroy(onednn_layout layout); /* takes NULL */

/* A convolution over one spatial dimension, stride 1, without padding. bias may be NULL. */
dnnl_status_t onednn_convolution_create(dnnl_primitive_desc_t *description, dnnl_engine_t engine,
                                        onednn_const_layout source, onednn_const_layout weight,
                                        onednn_const_layout bias, onednn_const_layout destination,
                                        const_dnnl_primitive_attr_t attributes);

dnnl_status_t onednn_append_leaky_relu(dnnl_post_ops_t operations, float slope);

#endif
