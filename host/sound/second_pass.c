#include "host/sound/second_pass.h"

static bool reserve(void *context, size_t bytes) {
    const struct decode_settings *first = ((const struct second_pass *)context)->first;
    return first->reserve(first->context, bytes);
}

static bool goes_on(void *context, size_t frames) {
    const struct second_pass *pass = context;
    return pass->first->goes_on(pass->first->context, pass->frames + frames);
}

struct decode_settings second_pass_settings(struct second_pass *pass) {
    struct decode_settings settings = *pass->first;
    if (settings.reserve != NULL) settings.reserve = reserve;
    if (settings.goes_on != NULL) settings.goes_on = goes_on;
    settings.context = pass;
    return settings;
}
