/* What the server of `earmark review` reads of a request: path, Host, Origin, Authorization,
 * Content-Type and Range, and the body of POST /decide. The first byte says which. */
#include "host/base/json.h"
#include "host/review/server_body.h"
#include "host/review/server_request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_headers(const char *text) {
    static const char token[REQUEST_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
    uint64_t first, last;
    const struct request_target target = request_read_path(text);
    if (target.route == ROUTE_NONE && target.row > UINT64_C(999999999999999)) abort();
    if (strlen(target.key) >= REQUEST_KEY_SIZE) abort();
    for (uint64_t bytes = 0; bytes < 1000; bytes = 3 * bytes + 1)
        if (request_read_range(text, bytes, &first, &last) == RANGE_PART &&
            (first > last || last >= bytes))
            abort();
    const bool is_host = request_host_is_right(text, 8477);
    if (is_host && strlen(text) != strlen("127.0.0.1:8477") &&
        strlen(text) != strlen("localhost:8477"))
        abort();
    request_origin_is_right(text, "127.0.0.1:8477");
    request_token_is_right(text, token);
    request_is_json(text);
}

static void read_body(const char *body, size_t size, bool multilabel) {
    static const char *const names[] = {"1", "8", "dog"};
    const struct run_results results = {
        .clips = {.count = 10}, .class_names = names, .class_count = 3, .multilabel = multilabel};
    struct error error = ERROR_INITIAL;
    struct posted_list posted;
    if (server_body_read(&results, "1e7e05cba0a0662a", body, size, &posted, &error) == ERROR_NONE)
        for (size_t i = 0; i < posted.count; i++)
            if (posted.list[i].row >= 10 || posted.list[i].kind >= DECISION_KINDS ||
                (posted.list[i].kind == DECISION_RELABEL) != (posted.list[i].label != NULL))
                abort();
    server_body_free(&posted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > 65537) return 0;
    char *text = malloc(size);
    if (text == NULL) return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 'b' || data[0] == 'm')
        read_body(text, size - 1, data[0] == 'm');
    else
        read_headers(text);
    free(text);
    return 0;
}
