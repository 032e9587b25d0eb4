#include "cudasim.h"
void cudasim_race_access(unsigned, const void *, size_t, bool) {}
void cudasim_race_range(const void *, size_t, bool) {}
void cudasim_race_new_operation(const struct cudasim_operation *) {}
extern "C" void cudasim_atomic_access(void *, size_t) {}
