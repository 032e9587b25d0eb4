#include "host/model/pickle_tensor.h"

size_t storage_element_bytes(enum storage_dtype dtype) {
    switch (dtype) {
    case STORAGE_FLOAT32: return 4;
    case STORAGE_FLOAT16:
    case STORAGE_BFLOAT16: return 2;
    case STORAGE_FLOAT64:
    case STORAGE_INT64: return 8;
    }
    return 8;
}
