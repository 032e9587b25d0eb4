// Changes bytes of a file, mapped, for as long as it runs: flip FILE OFFSET STEP A B
//
// Every STEP-th byte from OFFSET on, one after the other, becomes A, then B, and so on. It ends
// with a signal.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct stat status;
    if (argc != 6) return 2;
    size_t offset = strtoul(argv[2], NULL, 10), step = strtoul(argv[3], NULL, 10);
    const unsigned char values[2] = {(unsigned char)atoi(argv[4]), (unsigned char)atoi(argv[5])};
    int file = open(argv[1], O_RDWR | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0 || step == 0) {
        perror(argv[1]);
        return 1;
    }
    size_t size = (size_t)status.st_size;
    volatile unsigned char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) {
        perror(argv[1]);
        return 1;
    }
    for (size_t round = 0;; round++)
        for (size_t i = offset; i < size; i += step) bytes[i] = values[round % 2];
}
