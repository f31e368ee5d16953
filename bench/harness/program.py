"""Processes under test: started on their core, measured with all their children, stopped by pid."""

import atexit
import os
import signal
import socket
import subprocess
import time

from . import machine

TICKS = os.sysconf("SC_CLK_TCK")
_running = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One program, listening on loopback when `start` returns."""

    def __init__(self, name, command, port, core=machine.PROGRAM_CORE, patience=60, environment=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.port = port
        self.core = core
        self.patience = patience
        self.environment = environment or {}
        self.log = machine.WORK / f"{name}.log"
        self.process = None

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(self.core), *self.command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, cwd=machine.WORK, env={**os.environ, **self.environment})
        self.adopt()
        deadline = time.monotonic() + self.patience
        while not self._listens():
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.name} does not listen on {self.port} after {self.patience} s:\n{self.tail()}")
            time.sleep(0.05)
        return self

    def adopt(self):
        """Sees to it that the process does not outlive the run."""
        if self not in _running:
            _running.append(self)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
            return True
        except OSError:
            return False

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def pids(self):
        """Its own pid and those of all descendants."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                        todo += [int(child) for child in children.read().split()]
            except FileNotFoundError:
                continue  # a thread or child that ended meanwhile
        return found

    def java_pid(self):
        for pid in self.pids():
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if comm.read().strip() == "java":
                    return pid
        raise SystemExit(f"{self.name}: no java among its processes")

    def cpu_seconds(self):
        """User and system time of all its threads and children, ended ones included."""
        ticks = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
        return ticks / TICKS

    def resident_mib(self):
        total = 0
        for pid in self.pids():
            for line in open(f"/proc/{pid}/status", encoding="utf-8"):
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total / 1024

    def stop(self):
        if self in _running:
            _running.remove(self)
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for pid in reversed(self.pids()):
                os.kill(pid, signal.SIGKILL)
            self.process.wait(10)


def stop_all():
    for program in list(_running):
        program.stop()


def core_busy_seconds(core):
    """All the time that a core was not idle, whoever used it."""
    for line in open("/proc/stat", encoding="ascii"):
        if line.startswith(f"cpu{core} "):
            values = [int(value) for value in line.split()[1:9]]
            return (sum(values) - values[3] - values[4]) / TICKS
    return 0.0


atexit.register(stop_all)
signal.signal(signal.SIGTERM, lambda *_: exit(143))
