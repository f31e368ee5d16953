"""The meter as a user starts it, on a store of any size."""

import http.client
import os
import signal
import subprocess
import time

from . import machine, ours
from .program import Program, free_port


class Meter(Program):
    """One meter on one data folder; may be started again after it ended."""

    def __init__(self, name, data, core=machine.PROGRAM_CORE, options="-Xmx256m"):
        folder = machine.WORK / name
        folder.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.ports = {part: free_port() for part in ("meter", "management", "metrics")}
        command = [machine.ROOT / "tollkeeper", "meter", "--data", data]
        for part, port in self.ports.items():
            command += ["--set", f"{part}.listen=127.0.0.1:{port}"]
        command += ["--set", f"access-log={folder / 'access.log'}"]
        self.truncated = folder / "access.log"
        super().__init__(name, command, self.ports["meter"], core, environment={
            "JAVA_HOME": machine.java_home(), "TOLLKEEPER_JVM_OPTIONS": options})

    def start(self):
        """Starts it and returns the seconds from exec to the first good answer of /status."""
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(self.core), *self.command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, cwd=machine.WORK, env={**os.environ, **self.environment})
        self.adopt()
        while not self._is_ready():
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > began + self.patience:
                raise SystemExit(f"{self.name} is not ready after {self.patience} s:\n{self.tail()}")
            time.sleep(0.005)
        ready = time.monotonic() - began
        while not self._has_metrics():
            time.sleep(0.01)
        return ready

    def _has_metrics(self):
        try:
            return self.get("/metrics", "metrics")[0] == 200
        except OSError:
            return False

    def _is_ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/status")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def get(self, path, port="meter"):
        """Status and body of one call."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def metrics(self):
        """What it tells of itself, by name; those with labels are left out."""
        found = {}
        for line in self.get("/metrics", "metrics")[1].splitlines():
            name, _, value = line.partition(" ")
            if not line.startswith("#") and "{" not in name:
                found[name] = float(value)
        return found

    def heap(self):
        """Used heap and used old generation in MiB, as they are (no collection is forced)."""
        out = subprocess.run([os.path.join(machine.java_home(), "bin", "jstat"), "-gc", str(self.java_pid())],
                             stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        value = dict(zip(out[0].split(), [0.0 if cell == "-" else float(cell) for cell in out[1].split()]))
        return (value["S0U"] + value["S1U"] + value["EU"] + value["OU"]) / 1024, value["OU"] / 1024

    def live_heap(self):
        """Used heap in MiB after a forced collection."""
        subprocess.run([os.path.join(machine.java_home(), "bin", "jcmd"), str(self.java_pid()), "GC.run"],
                       stdout=subprocess.DEVNULL, check=True)
        return self.heap()[0]

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        pid = self.java_pid()
        os.kill(pid, signal.SIGKILL)
        self.process.wait(20)

    def end(self):
        """SIGTERM; returns the seconds until it ended."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(60)
        return time.monotonic() - began
