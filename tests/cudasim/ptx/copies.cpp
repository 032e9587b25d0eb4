/* Asynchronous copies into shared memory. A copy poisons its destination when it is issued, and
 * happens as late as it may: when its thread waits for its group. */
#include "ptx.h"

/* cp.async.cg.shared.global [to], [from], 16, bytes: what is beyond `bytes` becomes zero. */
static void copy(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    if (i->number != 16) ptx_fail(warp, i, 0, "a copy of other than 16 bytes");
    PTX_EACH(lane, lanes) {
        const uint64_t to = ptx_address(warp, i, 0, 0, lane),
                       from = ptx_address(warp, i, 1, 1, lane);
        const uint32_t bytes = ptx_row<uint32_t>(warp, i->at[2])[lane];
        if (bytes > 16) ptx_fail(warp, i, lane, "a copy of %u bytes of 16", bytes);
        if (from % 16 != 0) ptx_fail(warp, i, lane, "misaligned: the source of a copy");
        if (bytes != 0) ptx_global(warp, i, lane, from, 16);
        memset(ptx_shared(warp, i, lane, to, 16), 0xff, 16);
        warp->copies[lane].push_back({from, (uint32_t)to, bytes, warp->group[lane]});
    }
}

static void commit(struct ptx_warp *warp, const struct ptx_instruction *, uint32_t lanes) {
    PTX_EACH(lane, lanes) warp->group[lane]++;
}

/* Until at most `number` of the newest groups are under way. */
static void wait(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    PTX_EACH(lane, lanes) {
        std::vector<struct ptx_copy> &copies = warp->copies[lane];
        size_t done = 0;
        for (; done < copies.size(); done++) {
            const struct ptx_copy *c = &copies[done];
            if ((int64_t)(warp->group[lane] - c->group) <= i->number) break;
            unsigned char *to = ptx_shared(warp, i, lane, c->to, 16);
            memset(to, 0, 16);
            if (c->bytes != 0) memcpy(to, (const void *)c->from, c->bytes);
        }
        copies.erase(copies.begin(), copies.begin() + (ptrdiff_t)done);
    }
}

void ptx_check_copies_done(const struct ptx_warp *warp) {
    for (unsigned lane = 0; lane < PTX_LANES; lane++)
        if (!warp->copies[lane].empty())
            ptx_fail(warp, NULL, lane,
                     "the thread ends with %zu asynchronous copies it never waited "
                     "for",
                     warp->copies[lane].size());
}

void ptx_add_copies(ptx_opcodes *opcodes) {
    const struct ptx_opcode rows[] = {
        {"cp.async.cg.shared.global", "[][]#w", copy, PTX_NEXT},
        {"cp.async.commit_group", "", commit, PTX_NEXT},
        {"cp.async.wait_group", "#", wait, PTX_PAUSE},
    };
    opcodes->insert(opcodes->end(), std::begin(rows), std::end(rows));
}
