"""JMH benchmarks of the parts, with allocation rates."""

import json
import subprocess

from . import machine, ours, report


def run(quick):
    """Runs all benchmarks of this module on one core; figures and table."""
    result = machine.WORK / "jmh.json"
    times = ["-f", "1", "-wi", "2", "-w", "1", "-i", "3", "-r", "1"] if quick else \
        ["-f", "2", "-wi", "5", "-w", "2", "-i", "5", "-r", "2"]
    options = machine.ROOT / "app" / "src" / "main" / "dist" / "jvm.options"
    flags = " ".join(machine.jvm_flags()) + " -XX:+UseSerialGC"
    done = subprocess.run(
        ["taskset", "-c", str(machine.PROGRAM_CORE), machine.java(), f"@{options}", "-cp", ours.class_path(),
         "org.openjdk.jmh.Main", "-jvmArgs", flags, "-bm", "avgt", "-tu", "ns", *times, "-prof", "gc", "-rf", "json",
         "-rff", str(result), "-foe", "true"],
        cwd=machine.WORK, check=False, timeout=3600)
    if done.returncode != 0:
        raise SystemExit(f"JMH ended with {done.returncode}")
    rows, figures = [], []
    for one in json.loads(result.read_text(encoding="utf-8")):
        kind, method = one["benchmark"].split(".")[-2:]
        parameters = "".join(f".{value}" for value in (one.get("params") or {}).values())
        score, error = one["primaryMetric"]["score"], one["primaryMetric"]["scoreError"]
        allocated = one["secondaryMetrics"]["gc.alloc.rate.norm"]["score"]
        name = f"{kind.removesuffix('Benchmark')}.{method}{parameters}"
        rows.append([name, f"{score:.1f}", f"± {float(error):.1f}", f"{allocated:.0f}"])
        figures += [report.figure(f"micro.{name}", score, "ns"), report.figure(f"micro.{name}.heap", allocated, "B")]
    return figures, report.table(["", "ns/op", "99.9 %", "heap B/op"], rows)
