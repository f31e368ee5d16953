"""Paired rounds: everybody is measured once per round, the order rotates, ratios are taken within a round."""

import dataclasses
import statistics
import subprocess
import sys

from . import machine, ours, program as programs


@dataclasses.dataclass
class Contestant:
    """A program with its load; `samples` has one entry per round."""

    name: str
    program: programs.Program
    load: object
    jvm: bool = False
    about: str = ""
    samples: list = dataclasses.field(default_factory=list)
    allocated: float | None = None
    resident_mib: float = 0.0

    def median(self, key):
        return statistics.median(sample[key] for sample in self.samples)

    def ratio_to(self, other, key="micros"):
        """Median over the rounds of ours ÷ theirs in the same round."""
        return statistics.median(
            mine[key] / theirs[key] for mine, theirs in zip(self.samples, other.samples, strict=True))

    def minus(self, other, key="micros"):
        """Median over the rounds of ours − theirs in the same round."""
        return statistics.median(
            mine[key] - theirs[key] for mine, theirs in zip(self.samples, other.samples, strict=True))


def say(text):
    print(text, file=sys.stderr, flush=True)


def sample(contestant, seconds):
    """CPU time of the program per request that wrk completed."""
    cpu, core = contestant.program.cpu_seconds(), programs.core_busy_seconds(contestant.program.core)
    counted = contestant.load.run(contestant.program, seconds)
    cpu = contestant.program.cpu_seconds() - cpu
    core = programs.core_busy_seconds(contestant.program.core) - core
    wall = counted["micros"] / 1e6
    return {
        "micros": cpu * 1e6 / counted["requests"],
        "per_core": counted["requests"] / cpu,
        "per_second": counted["requests"] / wall,
        "busy": cpu / wall,
        "others": max(0.0, core - cpu) / wall,
        "p50": counted["p50"] / 1000,
        "p99": counted["p99"] / 1000,
    }


def measure(contestants, rounds, warmup, seconds):
    for contestant in contestants:
        contestant.load.check(contestant.program)
        time = warmup if contestant.jvm else min(2, warmup)
        if time:
            say(f"  warm-up {contestant.name}: {time} s")
            contestant.load.run(contestant.program, time)
            ours.empty_logs(contestant.program)
    for number in range(rounds):
        shift = number % len(contestants)
        for contestant in contestants[shift:] + contestants[:shift]:
            contestant.load.run(contestant.program, 1)
            contestant.samples.append(sample(contestant, seconds))
            ours.empty_logs(contestant.program)
        say(f"  round {number + 1} of {rounds}: " + ", ".join(
            f"{contestant.name} {contestant.samples[-1]['micros']:.1f}" for contestant in contestants) + " µs")
    for contestant in contestants:
        contestant.resident_mib = contestant.program.resident_mib()
        if contestant.jvm:
            contestant.allocated = allocated_per_request(contestant, seconds)


def allocated_per_request(contestant, seconds):
    """Heap bytes that all threads of the JVM allocate per request, read over JMX outside the measured rounds."""
    probe = subprocess.Popen(
        ["taskset", "-c", str(machine.LOAD_CORE), machine.java(), "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp",
         str(machine.ROOT / "bench" / "target" / "classes"), "io.tollkeeper.bench.AllocationProbe",
         str(contestant.program.java_pid())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        def read():
            probe.stdin.write("\n")
            probe.stdin.flush()
            return int(probe.stdout.readline())

        read()
        idle = -read() + read()
        before = read()
        counted = contestant.load.run(contestant.program, seconds)
        return (read() - before - idle) / counted["requests"]
    finally:
        probe.stdin.close()
        probe.wait(20)
