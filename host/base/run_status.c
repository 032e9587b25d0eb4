#include "host/base/run_status.h"

#include "host/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FORMAT 1

static void add_string(struct text *text, const char *name, const char *value) {
    text_format(text, ",\n  \"%s\": ", name);
    text_json_or_null(text, value);
}

void run_status_write(struct text *text, const struct run_state *state,
                      const struct run_status_end *end) {
    struct lock_owner owner;
    struct timespec now;
    char words[LOCK_OWNER_TEXT];
    lock_owner_self(&owner);
    lock_owner_write(&owner, words);
    clock_gettime(CLOCK_REALTIME, &now);
    text_format(text, "{\n  \"format\": %d", FORMAT);
    add_string(text, "command", state->command);
    add_string(text, "host", owner.host);
    add_string(text, "process", owner.process);
    add_string(text, "owner", words);
    text_format(text, ",\n  \"started\": %.3f,\n  \"beat\": %lld.%03ld", state->started_at,
                (long long)now.tv_sec, now.tv_nsec / 1000000);
    add_string(text, "stage", state->stage.stage);
    add_string(text, "unit", state->stage.unit);
    text_string(text, ",\n  \"progress\": {");
    progress_json_members(text, &state->stage);
    text_string(text, "},\n  \"exit_code\": ");
    if (end->ended)
        text_format(text, "%d", end->exit_code);
    else
        text_string(text, "null");
    add_string(text, "message", end->ended ? end->message : NULL);
    text_string(text, "\n}\n");
}

/* ---- reading ---- */

static double number_of(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    return number >= 0.0 && number < 1e15 ? number : NAN;
}

static uint64_t count_of(const json_t *object, const char *name) {
    const double number = number_of(object, name);
    return isnan(number) ? 0 : (uint64_t)number;
}

static void take_view(const json_t *object, struct progress_view *view) {
    *view = (struct progress_view){.done = count_of(object, "done"),
                                   .total = count_of(object, "total"),
                                   .kept = count_of(object, "kept"),
                                   .elapsed = number_of(object, "elapsed_seconds"),
                                   .per_second = number_of(object, "per_second"),
                                   .times_real_time = number_of(object, "times_real_time"),
                                   .seconds_left = number_of(object, "seconds_left")};
}

static enum error_code take(const json_t *object, const char *what, struct run_status *status,
                            struct error *error) {
    const json_t *code = json_object_get(object, "exit_code");
    if (!json_is_object(object) || json_integer_value(json_object_get(object, "format")) != FORMAT)
        return FAIL(error, ERROR_DATA, "%s: not written by this version of earmark", what);
    status->command = json_bytes(json_object_get(object, "command"), error);
    status->stage = json_bytes(json_object_get(object, "stage"), error);
    status->unit = json_bytes(json_object_get(object, "unit"), error);
    status->message = json_bytes(json_object_get(object, "message"), error);
    char *owner = json_bytes(json_object_get(object, "owner"), error);
    if (owner == NULL || !lock_owner_read(owner, strlen(owner), &status->owner))
        status->owner = (struct lock_owner){.host = ""};
    free(owner);
    status->started = number_of(object, "started");
    status->beat = number_of(object, "beat");
    status->ended = json_is_integer(code);
    const json_int_t value = json_integer_value(code);
    status->exit_code = value >= 0 && value <= 255 ? (int)value : 1;
    take_view(json_object_get(object, "progress"), &status->view);
    return error->code;
}

enum error_code run_status_read(const char *text, size_t size, const char *what,
                                struct run_status *status, struct error *error) {
    *status = (struct run_status){.command = NULL};
    json_t *object = json_parse(text, size, what, error);
    if (object == NULL) return error->code;
    take(object, what, status, error);
    json_decref(object);
    return error->code;
}

void run_status_free(struct run_status *status) {
    free(status->command);
    free(status->stage);
    free(status->unit);
    free(status->message);
    *status = (struct run_status){.command = NULL};
}
