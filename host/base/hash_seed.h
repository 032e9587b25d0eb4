/* The seed of hash tables whose keys come from input: another one in each process, so that nobody
 * can choose keys that all fall into one place. Never for hashes that are kept in a file. */
#ifndef EARMARK_BASE_HASH_SEED_H
#define EARMARK_BASE_HASH_SEED_H

#include <stdint.h>

/* The same number at every call, never 0. */
uint64_t hash_seed(void);

#endif
