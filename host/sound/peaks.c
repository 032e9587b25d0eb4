#include "host/sound/peaks.h"

#include <stdlib.h>
#include <string.h>

static uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffffU;
}

float peak_value(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint32_t peak_float(const float *samples, size_t count, uint32_t largest) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = float_bits(samples[i]);
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

uint32_t peak_int16(const int16_t *samples, size_t count, uint32_t largest) {
    int peak = 0;
    for (size_t i = 0; i < count; i++) {
        int magnitude = abs(samples[i]);
        peak = magnitude > peak ? magnitude : peak;
    }
    uint32_t bits = float_bits((float)peak / 32768.0F);
    return bits > largest ? bits : largest;
}

uint32_t peak_stereo_mean(const int16_t *samples, size_t frames, uint32_t largest) {
    int peak = 0;
    for (size_t i = 0; i < frames; i++) {
        int magnitude = abs(samples[2 * i] + samples[2 * i + 1]);
        peak = magnitude > peak ? magnitude : peak;
    }
    uint32_t bits = float_bits((float)peak / 65536.0F);
    return bits > largest ? bits : largest;
}
