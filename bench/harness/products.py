"""Many products in one 3scale document, and many changes of them."""

import json
import subprocess

from . import machine, others, ours, report
from .load import Load
from .program import Program, free_port
from .rounds import Contestant, measure, say

PRODUCTS = 10_000
MAIN = "io.tollkeeper.bench.configuration.ManyProducts"


def java(heap, *arguments):
    options = machine.ROOT / "app" / "src" / "main" / "dist" / "jvm.options"
    return [machine.java(), f"@{options}", "-XX:+UseSerialGC", f"-Xmx{heap}m", "-cp", ours.class_path(), MAIN,
            *map(str, arguments)]


def ask(heap, *arguments):
    """The line of JSON that a run prints."""
    done = subprocess.run(["taskset", "-c", str(machine.PROGRAM_CORE), *map(str, java(heap, *arguments))],
                          cwd=machine.WORK, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=3600)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            return json.loads(line)
    raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}")


def serving(products, upstream_port):
    port = free_port()
    return Program(f"products-{products}", java(512, "serve", products, port, upstream_port), port)


def configuration(chosen):
    machine.need("nginx", "wrk", "taskset")
    changes = 1_000 if chosen.quick else 10_000
    say("  load")
    loads = [ask(512, "load", PRODUCTS) for _ in range(1 if chosen.quick else 3)]
    load = sorted(loads, key=lambda one: one["loading"])[len(loads) // 2]
    say(f"  {changes} changes")
    changed = ask(256, "changes", 100, changes)

    upstream = others.upstream().start()
    one, many = (Contestant(f"{count} products", serving(count, upstream.port).start(),
                            Load("/v0/resource3/7?user_key=k", hosts=count), jvm=True) for count in (1, PRODUCTS))
    measure([one, many], chosen.rounds, chosen.warmup, chosen.seconds)

    growth = abs(changed["late"] - changed["early"]) / changed["early"] * 100
    figure = report.figure
    figures = [
        figure("configuration.loading.cpu", load["loading"], "s"),
        figure("configuration.reading.cpu", load["reading"], "s"),
        figure("configuration.heap_per_product", load["heap"], "B"),
        figure("configuration.change", load["change"], "ms"),
        figure("configuration.changes.heap_growth", growth, "%"),
        figure("configuration.changes.failed", changed["failed"], "calls"),
        figure("configuration.10000.cpu.ratio_to_1", many.ratio_to(one), "ratio"),
    ]
    body = report.contest([one, many], one) + report.warning([one, many]) + "\n\n" + report.bars([
        ("10 000 products of 20 rules: read and compiled, CPU", load["loading"], "≤", 3, "s"),
        ("heap per product, its text included", load["heap"], "≤", 10_240, "B"),
        ("a change of one product, until it answers", load["change"], "≤", 100, "ms"),
        ("10 000 products ÷ one, CPU per request, hosts at random", many.ratio_to(one), "≤", 1.2, ""),
        ("calls that failed during changes", changed["failed"], "≤", 0, ""),
        ("heap after the last change against the first tenth's", growth, "≤", 5, "%"),
    ])
    report.section("configuration", "Many products, many changes", {
        "run": f"{chosen.rounds} rounds of {chosen.seconds} s after {chosen.warmup} s of warm-up",
        "document": f"{load['document'] / 1e6:.0f} MB, {PRODUCTS:,} products of 20 rules; a fresh JVM reads and compiles it; "
        f"read again with one change: {load['reread']:.0f} ms, {load['kept']:,} products used again; slowest change "
        f"{load['slowest']:.0f} ms",
        "changes": f"{changed['changes']:,} of 100 products in {changed['seconds']:.0f} s under {changed['calls']:,} calls; heap "
        f"{changed['early'] / 2**20:.2f} MiB at the first tenth, {changed['late'] / 2**20:.2f} MiB at the end",
    }, body, figures)
