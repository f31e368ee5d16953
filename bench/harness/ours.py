"""Our own programs: the whole gateway as a user starts it, and module http alone."""

import os
import shutil
import subprocess
import sys

from . import machine
from .program import Program, free_port

HOST = "bench.test"
USER_KEY = "bench-user-key"
TOKEN = "bench-service-token"
ENVIRONMENT = {"TOLLKEEPER_JVM_OPTIONS": "-Xmx256m"}
ORDERS = "/v1/orders/17/items"

TWO_RULES = ["/v1/orders", "/"]
FIVE_MATCHES = ["/", "/v1", "/v1/orders", "/v1/orders/{id}", "/v1/orders/{id}/items$"]


def build():
    """What the launcher would build, and this module with its class path; offline if that is possible."""
    command = ["mvn", "-q", "-Dquick", "-DskipTests", "-pl", "bench", "-am", "package"]
    done = subprocess.run([command[0], "-o", *command[1:]], cwd=machine.ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        done = subprocess.run(command, cwd=machine.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    if done.returncode != 0:
        sys.exit(f"the build failed:\n{done.stdout}")
    # What the first start of a build does, done before anything is timed.
    subprocess.run([machine.ROOT / "tollkeeper", "version"], env={**os.environ, "TOLLKEEPER_AOT": "make"},
                   stdout=subprocess.DEVNULL, check=True)


def class_path():
    return (str(machine.ROOT / "bench" / "target" / "classes") + ":"
            + (machine.ROOT / "bench" / "target" / "class-path").read_text(encoding="utf-8").strip())


def bare(transport, upstream_port):
    """Module http as a proxy and nothing else."""
    port = free_port()
    options = machine.ROOT / "app" / "src" / "main" / "dist" / "jvm.options"
    return Program(f"http-{transport}", [
        machine.java(), f"@{options}", "-XX:+UseSerialGC", *ENVIRONMENT["TOLLKEEPER_JVM_OPTIONS"].split(),
        "-cp", class_path(), "io.tollkeeper.bench.BareProxy", transport, port, upstream_port], port)


def gateway(name, transport, upstream_port, patterns=None, tls=None):
    """`./tollkeeper run` with one product: user_key, a limit, metering, flight records, metrics, access log.

    tls: certificate and key, for a listener over TLS beside the plain one.
    """
    return tollkeeper(name, transport, upstream_port, patterns or TWO_RULES, tls)


def tollkeeper(name, transport, upstream_port, patterns, tls):
    folder = machine.WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    ports = {part: free_port() for part in ("gateway", "meter", "management", "metrics")}
    configuration = folder / "tollkeeper.yaml"
    configuration.write_text(declaration(upstream_port, patterns), encoding="utf-8")
    settings = [f"{part}.listen=127.0.0.1:{port}" for part, port in ports.items()]
    settings += [f"transport={transport}", f"access-log={folder / 'access.log'}"]
    tls_port = None
    if tls is not None:
        tls_port = free_port()
        settings += [f"gateway.tls.listen=127.0.0.1:{tls_port}", f"gateway.tls.certificate={tls[0]}",
                     f"gateway.tls.key={tls[1]}"]
    command = [machine.ROOT / "tollkeeper", "run", "--config", configuration, "--data", folder / "data"]
    for setting in settings:
        command += ["--set", setting]
    program = Program(name, command, ports["gateway"], environment={**ENVIRONMENT, "JAVA_HOME": machine.java_home()})
    program.truncated = folder / "access.log"
    program.tls_port = tls_port
    return program


def declaration(upstream_port, patterns):
    rules = "\n".join(f"      - {{method: GET, pattern: '{pattern}', metric: hits}}" for pattern in patterns)
    return f"""products:
  bench:
    hosts: [{HOST}]
    upstream: http://127.0.0.1:{upstream_port}
    credentials: {{kind: user-key, location: query}}
    service-tokens: [{TOKEN}]
    rules:
{rules}
    plans:
      basic:
        limits:
          - {{metric: hits, period: day, max: 1000000000000}}
    applications:
      bench: {{plan: basic, user-key: {USER_KEY}}}
"""


def many_rules(count):
    """So many distinct patterns, five of which match the request; the others differ early, late and in the middle."""
    others = []
    for i in range(count - len(FIVE_MATCHES)):
        shape = i % 5
        if shape == 0:
            others.append(f"/v1/resource{i}/{{id}}")
        elif shape == 1:
            others.append(f"/v1/orders/{{id}}/part{i}")
        elif shape == 2:
            others.append(f"/v2/orders/{{id}}/items/{i}$")
        elif shape == 3:
            others.append(f"/v1/{{kind}}/{i}/items")
        else:
            others.append(f"/v1/orders/17/items/{i}")
    middle = len(others) // 2
    return others[:middle] + FIVE_MATCHES + others[middle:]


def empty_logs(program):
    """Access logs are really written, but not kept: the next sample starts with an empty file."""
    log = getattr(program, "truncated", None)
    if log is not None and log.exists():
        os.truncate(log, 0)
