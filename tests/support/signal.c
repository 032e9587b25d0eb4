#include "signal.h"

#include <math.h>

uint32_t signal_hash(uint32_t seed, uint32_t stream, uint32_t index) {
    uint32_t h = index * 0x9e3779b1u ^ stream * 0x85ebca6bu ^ seed * 0xc2b2ae35u;
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    h ^= h >> 16;
    return h;
}

void signal_noise(int16_t *samples, size_t count, unsigned seed) {
    for (size_t i = 0; i < count; i++) {
        const int32_t value = (int32_t)(signal_hash(seed, 1, (uint32_t)i) >> 16) - 32768;
        /* A new loudness, 0 to 255, every 1,000 samples. */
        const int32_t loudness = (int32_t)(signal_hash(seed, 2, (uint32_t)(i / 1000)) >> 24);
        samples[i] = (int16_t)(value * loudness / 512);
    }
}

static double uniform(uint32_t seed, uint32_t stream, size_t index) {
    return (double)signal_hash(seed, stream, (uint32_t)index) / 4294967296.0;
}

struct resonance {
    double past[2];
};

/* A two-pole resonator of the given frequency and bandwidth, in Hz. */
static double resonate(struct resonance *resonance, double input, double frequency,
                       double bandwidth, int rate) {
    const double pi = 3.14159265358979323846;
    const double radius = exp(-pi * bandwidth / rate);
    const double output = input * (1.0 - radius) +
                          2.0 * radius * cos(2.0 * pi * frequency / rate) * resonance->past[0] -
                          radius * radius * resonance->past[1];
    resonance->past[1] = resonance->past[0];
    resonance->past[0] = output;
    return output;
}

void signal_speech(int16_t *samples, size_t count, int rate, unsigned seed) {
    struct resonance resonances[3] = {{{0.0, 0.0}}};
    double phase = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double time = (double)i / rate;
        const size_t syllable = (size_t)(time * 5.0);
        const double pitch = 90.0 + 120.0 * uniform(seed, 3, syllable) + 10.0 * sin(time * 7.0);
        phase += pitch / rate;
        double source = 0.02 * (uniform(seed, 4, i) - 0.5);
        if (phase >= 1.0) {
            phase -= 1.0;
            source += 1.0;
        }
        if (uniform(seed, 5, syllable) < 0.15) source *= 0.01; /* a pause */
        double sum = 0.0;
        for (size_t f = 0; f < 3; f++) {
            const double frequency =
                300.0 + 900.0 * (double)f + 600.0 * uniform(seed, 6 + (uint32_t)f, syllable);
            sum += resonate(&resonances[f], source, frequency, 80.0 + 40.0 * (double)f, rate);
        }
        const double scaled = 30000.0 * sum + 3.0 * (uniform(seed, 9, i) - 0.5);
        samples[i] = (int16_t)lrint(scaled > 32767.0    ? 32767.0
                                    : scaled < -32768.0 ? -32768.0
                                                        : scaled);
    }
}
