/* The simulator's stand-in for NVTX: ranges that begin must end (report.cpp). */
#ifndef CUDASIM_NVTX_H
#define CUDASIM_NVTX_H

extern "C" {
int nvtxRangePushA(const char *name);
int nvtxRangePop(void);
}

#endif
