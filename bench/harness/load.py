"""The same load for everybody: wrk with keep-alive connections on the core that is not under test."""

import dataclasses
import http.client
import json
import os
import subprocess

from . import machine


@dataclasses.dataclass(frozen=True)
class Load:
    """One request, repeated over a fixed number of connections."""

    path: str
    host: str = "bench.test"
    connections: int = 50
    # so many hosts, one of them chosen for each request
    hosts: int = 0

    def check(self, program, expected=200):
        """One plain call first: a program that answers errors fast must not win."""
        connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=10)
        connection.request("GET", self.path, headers={"Host": self.host_header()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != expected:
            raise SystemExit(f"{program.name} answers {answer.status} to {self.path} (expected: {expected}): "
                             f"{body[:300]!r}\n{program.tail()}")
        return body

    def host_header(self):
        return "product-0.bench.test" if self.hosts else self.host

    def run(self, program, seconds):
        """What wrk counted in so many seconds; ends the run if an answer was not a success."""
        command = ["taskset", "-c", str(machine.LOAD_CORE), "wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s",
                   "-s", str(machine.ROOT / "bench" / "harness" / "load.lua"), "-H", f"Host: {self.host_header()}",
                   f"http://127.0.0.1:{program.port}{self.path}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=seconds + 60, env={**os.environ, "BENCH_HOSTS": str(self.hosts)})
        for line in done.stdout.splitlines():
            if line.startswith("BENCH "):
                counted = json.loads(line[6:])
                break
        else:
            raise SystemExit(f"wrk did not finish against {program.name}:\n{done.stdout}")
        failed = {key: counted[key] for key in ("status", "connect", "read", "write", "timeout") if counted[key]}
        if failed or counted["requests"] == 0:
            raise SystemExit(f"{program.name}: {counted['requests']} requests, errors {failed}\n{program.tail()}")
        return counted
