#include "host/commands/commands.h"

void command_tell_resume(const struct error *error) {
    if (error->code == ERROR_STOPPED || error->code == ERROR_DEVICE_LOST)
        fputs("earmark: give the same command again to go on\n", stderr);
}

int command_fail(const struct error *error) {
    fprintf(stderr, "earmark: %s\n", error->message);
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
