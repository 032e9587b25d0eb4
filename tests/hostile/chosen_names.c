// Prints COUNT different words whose XXH3 has its low bits in a small range, which fills one place
// of a hash table that is not seeded:
//
//   chosen_names COUNT
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int main(int count, char **arguments) {
    long wanted = count == 2 ? strtol(arguments[1], NULL, 10) : 0;
    uint64_t size = 64;
    if (wanted <= 0) return 2;
    while (size < 2 * (uint64_t)wanted) size *= 2;
    uint64_t range = size / 256;
    char word[24];
    for (uint64_t i = 0; wanted > 0; i++) {
        snprintf(word, sizeof word, "%llx", (unsigned long long)i);
        if ((XXH3_64bits(word, strlen(word)) & (size - 1)) >= range) continue;
        puts(word);
        wanted--;
    }
    return 0;
}
