#include "host/containers/parquet_damaged.h"

enum error_code parquet_damaged(struct error *error) {
    char what[ERROR_MESSAGE_SIZE - 64];
    if (error->code != ERROR_DATA) return error->code;
    error_format(what, sizeof what, "%s", error->message);
    error_format(error->message, sizeof error->message, "damaged parquet: %s; export it again",
                 what);
    return error->code;
}
