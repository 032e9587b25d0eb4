#include "plan.h"

#include <stdlib.h>

enum error_code plan_create(const struct xvector_model *model, size_t capacity, struct plan *plan,
                            struct error *error) {
    *plan = (struct plan){.levels = model->block_count + 1, .minimum_frames = 1};
    size_t reach = 0;
    for (size_t l = 0; l < model->block_count; l++) {
        plan->dilation[l] = model->blocks[l].dilation;
        plan->reach[l] = model->blocks[l].dilation * (model->blocks[l].kernel - 1) / 2;
        if (plan->reach[l] >= plan->minimum_frames) plan->minimum_frames = plan->reach[l] + 1;
        if (l > 0) reach += plan->reach[l];
    }
    /* A piece must make progress: room for its context and as much again. */
    plan->least = 4 * reach + 2;
    plan->capacity = capacity > plan->least ? capacity : plan->least;
    plan->piece_capacity = plan->capacity / plan->minimum_frames + 2;
    plan->pieces = calloc(plan->piece_capacity, sizeof *plan->pieces);
    if (plan->pieces == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the plan of a batch");
    return ERROR_NONE;
}

void plan_free(struct plan *plan) {
    free(plan->pieces);
    plan->pieces = NULL;
}

ptrdiff_t plan_reflect(ptrdiff_t position, size_t frames) {
    const ptrdiff_t last = (ptrdiff_t)frames - 1;
    if (position < 0) position = -position;
    if (position > last) position = 2 * last - position;
    return position;
}

size_t plan_count_pairs(size_t low, size_t high, size_t dilation) {
    if (low >= high) return 0;
    const size_t blocks = (high - 1) / (2 * dilation) - low / (2 * dilation);
    const size_t rest = high - (high - 1) / (2 * dilation) * (2 * dilation);
    return blocks * dilation + (rest < dilation ? rest : dilation);
}

void plan_begin(struct plan *plan) {
    plan->next_clip = 0;
    plan->next_frame = 0;
}

/* The rows of every level that the last level's frames begin .. end - 1 reach. */
static void lay_out(const struct plan *plan, struct plan_piece *piece, size_t begin, size_t end) {
    const size_t last = plan->levels - 1;
    piece->low[last] = begin;
    piece->high[last] = end;
    for (size_t l = last; l-- > 0;) {
        const size_t reach = plan->reach[l];
        piece->low[l] = piece->low[l + 1] > reach ? piece->low[l + 1] - reach : 0;
        const size_t room = piece->frames - piece->high[l + 1];
        piece->high[l] = piece->high[l + 1] + (room < reach ? room : reach);
    }
}

/* Frames of the clip from next_frame on whose level 1 has at most `room` rows; 0 when
 * none do. Level 1 is the longest of those that are stored. */
static size_t fit(const struct plan *plan, struct plan_piece *piece, size_t room) {
    lay_out(plan, piece, plan->next_frame, piece->frames);
    if (piece->high[1] - piece->low[1] <= room) return piece->frames - plan->next_frame;
    size_t reach = 0;
    for (size_t l = 1; l + 1 < plan->levels; l++) reach += plan->reach[l];
    const size_t context = plan->next_frame - piece->low[1] + reach;
    return room > context ? room - context : 0;
}

bool plan_next(struct plan *plan, const struct plan_clip *clips, size_t clip_count, size_t rows) {
    plan->piece_count = 0;
    for (size_t l = 0; l < plan->levels; l++) plan->rows[l] = plan->pairs[l] = 0;
    if (rows < plan->least || rows > plan->capacity) rows = plan->capacity;
    for (; plan->next_clip < clip_count && plan->piece_count < plan->piece_capacity;
         plan->next_clip++, plan->next_frame = 0) {
        const struct plan_clip *clip = &clips[plan->next_clip];
        if (clip->frames < plan->minimum_frames) continue;
        struct plan_piece *piece = &plan->pieces[plan->piece_count];
        piece->clip = plan->next_clip;
        piece->frames = clip->frames;
        const size_t count = fit(plan, piece, rows - plan->rows[1]);
        if (count == 0) break;
        lay_out(plan, piece, plan->next_frame, plan->next_frame + count);
        piece->offset[0] = clip->row + piece->low[0];
        for (size_t l = 1; l < plan->levels; l++) {
            piece->offset[l] = plan->rows[l];
            plan->rows[l] += piece->high[l] - piece->low[l];
            piece->pairs[l] = plan->pairs[l];
            plan->pairs[l] +=
                plan_count_pairs(piece->low[l], piece->high[l], plan->dilation[l - 1]);
        }
        plan->piece_count++;
        plan->next_frame += count;
        if (plan->next_frame < clip->frames) break;
    }
    return plan->piece_count > 0;
}

size_t plan_find(const struct plan *plan, size_t level, size_t row) {
    size_t low = 0, high = plan->piece_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (plan->pieces[middle].offset[level] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t plan_find_pair(const struct plan *plan, size_t level, size_t pair) {
    size_t low = 0, high = plan->piece_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (plan->pieces[middle].pairs[level] <= pair)
            low = middle;
        else
            high = middle;
    }
    return low;
}
