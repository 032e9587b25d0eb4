/* The folder of a run for tests: test_folder/out, made and open. */
#ifndef EARMARK_TEST_OUT_FOLDER_H
#define EARMARK_TEST_OUT_FOLDER_H

#include "host/base/folder.h"

extern struct folder out_folder;

/* cmocka's set-up and tear-down, of a test or of the group, with those of test_folder. */
int out_folder_begin(void **state);
int out_folder_end(void **state);

#endif
