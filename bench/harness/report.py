"""Tables for people, figures for machines. A run replaces the sections and figures of its own parts only."""

import json
import re

from . import machine

RESULTS = machine.ROOT / "bench" / "RESULTS.md"
FIGURES = machine.ROOT / "bench" / "results.json"
QUIET = 0.15
HEAD = """# Results of `bench/run`

Written by the run; do not edit. CPU is user plus system time of the process and its children, divided by the requests
that the load generator completed. Ratios and differences are taken within a paired round; the figure is the median over the rounds.
"""


def table(head, rows):
    """A Markdown table with aligned columns."""
    lines = [head] + rows
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def text(line):
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths)) + "|"
    return "\n".join([text(head), rule] + [text(row) for row in rows])


def contest(contestants, base, times=("p50 ms", "p99 ms")):
    """The table of a contest, ratios against `base`; `times` says what the load generator calls its two times."""
    rows = []
    for one in contestants:
        rows.append([
            one.name, f"{one.median('micros'):.1f}",
            f"{min(s['micros'] for s in one.samples):.1f}–{max(s['micros'] for s in one.samples):.1f}",
            f"{one.ratio_to(base):.2f}", f"{one.median('per_second'):,.0f}", f"{one.median('busy') * 100:.0f} %",
            f"{one.median('others') * 100:.0f} %", f"{one.median('p50'):.2f}", f"{one.median('p99'):.2f}",
            f"{one.resident_mib:.0f}", "" if one.allocated is None else f"{one.allocated:,.0f}"])
    return table(["", "CPU µs/request", "min–max", f"÷ {base.name}", "requests/s", "core used", "core used by others",
                  *times, "RSS MiB", "heap B/request"], rows)


def warning(contestants):
    """Says so when the machine was not ours."""
    others = max(one.median("others") for one in contestants)
    if others <= QUIET:
        return ""
    return (f"\n\n**Not quiet: other programs used up to {others * 100:.0f} % of the core under test (median of a "
            "contestant's rounds). Figures and ratios may be off in either direction; repeat on a quiet machine.**")


def bars(rows):
    """What was promised beside what was measured."""
    cells = []
    for what, value, relation, bar, unit in rows:
        kept = value <= bar if relation == "≤" else value >= bar
        number = f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
        cells.append([what, f"{number} {unit}".strip(), f"{relation} {bar:,} {unit}".strip(), "kept" if kept else "MISSED"])
    return table(["bar", "measured", "promised", ""], cells)


def figure(name, value, unit):
    return {"name": name, "value": float(f"{value:.4g}") if abs(value) < 1000 else round(value), "unit": unit}


def section(part, title, notes, body, figures):
    """Prints a part and puts it in place of its earlier self in both files."""
    facts = machine.facts()
    lines = [f"* {key}: {value}" for key, value in {**facts, **notes}.items()]
    text = f"## {title}\n\n" + "\n".join(lines) + "\n\n" + body + "\n"
    print("\n" + text)
    whole = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEAD
    start, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    block = f"{start}\n{text}{end}\n"
    if start in whole:
        whole = re.sub(re.escape(start) + ".*?" + re.escape(end) + "\n", lambda _: block, whole, flags=re.S)
    else:
        whole += "\n" + block
    RESULTS.write_text(whole, encoding="utf-8")
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []
    mine = {one["name"] for one in figures}
    merged = sorted([one for one in known if one["name"] not in mine] + figures, key=lambda one: one["name"])
    FIGURES.write_text("[\n" + ",\n".join("  " + json.dumps(one) for one in merged) + "\n]\n", encoding="utf-8")
