/* `earmark bench corpus`. */
#ifndef EARMARK_COMMANDS_BENCH_CORPUS_H
#define EARMARK_COMMANDS_BENCH_CORPUS_H

#include "host/commands/options.h"

/* Measures and prints; returns the exit code. */
int bench_corpus(struct options *options);

#endif
