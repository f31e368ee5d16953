"""The load of HTTP/2 over TLS, the same for everybody: h2load on the core that is not under test."""

import dataclasses
import re
import subprocess

from . import machine


@dataclasses.dataclass(frozen=True)
class Http2Load:
    """One request, repeated on a fixed number of streams of a fixed number of connections."""

    path: str
    host: str
    connections: int = 8
    streams: int = 32

    def check(self, program):
        """A program that answers errors fast must not win: the run ends with the first answer that is no success."""
        self.run(program, 1)

    def run(self, program, seconds):
        """What h2load counted in so many seconds."""
        command = ["taskset", "-c", str(machine.LOAD_CORE), "h2load", "-t1", f"-c{self.connections}", f"-m{self.streams}",
                   f"-D{seconds}", f"--connect-to=127.0.0.1:{program.tls_port}", "--npn-list=h2",
                   "--tls13-ciphers=TLS_AES_128_GCM_SHA256", f"https://{self.host}:{program.tls_port}{self.path}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=seconds + 60)
        counts = re.search(r"requests: .* (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", done.stdout)
        took = re.search(r"finished in ([\d.]+)(us|ms|s)", done.stdout)
        if not counts or not took:
            raise SystemExit(f"h2load did not finish against {program.name}:\n{done.stdout}\n{program.tail()}")
        served, succeeded = int(counts[1]), int(counts[2])
        # What is under way when the time is over counts as neither.
        if served == 0 or succeeded != served or int(counts[4]):
            raise SystemExit(f"{program.name} over HTTP/2:\n{done.stdout}\n{program.tail()}")
        if "Application protocol: h2" not in done.stdout:
            raise SystemExit(f"{program.name} did not speak HTTP/2:\n{done.stdout}")
        unit = {"us": 1, "ms": 1000, "s": 1_000_000}[took[2]]
        mean = re.search(r"time for request:\s+\S+\s+(\S+)\s+([\d.]+)(us|ms|s)", done.stdout)
        millis = float(mean[2]) * {"us": 0.001, "ms": 1, "s": 1000}[mean[3]] if mean else 0
        longest = re.match(r"([\d.]+)(us|ms|s)", mean[1]) if mean else None
        most = float(longest[1]) * {"us": 0.001, "ms": 1, "s": 1000}[longest[2]] if longest else 0
        # h2load tells mean and longest, no percentiles; wrk's units are kept (µs).
        return {"requests": succeeded, "micros": float(took[1]) * unit, "p50": millis * 1000, "p99": most * 1000}


def certificate():
    """A certificate of its own for everybody: (certificate, key), PEM files."""
    folder = machine.WORK / "tls"
    folder.mkdir(exist_ok=True)
    certificate_file, key = folder / "certificate.pem", folder / "key.pem"
    if not certificate_file.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "3650", "-subj", "/CN=bench.test", "-keyout", str(key), "-out", str(certificate_file)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate_file, key
