/* What others can see of a run while it goes on: the file of --metrics, and progress.json in OUT,
 * which `earmark status` reads. A thread replaces them from time to time. That one of them cannot
 * be written never ends the run: of the metrics there is one warning. */
#ifndef EARMARK_BASE_RUN_WATCH_H
#define EARMARK_BASE_RUN_WATCH_H

#include "host/base/folder.h"

#define RUN_STATUS_FILE "progress.json"

/* Before anything else. metrics: --metrics, or NULL. quiet: no warning of it. */
void run_watch_choose(const char *metrics, bool quiet);

/* Begins to write the metrics; nothing without them. Starts a thread: decoders must have been
 * forked. From the thread that runs the stages, as all of these. */
void run_watch_start(void);

/* From now on progress.json is in this folder, which this process has locked. */
void run_watch_folder(const struct folder *folder);

/* The command fails: progress.json says so, and stays. */
void run_watch_failed(int exit_code, const char *message);

/* Removes progress.json; after run_watch_failed it only forgets the folder. */
void run_watch_leave(void);

/* The end of the process: the thread ends, and the metrics have the exit code. */
void run_watch_end(int exit_code);

#endif
