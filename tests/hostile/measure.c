// Runs a command and measures it together with every process it starts:
//
//   measure [-m MIB] [-t SECONDS] [-o FILE] COMMAND [ARGUMENT]...
//
// FILE (standard error without -o) gets one line: "memory_mib=N cpu_seconds=X left=N end=WHY".
// memory_mib is the peak of the memory of the command and of all its descendants: pages they
// share count once. It is sampled every few milliseconds, and the largest process's own peak
// (wait4) is the least that is reported. cpu_seconds is that of all that have ended. left is the
// number of processes that outlived the command by two seconds; they are killed. end is exit,
// signal, memory or time. The exit code is the command's, 128 + N after signal N, 125 when it
// was killed for more memory than -m, 124 for more time than -t.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 4096

struct process {
    pid_t pid, parent;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// A number after a name in a file of /proc, or 0.
static long number_in(pid_t pid, const char *file, const char *name) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "r");
    long number = 0;
    while (stream && fgets(line, sizeof line, stream)) {
        if (!strncmp(line, name, strlen(name))) {
            number = strtol(line + strlen(name), NULL, 10);
            break;
        }
    }
    if (stream) fclose(stream);
    return number;
}

// Every process below this one: what started it is in the list, or is this one.
static size_t descendants(pid_t found[PROCESSES]) {
    static struct process all[PROCESSES];
    size_t count = 0, below = 0;
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || count == PROCESSES) continue;
        all[count++] = (struct process){pid, (pid_t)number_in(pid, "status", "PPid:")};
    }
    if (folder) closedir(folder);
    for (pid_t parent = getpid(), next = 0;; parent = found[next++]) {
        for (size_t i = 0; i < count; i++)
            if (all[i].parent == parent && below < PROCESSES) found[below++] = all[i].pid;
        if ((size_t)next == below) return below;
    }
}

static void kill_all(void) {
    pid_t found[PROCESSES];
    size_t count = descendants(found);
    for (size_t i = 0; i < count; i++) kill(found[i], SIGKILL);
}

// MiB of all descendants; a file system without smaps_rollup gives their resident sizes.
static double memory_used(void) {
    pid_t found[PROCESSES];
    size_t count = descendants(found);
    long sum = 0;
    for (size_t i = 0; i < count; i++) {
        long share = number_in(found[i], "smaps_rollup", "Pss:");
        sum += share ? share : number_in(found[i], "status", "VmRSS:");
    }
    return (double)sum / 1024;
}

// Waits for what the command left behind, at most two seconds.
static size_t processes_left(void) {
    pid_t found[PROCESSES];
    for (double end = now() + 2; now() < end; usleep(5000)) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        if (!descendants(found)) return 0;
    }
    size_t left = descendants(found);
    kill_all();
    while (wait(NULL) > 0) {
    }
    return left;
}

static int run(char **command, double most_memory, double most_time, FILE *output) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t child = fork();
    if (!child) {
        execvp(command[0], command);
        fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
        _exit(127);
    }
    const char *end = NULL;
    double peak = 0, deadline = now() + most_time;
    struct rusage usage;
    int status;
    while (wait4(child, &status, WNOHANG, &usage) == 0) {
        double used = memory_used();
        if (used > peak) peak = used;
        if (!end && used > most_memory) end = "memory";
        if (!end && now() > deadline) end = "time";
        if (end) kill_all();
        usleep(20000);
    }
    if ((double)usage.ru_maxrss / 1024 > peak) peak = (double)usage.ru_maxrss / 1024;
    size_t left = processes_left();
    getrusage(RUSAGE_CHILDREN, &usage);
    if (!end) end = WIFSIGNALED(status) ? "signal" : "exit";
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    fprintf(output, "memory_mib=%.0f cpu_seconds=%.1f left=%zu end=%s\n", peak, seconds, left, end);
    if (!strcmp(end, "memory")) return 125;
    if (!strcmp(end, "time")) return 124;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int count, char **arguments) {
    double memory = 1e9, seconds = 1e9;
    const char *path = NULL;
    for (int option; (option = getopt(count, arguments, "+m:t:o:")) != -1;) {
        if (option == 'm')
            memory = strtod(optarg, NULL);
        else if (option == 't')
            seconds = strtod(optarg, NULL);
        else if (option == 'o')
            path = optarg;
        else
            return 2;
    }
    FILE *output = path ? fopen(path, "we") : stderr;
    if (!output || optind == count) {
        fprintf(stderr, "usage: measure [-m MIB] [-t SECONDS] [-o FILE] COMMAND...\n");
        return 2;
    }
    return run(arguments + optind, memory, seconds, output);
}
