/* Streams and events. Operations wait in their stream until the host waits for them; depending on
 * the seed some run earlier, in any order that streams and events allow. */
#include "cudasim.h"

#include <algorithm>
#include <deque>
#include <stdlib.h>
#include <time.h>
#include <vector>

typedef std::shared_ptr<struct cudasim_operation> operation_pointer;

struct cudasim_stream {
    int gpu, slot;
    std::deque<operation_pointer> pending;
    uint32_t clock[CUDASIM_STREAMS];
};

struct cudasim_event {
    int gpu;
    bool timed;
    operation_pointer record; /* the newest; NULL: never recorded */
};

static std::vector<cudaStream_t> streams;
static uint32_t slot_sequences[CUDASIM_STREAMS];
static bool slot_used[CUDASIM_STREAMS];
static uint32_t host_clock[CUDASIM_STREAMS]; /* last operations that the host has waited for */
static uint32_t operation_count;
static unsigned live_events;
static const struct cudasim_operation *running;

const struct cudasim_operation *cudasim_running(void) { return running; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void join(uint32_t *clock, const uint32_t *other) {
    for (int slot = 0; slot < CUDASIM_STREAMS; slot++)
        if (other[slot] > clock[slot]) clock[slot] = other[slot];
}

static bool is_ready(const struct cudasim_stream *stream) {
    if (stream->pending.empty()) return false;
    const operation_pointer &after = stream->pending.front()->after;
    return after == NULL || after->done;
}

static void run_front(struct cudasim_stream *stream) {
    operation_pointer operation = stream->pending.front();
    stream->pending.pop_front();
    operation->after.reset();
    operation->host = NULL;
    if (operation->work && cudasim_state_of(stream->gpu) == cudaSuccess) {
        running = operation.get();
        cudasim_race_new_operation(running);
        cudasim_device_begin(stream->gpu);
        operation->work();
        cudasim_check_red_zones(operation->name);
        cudasim_device_end();
        running = NULL;
    }
    operation->work = NULL;
    operation->seconds = now();
    operation->done = true;
}

/* A stream that can continue, or NULL. */
static struct cudasim_stream *some_ready(int gpu) {
    const size_t count = streams.size();
    const size_t first = count == 0 ? 0 : cudasim_draw((uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        struct cudasim_stream *stream = streams[(first + i) % count];
        if ((gpu < 0 || stream->gpu == gpu) && is_ready(stream)) return stream;
    }
    return NULL;
}

/* Seed 0: as late as possible. Others: sometimes another stream first, or at once. */
static uint32_t others_percent(void) {
    static const uint32_t table[5] = {0, 0, 50, 100, 30};
    return table[cudasim_get_settings()->seed % 5];
}
static uint32_t early_percent(void) {
    static const uint32_t table[5] = {0, 100, 30, 0, 60};
    return table[cudasim_get_settings()->seed % 5];
}

static void run_until(const operation_pointer &target) {
    while (!target->done) {
        struct cudasim_stream *stream = NULL;
        if (cudasim_draw(100) < others_percent()) stream = some_ready(-1);
        if (stream == NULL) stream = target->stream;
        while (!is_ready(stream)) stream = stream->pending.front()->after->stream;
        run_front(stream);
    }
}

void cudasim_run_early(void) {
    while (cudasim_draw(100) < early_percent()) {
        struct cudasim_stream *stream = some_ready(-1);
        if (stream == NULL) return;
        run_front(stream);
    }
}

void cudasim_drain(int gpu) {
    for (struct cudasim_stream *stream : streams)
        if (stream->gpu == gpu)
            while (!stream->pending.empty()) run_until(stream->pending.front());
    for (struct cudasim_stream *stream : streams)
        if (stream->gpu == gpu) join(host_clock, stream->clock);
}

/* Ends the test unless there is such a stream. */
static void check_stream(cudaStream_t stream, const char *call) {
    if (stream == NULL) cudasim_fail("%s on the default stream: name one", call);
    if (std::find(streams.begin(), streams.end(), stream) == streams.end())
        cudasim_fail("%s on a stream that does not exist", call);
}

int cudasim_stream_gpu(cudaStream_t stream) { return stream->gpu; }

struct cudasim_operation *cudasim_enqueue(cudaStream_t stream, const char *name,
                                          std::function<void()> work) {
    operation_pointer operation = std::make_shared<struct cudasim_operation>();
    operation->name = name;
    operation->number = ++operation_count;
    operation->stream = stream;
    operation->slot = stream->slot;
    operation->sequence = ++slot_sequences[stream->slot];
    join(stream->clock, host_clock);
    stream->clock[stream->slot] = operation->sequence;
    join(operation->clock, stream->clock);
    operation->work = std::move(work);
    stream->pending.push_back(operation);
    return operation.get();
}

/* A pending operation that uses any of the pinned bytes, or NULL. */
static const struct cudasim_operation *user_of(const void *host, size_t bytes) {
    const char *begin = (const char *)host;
    for (struct cudasim_stream *stream : streams)
        for (const operation_pointer &operation : stream->pending) {
            if (cudasim_state_of(stream->gpu) != cudaSuccess) break; /* a lost GPU copies nothing */
            const char *used = (const char *)operation->host;
            if (used != NULL && used < begin + bytes && begin < used + operation->host_bytes)
                return operation.get();
        }
    return NULL;
}

void cudasim_check_unused(const void *host, size_t bytes) {
    const struct cudasim_operation *user = user_of(host, bytes);
    if (user != NULL)
        cudasim_fail("pinned memory is freed while %s is still to use it", user->name);
}

void cudasim_check_streams_gone(void) {
    if (!streams.empty()) cudasim_fail("leak: %zu streams were never destroyed", streams.size());
    if (live_events != 0) cudasim_fail("leak: %u events were never destroyed", live_events);
}

/* ---- streams ---- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned) {
    CUDASIM_ENTER(true);
    struct cudasim_stream *created = new cudasim_stream();
    created->gpu = cudasim_current_gpu();
    while (created->slot < CUDASIM_STREAMS && slot_used[created->slot]) created->slot++;
    if (created->slot == CUDASIM_STREAMS) cudasim_fail("more than %d streams", CUDASIM_STREAMS);
    slot_used[created->slot] = true;
    streams.push_back(created);
    *stream = created;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    cudasim_lock lock;
    const cudaError_t status = cudasim_enter(false);
    check_stream(stream, "cudaStreamDestroy");
    while (!stream->pending.empty()) run_until(operation_pointer(stream->pending.front()));
    slot_used[stream->slot] = false;
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    delete stream;
    return status;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    CUDASIM_ENTER(false);
    check_stream(stream, "cudaStreamSynchronize");
    if (const cudaError_t state = cudasim_state_of(stream->gpu)) return cudasim_error(state);
    if (!stream->pending.empty()) run_until(operation_pointer(stream->pending.back()));
    join(host_clock, stream->clock);
    return cudaSuccess;
}

/* ---- events ---- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
    CUDASIM_ENTER(true);
    *event = new cudasim_event{cudasim_current_gpu(), (flags & cudaEventDisableTiming) == 0, NULL};
    live_events++;
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    cudasim_lock lock;
    const cudaError_t status = cudasim_enter(false);
    delete event;
    live_events--;
    return status;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    CUDASIM_ENTER(false);
    check_stream(stream, "cudaEventRecord");
    if (const cudaError_t state = cudasim_state_of(stream->gpu)) return cudasim_error(state);
    if (event->gpu != stream->gpu)
        cudasim_fail("an event of GPU %d is recorded on a stream of GPU %d", event->gpu,
                     stream->gpu);
    cudasim_enqueue(stream, "cudaEventRecord", NULL);
    event->record = stream->pending.back();
    cudasim_run_early();
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    CUDASIM_ENTER(false);
    check_stream(stream, "cudaStreamWaitEvent");
    if (const cudaError_t state = cudasim_state_of(stream->gpu)) return cudasim_error(state);
    if (event->record == NULL) return cudaSuccess;
    cudasim_enqueue(stream, "cudaStreamWaitEvent", NULL);
    stream->pending.back()->after = event->record;
    join(stream->clock, event->record->clock);
    join(stream->pending.back()->clock, stream->clock);
    cudasim_run_early();
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    CUDASIM_ENTER(false);
    if (const cudaError_t state = cudasim_state_of(event->gpu)) return cudasim_error(state);
    if (event->record == NULL) return cudaSuccess;
    run_until(event->record);
    join(host_clock, event->record->clock);
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    CUDASIM_ENTER(false);
    if (const cudaError_t state = cudasim_state_of(event->gpu)) return cudasim_error(state);
    if (event->record == NULL) return cudaSuccess;
    struct cudasim_stream *stream = some_ready(-1); /* a query lets time pass */
    if (stream != NULL && cudasim_draw(2) == 0) run_front(stream);
    if (!event->record->done) return cudaErrorNotReady;
    join(host_clock, event->record->clock);
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end) {
    CUDASIM_ENTER(false);
    if (!start->timed || !end->timed || start->record == NULL || end->record == NULL)
        return cudasim_error(cudaErrorInvalidResourceHandle);
    if (!start->record->done || !end->record->done) return cudaErrorNotReady;
    *milliseconds = (float)((end->record->seconds - start->record->seconds) * 1e3);
    return cudaSuccess;
}

/* ---- copies ---- */

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
    CUDASIM_ENTER(false);
    if (bytes == 0) return cudaSuccess;
    const bool up = kind == cudaMemcpyHostToDevice;
    check_stream(stream, "cudaMemcpyAsync");
    if (const cudaError_t state = cudasim_state_of(stream->gpu)) return cudasim_error(state);
    cudasim_check_range(from, bytes, up ? CUDASIM_HOST : stream->gpu, "source of cudaMemcpyAsync");
    cudasim_check_range(to, bytes, up ? stream->gpu : CUDASIM_HOST,
                        "destination of cudaMemcpyAsync");
    /* Until a copy to the host has run, the host sees NaN, unless a copy from there is pending. */
    if (!up && user_of(to, bytes) == NULL) memset(to, 0xff, bytes);
    struct cudasim_operation *operation =
        cudasim_enqueue(stream, up ? "a copy up" : "a copy down", [=] {
            cudasim_race_range(up ? to : from, bytes, up);
            memcpy(to, from, bytes);
        });
    operation->host = up ? from : to;
    operation->host_bytes = bytes;
    cudasim_run_early();
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *memory, int byte, size_t bytes, cudaStream_t stream) {
    CUDASIM_ENTER(false);
    if (bytes == 0) return cudaSuccess;
    check_stream(stream, "cudaMemsetAsync");
    if (const cudaError_t state = cudasim_state_of(stream->gpu)) return cudasim_error(state);
    cudasim_check_range(memory, bytes, stream->gpu, "cudaMemsetAsync");
    cudasim_enqueue(stream, "cudaMemsetAsync", [=] {
        cudasim_race_range(memory, bytes, true);
        memset(memory, byte, bytes);
    });
    cudasim_run_early();
    return cudaSuccess;
}

/* ---- launches ---- */

void cudasim_enqueue_kernel(const struct cudasim_launch *launch, struct cudasim_call *call) {
    cudasim_lock lock;
    const std::shared_ptr<struct cudasim_call> owned(
        call, [](struct cudasim_call *unused) { unused->destroy(unused); });
    if (cudasim_enter(false) != cudaSuccess) return;
    check_stream(launch->stream, launch->name);
    if (launch->stream->gpu != cudasim_current_gpu())
        cudasim_fail("%s is launched on a stream of GPU %d while GPU %d is current", launch->name,
                     launch->stream->gpu, cudasim_current_gpu());
    cudasim_check_launch(launch, call);
    const struct cudasim_launch copy = *launch;
    cudasim_enqueue(launch->stream, launch->name, [=] { cudasim_run_kernel(&copy, owned.get()); });
    cudasim_run_early();
}
