/* The program's version, as --version, run.json and the binding of a run's shards say it. */
#ifndef EARMARK_BASE_VERSION_H
#define EARMARK_BASE_VERSION_H

#define EARMARK_VERSION "0.2.0"

#endif
