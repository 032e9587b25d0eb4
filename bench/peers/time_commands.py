"""Times commands that do the same work, from start of the process to its end: RUNS times each, in turn.

    python bench/peers/time_commands.py [--runs 5] 'COMMAND' 'COMMAND'...

Prints median, least and greatest wall time and the greatest peak memory (resident) of each, and the ratio of its median
to the first's. Commands are split at spaces as a shell would, but run without one.
"""
import argparse
import os
import shlex
import statistics
import sys
import time


def run(command):
    """(seconds, peak resident MB) of one run; its output goes to /dev/null."""
    start = time.perf_counter()
    sink = os.open(os.devnull, os.O_WRONLY)
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, sink, 1)])
    _, status, usage = os.wait4(process, 0)
    os.close(sink)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{shlex.join(command)}: exit code {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("commands", nargs="+")
    arguments.add_argument("--runs", type=int, default=5)
    arguments = arguments.parse_args()
    commands = [shlex.split(command) for command in arguments.commands]
    results = [[] for _ in commands]
    for _ in range(arguments.runs):
        for command, result in zip(commands, results):
            result.append(run(command))
    first = statistics.median(seconds for seconds, _ in results[0])
    for command, result in zip(commands, results):
        seconds = [s for s, _ in result]
        median = statistics.median(seconds)
        print(f"median {median:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), peak {max(m for _, m in result):.0f} MB, "
              f"{median / first:.3f} of the first: {shlex.join(command)}")


if __name__ == "__main__":
    main()
