/* earmark info: what this program is made of and what it found on this machine. */
#include "host/base/names.h"
#include "host/base/sandbox.h"
#include "host/base/terminal.h"
#include "host/base/version.h"
#include "host/commands/commands.h"
#include "host/containers/container.h"
#include "host/model/model.h"
#include "host/sound/ffmpeg.h"
#include "kernels/device.h"

#include <samplerate.h>
#include <sndfile.h>
#include <stdlib.h>
#include <unistd.h>

static void add_devices(struct text *text) {
    struct error error = ERROR_INITIAL;
    struct device_choice choice;
    char line[DEVICE_LINE_SIZE];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; device_list(i, processors < 1 ? 1 : (int)processors, line); i++)
        text_format(text, "device      %s\n", line);
    if (device_find("auto", &choice, &error) == ERROR_NONE)
        text_format(text, "auto        %s\n", choice.why);
    else
        text_format(text, "auto        none: %s\n", error.message);
}

static void add_model(struct text *text) {
    struct error error = ERROR_INITIAL;
    char *path = NULL;
    struct model model = MODEL_INITIAL;
    text_string(text, "model       ");
    if (model_default_path(&path, &error) != ERROR_NONE ||
        model_read(path, &model, &error) != ERROR_NONE) {
        text_string(text, "none: ");
        name_shown(text, error.message, "\\");
    } else {
        name_visible(text, path);
        text_string(text, " (");
        name_visible(text, model.name);
        text_format(text, ", %zu parameters, %s)", model.parameters, model_dtype_name(model.dtype));
    }
    text_string(text, "\n");
    model_free(&model);
    free(path);
}

/* What shuts in a process that decodes. */
static void add_sandbox(struct text *text) {
    const struct sandbox_layers layers = sandbox_available();
    text_string(text, layers.seccomp ? "sandbox     seccomp, " : "sandbox     no seccomp, ");
    if (layers.landlock > 0)
        text_format(text, "Landlock ABI %d, ", layers.landlock);
    else
        text_string(text, "no Landlock, ");
    text_string(text, layers.memory_limit ? "memory limit" : "no memory limit");
    text_string(text, SANDBOX_BUILT ? "\n" : " (built with sanitizers)\n");
}

static void add_ffmpeg(struct text *text) {
    char line[FFMPEG_LINE_SIZE];
    ffmpeg_describe(line);
    text_format(text, "ffmpeg      %s\n", line);
}

int command_info(int argc, char **argv) {
    struct options options = OPTIONS_INITIAL;
    struct text text = TEXT_INITIAL;
    int exit_code;
    if (!command_start("info", argc, argv, &options, &exit_code)) return exit_code;
    text_format(&text, "earmark     %s (device interface %d)\n", EARMARK_VERSION,
                DEVICE_INTERFACE_VERSION);
    text_format(&text, "libraries   %s, %s, %s\n", sf_version_string(), src_get_version(),
                container_library() != NULL
                    ? container_library()
                    : "no libarchive: tar files of zstd, xz and bzip2 are not read");
    add_ffmpeg(&text);
    add_devices(&text);
    add_sandbox(&text);
    add_model(&text);
    if (!text.failed) terminal_print(stdout, text.data);
    text_free(&text);
    return EXIT_DONE;
}
