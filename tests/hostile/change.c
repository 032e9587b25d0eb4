// Changes a file while others read it, until it is killed:
//
//   change FILE OFFSET NUMBER          the 4 bytes there are NUMBER every other moment
//   change FILE OFFSET cut             the file ends there every other moment
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int change_number(int file, off_t offset, int32_t number) {
    int32_t before;
    if (pread(file, &before, sizeof before, offset) != sizeof before) return 1;
    for (unsigned i = 0;; i++) {
        if (pwrite(file, i % 2 ? &before : &number, sizeof before, offset) < 0) return 1;
        if (i % 64 == 0) usleep(1);
    }
}

static int cut(int file, off_t offset) {
    off_t size = lseek(file, 0, SEEK_END);
    char *whole = malloc((size_t)size);
    if (!whole || pread(file, whole, (size_t)size, 0) != size) return 1;
    for (;;) {
        if (ftruncate(file, offset) != 0) return 1;
        usleep(200);
        if (pwrite(file, whole + offset, (size_t)(size - offset), offset) < 0) return 1;
        usleep(200);
    }
}

int main(int count, char **arguments) {
    int file = count == 4 ? open(arguments[1], O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) {
        fprintf(stderr, "usage: change FILE OFFSET NUMBER|cut\n");
        return 2;
    }
    off_t offset = strtol(arguments[2], NULL, 10);
    if (!strcmp(arguments[3], "cut")) return cut(file, offset);
    return change_number(file, offset, (int32_t)strtol(arguments[3], NULL, 10));
}
