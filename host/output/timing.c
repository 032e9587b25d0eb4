#include "host/output/timing.h"

#include "host/base/numbers.h"
#include "host/base/table_file.h"
#include "host/output/cells.h"

#include <math.h>

/* What the members are, and how they were measured, for those who read the file. */
static const struct {
    const char *name, *meaning;
} meanings[] = {
    {"times_real_time",
     "seconds of sound a second: of the clips that this run embedded, in other stages of all"},
    {"bytes_read",
     "what read calls of the program and of its decoders returned, from a disk or from memory; "
     "not what was read through mapped files"},
    {"bytes_fetched",
     "what the kernel fetched from disks for the program itself, through calls and mapped files; "
     "its decoders are not in it"},
    {"processor_seconds", "of all threads of the program itself, without its decoders"},
    {"disk_wait_seconds",
     "time that a decoder spent in opening and reading files, the mean of the decoders; null where "
     "nothing was decoded: waits for mapped files are not measured"},
    {"device_wait_seconds", "time in which the program had no decoded clip to give to the device"},
    {"limit",
     "embedding: network, where the device was waited for longer than decoded clips; else disk, "
     "where decoders spent half of their time in opening and reading files; else decoding. Other "
     "stages: processors, where they were busy for 70% of the time of all threads (arithmetic and "
     "memory bandwidth are not told apart); other programs, where these, or a quota, kept its "
     "threads "
     "from the processors for 30% of the time in which they could have run; disk, where not even "
     "one "
     "processor was busy and a megabyte was fetched; one processor, where one was; device, where a "
     "GPU was waited for; null: none of these"},
};

static void add_number(struct text *text, const char *name, double value) {
    text_format(text, ", \"%s\": ", name);
    if (isfinite(value))
        text_format(text, "%.15g", value);
    else
        text_string(text, "null");
}

static void add_seconds(struct text *text, const char *name, double value) {
    add_number(text, name, isfinite(value) ? round(value * 1e6) / 1e6 : value);
}

static void add_stage(struct text *text, const struct run_timing *timing, double audio_seconds) {
    const double audio = timing->audio_seconds > 0.0 ? timing->audio_seconds : audio_seconds;
    const bool took = timing->seconds > 0.0;
    text_string(text, "{\"stage\": ");
    text_json_or_null(text, timing->stage);
    text_format(text, ", \"seconds\": %.6f", timing->seconds);
    if (timing->amount > 0.0) {
        text_string(text, ", \"amount\": ");
        number_json(text, timing->amount);
        text_string(text, ", \"unit\": ");
        text_json_or_null(text, timing->unit);
        if (took) text_format(text, ", \"per_second\": %.6g", timing->amount / timing->seconds);
    }
    text_string(text, ", \"times_real_time\": ");
    if (took && audio > 0.0)
        text_format(text, "%.6g", audio / timing->seconds);
    else
        text_string(text, "null");
    add_number(text, "bytes_read", timing->bytes_read);
    add_number(text, "bytes_fetched", timing->bytes_fetched);
    add_seconds(text, "processor_seconds", timing->processor_seconds);
    add_seconds(text, "disk_wait_seconds", timing->disk_wait);
    add_seconds(text, "device_wait_seconds", timing->device_wait);
    text_string(text, ", \"limit\": ");
    text_json_or_null(text, timing->limit);
    text_string(text, "}");
}

enum error_code run_write_timing(const struct folder *folder, const struct run_times *times,
                                 struct error *error) {
    struct table table;
    table_open(&table, folder, "timing.json", error);
    struct text *text = &table.row;
    text_string(text, "{\n  \"stages\": [");
    for (size_t i = 0; i < times->count; i++) {
        text_string(text, i == 0 ? "\n    " : ",\n    ");
        add_stage(text, &times->stages[i], times->audio_seconds);
    }
    text_format(text, "%s],\n  \"seconds\": %.6f", times->count == 0 ? "" : "\n  ", times->seconds);
    text_string(text, ",\n  \"audio_seconds\": ");
    number_json(text, times->audio_seconds);
    text_string(text, ",\n  \"meaning\": {");
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        text_format(text, "%s\n    \"%s\": ", i == 0 ? "" : ",", meanings[i].name);
        text_json(text, meanings[i].meaning);
    }
    text_string(text, "\n  }\n}\n");
    return table_close(&table, error);
}
