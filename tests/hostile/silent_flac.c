// Writes a FLAC of silence, 16 bits and two channels at 44.1 kHz, of any decoded size:
//
//   silent_flac MIB >FILE
//
// 65,535 frames of silence are 16 bytes of it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_A_BLOCK 65535

static unsigned remainder_of(const uint8_t *bytes, size_t count, unsigned polynomial, int bits) {
    unsigned rest = 0, top = 1u << (bits - 1), mask = (top << 1) - 1;
    for (size_t i = 0; i < count; i++) {
        rest ^= (unsigned)bytes[i] << (bits - 8);
        for (int bit = 0; bit < 8; bit++)
            rest = (rest & top ? rest << 1 ^ polynomial : rest << 1) & mask;
    }
    return rest;
}

// The number of a block, written as UTF-8 writes a character.
static size_t put_number(uint8_t *to, unsigned number) {
    if (number < 0x80) {
        to[0] = (uint8_t)number;
        return 1;
    }
    size_t length = number < 0x800 ? 2 : number < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, number >>= 6) to[i] = (uint8_t)(0x80 | (number & 0x3f));
    to[0] = (uint8_t)((0xf00u >> length & 0xff) | number);
    return length;
}

static void write_block(unsigned number) {
    uint8_t block[32] = {0xff, 0xf8, 0x70, 0x18};
    size_t length = 4 + put_number(block + 4, number);
    block[length++] = (FRAMES_A_BLOCK - 1) >> 8;
    block[length++] = (FRAMES_A_BLOCK - 1) & 0xff;
    block[length] = (uint8_t)remainder_of(block, length, 0x07, 8);
    length += 1 + 2 * 3; // two constant subframes of zero
    unsigned sum = remainder_of(block, length, 0x8005, 16);
    block[length++] = (uint8_t)(sum >> 8);
    block[length++] = (uint8_t)sum;
    fwrite(block, 1, length, stdout);
}

int main(int count, char **arguments) {
    unsigned long mib = count == 2 ? strtoul(arguments[1], NULL, 10) : 0;
    uint64_t blocks = ((uint64_t)mib << 20) / 4 / FRAMES_A_BLOCK + 1;
    uint64_t frames = blocks * FRAMES_A_BLOCK;
    uint8_t start[42] = {'f', 'L', 'a', 'C', 0x80, 0, 0, 34, 0xff, 0xff, 0xff, 0xff};
    if (mib == 0) return 2;
    // 44,100 in 20 bits, channels - 1 in 3, bits - 1 in 5, frames in 36
    uint64_t facts = (uint64_t)44100 << 44 | (uint64_t)1 << 41 | (uint64_t)15 << 36 | frames;
    for (int i = 0; i < 8; i++) start[18 + i] = (uint8_t)(facts >> (56 - 8 * i));
    fwrite(start, 1, sizeof start, stdout);
    for (uint64_t i = 0; i < blocks; i++) write_block((unsigned)i);
    return ferror(stdout) != 0;
}
