#include "host/sound/sound_source.h"

#include "host/base/clock.h"
#include "host/base/file.h"
#include "host/base/root_folder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A file of which less than a sixteenth was ever written is a copy that was not finished, or made
 * to cost much more than it does. Small files may be kept in other ways. */
#define HOLES_FROM ((size_t)16 << 20)
#define HOLES_FACTOR 16

static enum clip_status refuse_unopened(const char *path, int number, struct verdict *verdict,
                                        struct error *error) {
    if (file_is_shortage(number)) file_fail(error, path, "open", number);
    if (number == EXDEV) return verdict_set(verdict, CLIP_OUTSIDE, CLIP_LEADS_OUT);
    if (number == NOT_REGULAR) return verdict_set(verdict, CLIP_UNREADABLE, "not a regular file");
    bool is_foreign = number == ENOENT && strchr(path, '\\') != NULL;
    return verdict_set(verdict, CLIP_UNREADABLE, "cannot open: %s%s", strerror(number),
                       is_foreign ? "; its path has \\ where this system has /" : "");
}

enum clip_status sound_source_take(int descriptor, const char *path, struct sound_source *source,
                                   struct verdict *verdict, struct error *error) {
    *source = (struct sound_source){.descriptor = descriptor};
    const struct stat *status = &source->status;
    *verdict = (struct verdict){.status = CLIP_OK};
    if (descriptor < 0) return refuse_unopened(path, errno, verdict, error);
    if (fstat(descriptor, &source->status) != 0 || !S_ISREG(status->st_mode))
        verdict_set(verdict, CLIP_UNREADABLE, "not a regular file");
    else if (status->st_size <= 0)
        verdict_set(verdict, CLIP_UNREADABLE, "the file is empty; copy it again");
    if (verdict->status != CLIP_OK) {
        sound_source_close(source);
        return verdict->status;
    }
    source->bytes = (size_t)status->st_size;
    source->stored = file_stored_bytes(status);
    if (source->bytes <= HOLES_FROM || source->stored >= source->bytes / HOLES_FACTOR)
        return CLIP_OK;
    sound_source_close(source);
    return verdict_set(verdict, CLIP_UNREADABLE,
                       "only %zu KiB of the file's %zu MiB were ever written, the rest is holes; "
                       "copy the file again",
                       source->stored >> 10, source->bytes >> 20);
}

static _Thread_local struct sound_reads reads;

struct sound_reads sound_source_reads(void) {
    const struct sound_reads since = reads;
    reads = (struct sound_reads){0};
    return since;
}

ssize_t sound_source_read(const struct sound_source *source, uint64_t position, void *bytes,
                          size_t count) {
    ssize_t got;
    if (position >= source->bytes) return 0;
    if (count > source->bytes - position) count = (size_t)(source->bytes - position);
    if (position + count <= source->head_count) {
        memcpy(bytes, source->head + position, count);
        return (ssize_t)count;
    }
    const double before = clock_seconds();
    do got = pread(source->descriptor, bytes, count, (off_t)(source->offset + position));
    while (got < 0 && errno == EINTR);
    reads.seconds += clock_seconds() - before;
    if (got > 0) reads.bytes += (uint64_t)got;
    return got;
}

void sound_source_close(struct sound_source *source) {
    if (source->descriptor >= 0) close(source->descriptor);
    source->descriptor = -1;
}
