"""What the figures depend on: machine, file system, versions. And where things are."""

import datetime
import fcntl
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "bench" / "work"
PROGRAM_CORE = 0
LOAD_CORE = 1

PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy", "wrk": "wrk", "taskset": "util-linux",
            "h2load": "nghttp2-client", "openssl": "openssl"}


def need(*programs):
    """Ends the run with what to install when a program is missing."""
    missing = [program for program in programs if find(program) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES.get(program, program) for program in missing}))
        sys.exit(f"missing: {', '.join(missing)}. On Debian: apt-get install {packages}")
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("the programs need a core of their own: this machine (or cpuset) offers "
                 f"{len(os.sched_getaffinity(0))}, expected at least 2")


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def only_run():
    """Waits until no other run measures on this machine: two at once falsify each other. Keep what is returned."""
    lock = open(pathlib.Path(tempfile.gettempdir()) / "tollkeeper-bench.lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("another bench/run measures on this machine; waiting for its end", file=sys.stderr, flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def java_home():
    """A JDK 25: JAVA_HOME if it is one, else the usual places."""
    candidates = [os.environ.get("JAVA_HOME", "")]
    for parent in ("/usr/lib/jvm", "/opt", os.path.expanduser("~/.sdkman/candidates/java")):
        if os.path.isdir(parent):
            candidates += [os.path.join(parent, name) for name in sorted(os.listdir(parent)) if "25" in name]
    for home in candidates:
        release = os.path.join(home, "release")
        if home and os.path.isfile(release) and 'JAVA_VERSION="25' in open(release, encoding="utf-8").read():
            return home
    sys.exit("no JDK 25 found. Install one (e.g. temurin-25-jdk) or set JAVA_HOME to it")


def java():
    return os.path.join(java_home(), "bin", "java")


def jvm_flags():
    """The flags of the launcher, from the one file that also the launcher and the tests use."""
    path = ROOT / "app" / "src" / "main" / "dist" / "jvm.options"
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "unknown"


def cpu_model():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def file_system(path):
    """Type of the file system below that path, by the longest mount point."""
    best = ("", "unknown")
    for line in open("/proc/mounts", encoding="utf-8"):
        _, mount, kind = line.split()[:3]
        if str(path).startswith(mount.rstrip("/") + "/") and len(mount) > len(best[0]):
            best = (mount, kind)
    return best[1]


def fsync_millis(folder, count=300):
    """Median and p99 of writing 4 KiB and fdatasync, in ms."""
    path = folder / "fsync-probe"
    block = os.urandom(4096)
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(count):
            start = time.perf_counter()
            file.write(block)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    path.unlink()
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.99)]


def facts():
    """Lines for the head of every section of the results."""
    commit = first_line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    dirty = subprocess.run(["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"],
                           stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit + (" with local changes" if dirty else ""),
        "machine": f"{cpu_model()}, {os.cpu_count()} cores, kernel {os.uname().release}",
        "java": first_line(java(), "--version"),
        "nginx": first_line(find("nginx") or "nginx", "-v"),
        "haproxy": first_line(find("haproxy") or "haproxy", "-v"),
    }
