/* Compares the output folders of two runs. */
#ifndef EARMARK_TEST_SAME_RUN_H
#define EARMARK_TEST_SAME_RUN_H

#include <stddef.h>

/* Fails the cmocka test unless both folders have the same files with the same bytes;
 * timing.json (times) and names that begin with a dot are left out. */
void assert_same_run(const char *left, const char *right);

/* Files that assert_same_run compares. */
size_t count_run_files(const char *folder);

#endif
