/* The interface of the plug-in, earmark-cuda.so, which is in the program's folder.
 *
 * The program itself needs no CUDA library, so that one binary runs on machines with and
 * without a GPU; the plug-in is loaded when a GPU is requested. It exports one symbol, a
 * struct device_plugin, whose first member keeps its place in all versions. */
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

    /* Chooses the GPU that the next open() uses: its number, or DEVICE_PLUGIN_ALL for all that can
     * be used. Writes description (DEVICE_LINE_SIZE): the GPU in words; and left_out
     * (DEVICE_LINE_SIZE): which of all cannot be used and why, or "". ERROR_UNSUPPORTED when the
     * driver or the GPU is missing, with which of them. */
    enum error_code (*choose)(int gpu, char *description, char *left_out, struct error *error);

    /* Writes line (DEVICE_LINE_SIZE): the GPU of this number, its memory and versions; false past
     * the last one. Without a driver: false at 0, with the reason in *error. */
    bool (*list)(size_t gpu, char *line, struct error *error);
};

#ifdef __cplusplus
}
#endif
#endif
