/* A device in a file of its own: what earmark-cuda.so, beside the program, shows it.
 *
 * The program itself needs no CUDA library, so that one binary runs on machines
 * with and without a GPU; the part is loaded when a device is asked for. It has
 * one symbol, a struct device_plugin, whose first number never moves. */
#ifndef EARMARK_DEVICE_PLUGIN_H
#define EARMARK_DEVICE_PLUGIN_H

#include "device.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEVICE_PLUGIN_FILE "earmark-cuda.so"
#define DEVICE_PLUGIN_SYMBOL "earmark_device_plugin"

#define DEVICE_PLUGIN_ALL (-1) /* every GPU of the machine */

struct device_plugin {
    int interface_version; /* DEVICE_INTERFACE_VERSION of its build */
    const struct device_operations *operations;

    /* Says which GPU the next open() takes: its number, or DEVICE_PLUGIN_ALL. Looks for a
     * driver and the GPU first: ERROR_UNSUPPORTED and a message that names what is
     * missing. description (DEVICE_LINE_SIZE): the GPU in words. */
    enum error_code (*choose)(int gpu, char *description, struct error *error);

    /* line (DEVICE_LINE_SIZE): the GPU of this number, its memory and versions; false past
     * the last one. Without a driver: false at 0, and the error says why. */
    bool (*list)(size_t gpu, char *line, struct error *error);
};

#ifdef __cplusplus
}
#endif
#endif
