#include "tests/support/out_folder.h"

#include "tests/support/sound_files.h"

struct folder out_folder;

int out_folder_begin(void **state) {
    struct error error = ERROR_INITIAL;
    if (test_folder_begin(state) != 0) return -1;
    return folder_open(test_path(test_folder, "out"), true, &out_folder, &error) == ERROR_NONE ? 0
                                                                                               : -1;
}

int out_folder_end(void **state) {
    folder_close(&out_folder);
    return test_folder_end(state);
}
