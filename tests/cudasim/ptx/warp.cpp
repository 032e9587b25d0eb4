/* Runs one warp. Each lane has a program counter of its own; the lanes with the lowest one go on
 * together until others are reached, so that lanes which took different branches meet again.
 * Collective instructions wait for all lanes that have not ended. */
#include "ptx.h"

#include <stdarg.h>
#include <stdio.h>

void ptx_fail(const struct ptx_warp *warp, const struct ptx_instruction *instruction, uint32_t lane,
              const char *format, ...) {
    char words[512];
    const struct ptx_kernel *kernel = warp->kernel;
    const struct uint3 block = cudasim_view.block_index;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    std::string where = kernel->file;
    if (instruction != NULL) {
        const struct ptx_statement *text = &kernel->texts[(size_t)(instruction - &kernel->code[0])];
        where += ":" + std::to_string(text->line) + ": " + text->text;
    }
    cudasim_fail(
        "ptx: %s\ncudasim: at %s\ncudasim: in kernel %s, block (%u,%u,%u), thread %u of the "
        "block",
        words, where.c_str(), kernel->name.c_str(), block.x, block.y, block.z, warp->first + lane);
}

static void set_counters(struct ptx_warp *warp, uint32_t lanes, uint32_t counter) {
    PTX_EACH(lane, lanes) warp->counter[lane] = counter;
}

static uint32_t lowest_counter(const struct ptx_warp *warp, uint32_t lanes) {
    uint32_t lowest = UINT32_MAX;
    PTX_EACH(lane, lanes) if (warp->counter[lane] < lowest) lowest = warp->counter[lane];
    return lowest;
}

static void make_wait(struct ptx_warp *warp, uint32_t lanes, uint32_t counter) {
    set_counters(warp, lanes, counter);
    warp->ready &= ~lanes;
    warp->waiting |= lanes;
}

static uint32_t guarded_lanes(const struct ptx_warp *warp, const struct ptx_instruction *i,
                              uint32_t lanes) {
    if (!i->guarded) return lanes;
    const uint32_t guard = *ptx_row<uint32_t>(warp, i->guard);
    return lanes & (i->unless ? ~guard : guard);
}

/* A collective instruction: at once if all lanes are here; otherwise they wait. Returns whether
 * it was done. */
static bool collect(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes,
                    uint32_t counter) {
    if (guarded_lanes(warp, i, lanes) != lanes)
        ptx_fail(warp, i, 0, "only some of the lanes %08x execute it", lanes);
    if (lanes == warp->present && i->flow == PTX_COLLECTIVE) {
        i->step(warp, i, lanes);
        return true;
    }
    make_wait(warp, lanes, counter);
    return false;
}

/* Runs lanes with the same counter, until they part, wait, or reach others. Returns whether
 * another warp may come first. */
static bool run_lanes(struct ptx_warp *warp, uint32_t lanes, uint32_t counter) {
    const struct ptx_instruction *code = warp->kernel->code.data();
    const uint32_t others = lowest_counter(warp, warp->ready & ~lanes);
    bool pauses = false;
    while (counter < others && !pauses) {
        const struct ptx_instruction *i = &code[counter];
        const uint32_t chosen = guarded_lanes(warp, i, lanes);
        if (chosen != 0) i->executed = true;
        switch (i->flow) {
        case PTX_PAUSE: pauses = cudasim_draw(4) == 0; [[fallthrough]];
        case PTX_NEXT:
            if (chosen != 0) i->step(warp, i, chosen);
            counter++;
            break;
        case PTX_COLLECTIVE:
        case PTX_BARRIER:
            if (!collect(warp, i, lanes, counter)) return false;
            counter++;
            break;
        case PTX_BRANCH:
            if (chosen != 0 && chosen != lanes) {
                set_counters(warp, chosen, i->target);
                set_counters(warp, lanes & ~chosen, counter + 1);
                return false;
            }
            counter = chosen != 0 ? i->target : counter + 1;
            break;
        case PTX_RETURN:
            warp->present &= ~chosen;
            warp->ready &= ~chosen;
            lanes &= ~chosen;
            if (lanes == 0) return false;
            counter++;
            break;
        }
    }
    set_counters(warp, lanes, counter);
    return pauses;
}

/* All lanes wait: does the collective instruction; false if it is a barrier. */
static bool meet(struct ptx_warp *warp) {
    const uint32_t first = (uint32_t)__builtin_ctz(warp->waiting), at = warp->counter[first];
    const struct ptx_instruction *i = &warp->kernel->code[at];
    PTX_EACH(lane, warp->waiting)
    if (warp->counter[lane] != at)
        ptx_fail(warp, i, first, "divergent warp: lane %u waits at line %d", lane,
                 warp->kernel->texts[warp->counter[lane]].line);
    if (i->flow == PTX_BARRIER) {
        if (i->number != 0) ptx_fail(warp, i, first, "only barrier 0 is known");
        warp->at_barrier = true;
        return false;
    }
    i->step(warp, i, warp->waiting);
    set_counters(warp, warp->waiting, at + 1);
    warp->ready = warp->waiting;
    warp->waiting = 0;
    return true;
}

void ptx_run_warp(struct ptx_warp *warp) {
    for (;;) {
        if (warp->ready == 0) {
            if (warp->waiting == 0) {
                ptx_check_copies_done(warp);
                return;
            }
            if (!meet(warp)) return;
        }
        const uint32_t counter = lowest_counter(warp, warp->ready);
        uint32_t lanes = 0;
        PTX_EACH(lane, warp->ready)
        lanes |= (uint32_t)(warp->counter[lane] == counter) << lane;
        if (run_lanes(warp, lanes, counter)) return;
    }
}
