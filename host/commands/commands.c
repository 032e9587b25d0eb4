#include "host/commands/commands.h"

int command_fail(const struct error *error) {
    bool stopped = error->code == ERROR_STOPPED || error->code == ERROR_DEVICE_LOST;
    fprintf(stderr, "earmark: %s%s%s\n", error->message, stopped ? "; " : "",
            stopped ? stop_noted() : "");
    switch (error->code) {
    case ERROR_USAGE: return EXIT_USAGE;
    case ERROR_STOPPED:
    case ERROR_DEVICE_LOST: return EXIT_STOPPED;
    case ERROR_INTERNAL:
        fprintf(stderr, "earmark: this is a defect in earmark (%s:%d)\n", error->file, error->line);
        return EXIT_FATAL;
    default: return EXIT_FATAL;
    }
}
