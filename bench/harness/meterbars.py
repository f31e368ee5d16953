"""What a call to the meter costs, with stores of any size; what a kill and a full disk leave; how long a start takes."""

import pathlib
import random
import statistics
import subprocess
import time

from . import machine, ours, program as programs, report
from .metering import Meter
from .rounds import say
from .towns import TOKEN, Load, Town

CONNECTIONS = 256
REPORTERS = 16
HEAP = "-Xmx256m"
SMALL = Town(1, 100_000)
MANY_PRODUCTS = Town(1_000, 100_000)
MILLION = Town(10, 1_000_000)


def need_disk():
    kind = machine.file_system(machine.WORK)
    if kind in ("tmpfs", "ramfs"):
        raise SystemExit(f"{machine.WORK} is on {kind}: what the meter acknowledges must be on a disk to be measured")
    return kind


def drive(meter, town, call, seconds, connections=CONNECTIONS, **more):
    """One measured load: what the load counted, and what the meter's process used meanwhile."""
    cpu, core = meter.cpu_seconds(), programs.core_busy_seconds(meter.core)
    before = meter.metrics()
    counted = Load(meter, town, call, seconds, connections=connections, **more).result()
    cpu = meter.cpu_seconds() - cpu
    core = programs.core_busy_seconds(meter.core) - core
    after = meter.metrics()
    ours.empty_logs(meter)
    return {**counted, "cpu": cpu, "micros": cpu * 1e6 / counted["calls"], "per_core": counted["calls"] / cpu,
            "per_second": counted["calls"] / counted["seconds"], "busy": cpu / counted["seconds"],
            "others": max(0.0, core - cpu) / counted["seconds"],
            **{name: after[f"tollkeeper_{metric}"] - before[f"tollkeeper_{metric}"] for name, metric in (
                ("snapshots", "snapshots_total"), ("commits", "journal_commits_total"), ("rows", "journal_rows_total"))}}


def paired(a, b, rounds):
    """Measures two in turn; the ratio b ÷ a of CPU per call over all rounds together (a snapshot comes every 30 s, so
    that single rounds have one or none), and all samples."""
    samples = []
    for number in range(rounds):
        pair = {}
        for name, one in (("a", a), ("b", b)) if number % 2 == 0 else (("b", b), ("a", a)):
            pair[name] = one()
        samples.append(pair)
        say(f"  round {number + 1} of {rounds}: {pair['a']['micros']:.1f}, {pair['b']['micros']:.1f} µs")
    return micros(samples, "b") / micros(samples, "a"), samples


def micros(samples, which):
    return sum(pair[which]["cpu"] for pair in samples) * 1e6 / sum(pair[which]["calls"] for pair in samples)


def verify(meter, town, account, **more):
    """Reads every counter and compares it with the account."""
    return Load(meter, town, "verify", 600, connections=64, order="sweep", account=account, **more).result(tolerant=True)


# ---- meter -----------------------------------------------------------------------------------------------------------

def meter(chosen):
    machine.need("taskset", "h2load")
    kind = need_disk()
    long = 10 if chosen.quick else 95
    short = 5 if chosen.quick else 30
    rounds, seconds = (3, 3) if chosen.quick else (6, 12)
    fsync = machine.fsync_millis(machine.WORK)
    account = machine.WORK / "meter.account"
    account.unlink(missing_ok=True)
    small = Meter("meter", SMALL.copy_to(machine.WORK / "meter" / "data"), options=HEAP)
    small.start()
    say(f"  warm-up: {chosen.warmup} s")
    drive(small, SMALL, "authrep", chosen.warmup, account=account)
    say(f"  authrep, {SMALL.applications:,} applications: {long} s")
    authrep = drive(small, SMALL, "authrep", long, account=account)
    heap = small.live_heap()
    drive(small, SMALL, "authorize", short // 2)
    authorize = drive(small, SMALL, "authorize", short)
    drive(small, SMALL, "report", short // 2, REPORTERS, called=1_000, account=account)
    reports = drive(small, SMALL, "report", short, REPORTERS, called=1_000, account=account)
    checked = verify(small, SMALL, account)
    half = half_load(small, authrep["per_second"] / 2, short)
    fsync_after = machine.fsync_millis(machine.WORK)
    rows = [line("authrep", authrep), line("authorize", authorize),
            line("report of 100", reports, 100)]
    mib = small.resident_mib()

    say("  1 product and 1 000 products")
    many = Meter("meter-products", MANY_PRODUCTS.copy_to(machine.WORK / "meter-products" / "data"), options=HEAP)
    many.start()
    drive(many, MANY_PRODUCTS, "authrep", max(10, chosen.warmup // 2))
    products, pairs = paired(lambda: drive(small, SMALL, "authrep", seconds),
                             lambda: drive(many, MANY_PRODUCTS, "authrep", seconds), rounds)
    rows += [together("1 product", pairs, "a"), together("1 000 products", pairs, "b")]
    many.stop()

    say("  1 000 000 applications, 50 000 of them called")
    spread_account = machine.WORK / "meter-million.account"
    spread_account.unlink(missing_ok=True)
    large = Meter("meter-million", MILLION.copy_to(machine.WORK / "meter-million" / "data"), options=HEAP)
    large.start()
    drive(large, MILLION, "authrep", max(10, chosen.warmup // 2), called=50_000, account=spread_account)
    million, pairs = paired(lambda: drive(small, SMALL, "authrep", seconds, called=50_000),
                            lambda: drive(large, MILLION, "authrep", seconds, called=50_000,
                                          account=spread_account), rounds)
    million_heap, million_mib = large.live_heap(), large.resident_mib()
    rows += [together("50 000 called of 100 000", pairs, "a"), together("50 000 called of 1 000 000", pairs, "b")]
    small.stop()

    spread, curve = spread_over_all(large, spread_account, 20 if chosen.quick else 100)
    rows.append(line("all of 1 000 000 called in turn", spread))
    say("  comparing 1 000 000 counters")
    spread_checked = verify(large, MILLION, spread_account)
    large.stop()

    figure = report.figure
    figures = [
        figure("meter.authrep.per_second_per_core", authrep["per_core"], "1/s"),
        figure("meter.authrep.cpu.micros_per_request", authrep["micros"], "µs"),
        figure("meter.authrep.latency.p50", authrep["p50"] / 1000, "ms"),
        figure("meter.authrep.latency.p99", authrep["p99"] / 1000, "ms"),
        figure("meter.authrep.half_load.p99", half["p99"], "ms"),
        figure("meter.authorize.per_second_per_core", authorize["per_core"], "1/s"),
        figure("meter.report.transactions_per_second_per_core", reports["per_core"] * 100, "1/s"),
        figure("meter.products.1000.cpu.ratio_to_1", products, "ratio"),
        figure("meter.applications.million.cpu.ratio", million, "ratio"),
        figure("meter.applications.million.heap", million_heap, "MiB"),
        figure("meter.resident", mib, "MiB"),
    ]
    # Memory fills at first: flat is what it is afterwards.
    first, last = (statistics.mean(point["rss"] for point in part) for part in (curve[3:6], curve[-3:]))
    wrong = checked["wrong"] + spread_checked["wrong"] + len(checked["findings"]) + len(spread_checked["findings"])
    body = "\n\n".join([
        report.table(["", "CPU µs/call", "per core and s", "per s", "core used", "core used by others", "p50 ms", "p99 ms",
                      "calls", "commits/s", "snapshots"], rows),
        report.bars([
            ("authrep per second per core", authrep["per_core"], "≥", 20_000, ""),
            ("snapshots within its measurement", authrep["snapshots"], "≥", 1, ""),
            (f"authrep p99 at half load ({half['rate']:,.0f}/s)", half["p99"], "≤", 5, "ms"),
            ("authorize per second per core", authorize["per_core"], "≥", 37_500, ""),
            ("transactions per second per core", reports["per_core"] * 100, "≥", 300_000, ""),
            ("1 000 products ÷ 1 product", products, "≤", 1.2, ""),
            ("1 000 000 applications ÷ 100 000", million, "≤", 1.2, ""),
            ("counters that do not agree", wrong, "≤", 0, ""),
            ("all called in turn: RSS at the end ÷ after a third", last / first, "≤", 1.1, ""),
        ]),
        f"Counters compared with what was acknowledged: {SMALL.applications:,} after "
        f"{checked['acknowledged']:,} counts, {wrong_text(checked)}; {MILLION.applications:,} after "
        f"{spread_checked['acknowledged']:,}, {wrong_text(spread_checked)}.",
        "All of 1 000 000 applications called in turn, 256 MB of heap:",
        report.table(["s", "RSS MiB", "old generation MiB", "applications in memory", "changed", "calls/s"], [
            [f"{point['at']:.0f}", f"{point['rss']:.0f}", f"{point['old']:.0f}", f"{point['resident']:,.0f}",
             f"{point['dirty']:,.0f}", f"{point['rate']:,.0f}"] for point in curve]),
    ]) + quiet([authrep, authorize, reports])
    report.section("meter", "The meter", {
        "flags": " ".join(machine.jvm_flags()) + f" -XX:+UseSerialGC {HEAP}",
        "run": f"`bench/run meter`: authrep {long} s, authorize and reports {short} s after {chosen.warmup} s of "
               f"warm-up; ratios: {rounds} paired rounds of {seconds} s, all together",
        "load": f"Load.java, {CONNECTIONS} keep-alive connections ({REPORTERS} with reports), applications by chance; "
                f"half load: 4 × `h2load --h1 --rps`, {half['clients']} connections together; program on core "
                f"{machine.PROGRAM_CORE}, load on core {machine.LOAD_CORE} (the disk's work is done on both)",
        "store": "per application two metrics (hits and a method below it), two limits, 14 counters",
        "disk": f"{kind}, fdatasync of 4 KiB: median {fsync[0]:.2f} ms, p99 {fsync[1]:.2f} ms before, "
                f"{fsync_after[0]:.2f} and {fsync_after[1]:.2f} ms after",
        "memory": f"100 000 applications: {heap:.0f} MiB of heap live, {mib:.0f} MiB resident; 1 000 000 of which "
                  f"50 000 are called: {million_heap:.0f} and {million_mib:.0f} MiB",
    }, body, figures)


def wrong_text(checked):
    return "all agree" if checked["wrong"] == 0 and not checked["findings"] else f"{checked['wrong']} do not: {checked['findings']}"


def line(name, sample, width=1):
    return [name, f"{sample['micros'] / width:.2f}", f"{sample['per_core'] * width:,.0f}",
            f"{sample['per_second'] * width:,.0f}", f"{sample['busy'] * 100:.0f} %", f"{sample['others'] * 100:.0f} %",
            f"{sample['p50'] / 1000:.2f}", f"{sample['p99'] / 1000:.2f}", f"{sample['calls'] * width:,}",
            f"{sample['commits'] / sample['seconds']:,.0f}", f"{sample['snapshots']:.0f}"]


def together(name, pairs, which):
    """One line for all rounds; latencies are those of the round in the middle."""
    samples = [pair[which] for pair in pairs]
    whole = {key: sum(sample[key] for sample in samples) for key in ("calls", "cpu", "seconds", "commits", "snapshots")}
    return line(name, {
        **whole, "micros": whole["cpu"] * 1e6 / whole["calls"], "per_core": whole["calls"] / whole["cpu"],
        "per_second": whole["calls"] / whole["seconds"], "busy": whole["cpu"] / whole["seconds"],
        **{key: statistics.median(sample[key] for sample in samples) for key in ("others", "p50", "p99")}})


def quiet(samples):
    others = max(sample["others"] for sample in samples)
    return "" if others <= report.QUIET else (
        f"\n\n**Not quiet: other programs used up to {others * 100:.0f} % of the core under test. CPU per call holds "
        "roughly, latencies and rates do not; repeat on a quiet machine.**")


def half_load(meter, rate, seconds):
    """p99 at a fixed rate: several h2load beside one another, each with applications of its own."""
    processes, logs, clients = [], [], 16
    for number in range(4):
        uris, log = machine.WORK / f"uris-{number}", machine.WORK / f"h2load-{number}.log"
        log.unlink(missing_ok=True)
        chance = random.Random(number)
        with open(uris, "w", encoding="utf-8") as out:
            for _ in range(25_000):
                out.write(f"http://127.0.0.1:{meter.port}/transactions/authrep.xml?service_token={TOKEN}&service_id=p0000"
                          f"&user_key=user-key-of-{chance.randrange(SMALL.applications):07d}&usage%5Blist%5D=1\n")
        processes.append(subprocess.Popen(
            ["taskset", "-c", str(machine.LOAD_CORE), "h2load", "--h1", "-t1", f"-c{clients}", f"-D{seconds}",
             "--warm-up-time=3", f"--rps={max(1, round(rate / 4 / clients))}", f"-i{uris}", f"--log-file={log}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        logs.append(log)
    for process in processes:
        process.wait(seconds + 60)
    micros, bad = [], 0
    for log in logs:
        for entry in log.read_text(encoding="ascii").splitlines():
            _, status, time_taken = entry.split("\t")[:3]
            micros.append(int(time_taken))
            bad += status != "200"
        log.unlink()
    if bad or not micros:
        raise SystemExit(f"half load: {bad} of {len(micros)} answers were not 200\n{meter.tail()}")
    micros.sort()
    return {"p99": micros[int(len(micros) * 0.99)] / 1000, "p50": micros[len(micros) // 2] / 1000,
            "rate": len(micros) / (seconds + 3), "clients": 4 * clients}


def spread_over_all(meter, account, seconds):
    """Calls every application in turn and looks at the memory meanwhile."""
    say(f"  all of {MILLION.applications:,} applications in turn: {seconds} s")
    cpu, core, before = meter.cpu_seconds(), programs.core_busy_seconds(meter.core), meter.metrics()
    load = Load(meter, MILLION, "authrep", seconds, connections=CONNECTIONS, order="strewn", account=account)
    began, curve, rows = time.monotonic(), [], before["tollkeeper_journal_rows_total"]
    step = seconds / 12
    while load.process.poll() is None and len(curve) < 12:
        time.sleep(max(0.0, began + step * (len(curve) + 1) - time.monotonic()))
        if load.process.poll() is not None:
            break
        now = meter.metrics()
        curve.append({"at": time.monotonic() - began, "rss": meter.resident_mib(), "old": meter.heap()[1],
                      "resident": now["tollkeeper_applications_resident"], "dirty": now["tollkeeper_applications_dirty"],
                      "rate": (now["tollkeeper_journal_rows_total"] - rows) / step})
        rows = now["tollkeeper_journal_rows_total"]
    counted = load.result()
    cpu, core, after = meter.cpu_seconds() - cpu, programs.core_busy_seconds(meter.core) - core, meter.metrics()
    ours.empty_logs(meter)
    return {**counted, "micros": cpu * 1e6 / counted["calls"], "per_core": counted["calls"] / cpu,
            "per_second": counted["calls"] / counted["seconds"], "busy": cpu / counted["seconds"],
            "others": max(0.0, core - cpu) / counted["seconds"],
            "commits": after["tollkeeper_journal_commits_total"] - before["tollkeeper_journal_commits_total"],
            "snapshots": after["tollkeeper_snapshots_total"] - before["tollkeeper_snapshots_total"]}, curve


# ---- meter-crash -----------------------------------------------------------------------------------------------------

# The last application is nobody's: for calls of our own.
CROWD = Town(1, 65)
CALLED = 64


def crash(chosen):
    machine.need("taskset")
    need_disk()
    kills = 5 if chosen.quick else 50
    account = machine.WORK / "crash.account"
    account.unlink(missing_ok=True)
    meter = Meter("meter-crash", CROWD.copy_to(machine.WORK / "meter-crash" / "data"), core="0,1", options="-Xmx128m")
    chance, rows, lost, counted_twice = random.Random(20), [], 0, 0
    for kill in range(kills + 1):
        ready = meter.start()
        checked = verify(meter, CROWD, account, called=CALLED) if kill else None
        if checked:
            below, above = amounts(checked["findings"])
            lost, counted_twice = lost + below, counted_twice + above
            rows[-1] += [f"{checked['acknowledged']:,}", str(below), str(above), f"{ready:.2f}"]
            say(f"  kill {kill} of {kills}: {', '.join(rows[-1][1:])}")
        if kill == kills:
            break
        load = Load(meter, CROWD, "authrep", 60, core="0,1", connections=CALLED, called=CALLED, order="own", account=account)
        rest = meter.metrics()["tollkeeper_journal_rows_total"]
        while meter.metrics()["tollkeeper_journal_rows_total"] == rest:
            time.sleep(0.01)
        moment = chance.uniform(0.05, 1.5)
        time.sleep(moment)
        meter.kill()
        result = load.result(tolerant=True)
        rows.append([str(kill + 1), f"{moment:.2f}", f"{result['calls']:,}", f"{result['acknowledged']:,}",
                     str(result["unknown"])])
    meter.stop()
    full = full_disk(chosen)
    figures = [report.figure("meter.crash.kills", kills, "1"), report.figure("meter.crash.lost", lost, "1"),
               report.figure("meter.crash.counted_twice", counted_twice, "1")]
    bars = [("acknowledged calls that were lost", lost, "≤", 0, ""),
            ("calls counted beyond those acknowledged or in flight", counted_twice, "≤", 0, "")]
    body = report.table(["kill", "after s", "acknowledged since the start", "acknowledged in all", "in flight",
                         "counted after restart", "lost", "too many", "ready after s"], rows)
    if full:
        bars += [("full disk: acknowledged calls that were lost", full["lost"], "≤", 0, ""),
                 ("full disk: calls counted twice", full["too_many"], "≤", 0, ""),
                 ("full disk: authorize calls not answered 200", full["authorize_failed"], "≤", 0, ""),
                 ("full disk: seconds from free space to the next 200", full["recovery"], "≤", 5, "s")]
        body += "\n\n" + full["text"]
    else:
        body += "\n\nNo full disk: a small file system cannot be mounted here. `SqliteJournalTest` proves the same road " \
                "with writes that fail for another reason."
    report.section("meter-crash", "Killed, and without room on the disk", {
        "run": f"`bench/run meter-crash`: {CALLED} connections, each calls authrep with +1 for an application of "
               "its own; SIGKILL after a random time; after every restart each counter is compared: acknowledged ≤ counter "
               "≤ acknowledged + in flight, then taken as the new truth"},
        body + "\n\n" + report.bars(bars), figures)


def amounts(findings):
    """What a verification found, as (lost, too many)."""
    below = above = 0
    for finding in findings:
        by = finding.rpartition(" is wrong by ")[2]
        if not by.lstrip("-").isdigit():
            raise SystemExit(f"the counters could not be compared: {finding}")
        below, above = below - min(0, int(by)), above + max(0, int(by))
    return below, above


def full_disk(chosen):
    """A small file system is filled under load and emptied again; none where one cannot be mounted."""
    mount = machine.WORK / "small-disk"
    mount.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", mount], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        return None
    try:
        return fill_disk(mount, 3 if chosen.quick else 10)
    finally:
        subprocess.run(["umount", "-l", mount], check=False)


def fill_disk(mount, seconds):
    account = machine.WORK / "full-disk.account"
    account.unlink(missing_ok=True)
    meter = Meter("meter-full-disk", CROWD.copy_to(mount / "data"), core="0,1", options="-Xmx128m")
    meter.start()
    end = machine.WORK / "full-disk.end"
    end.unlink(missing_ok=True)
    load = Load(meter, CROWD, "authrep", 600, core="0,1", connections=CALLED, called=CALLED, order="own", account=account,
                unavailable=1_000_000_000, until=end)
    time.sleep(seconds)
    ballast = mount / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=64k"], stderr=subprocess.DEVNULL, check=False)
    path = f"service_token={TOKEN}&service_id=p0000&user_key=user-key-of-{CALLED:07d}"
    refused, authorized, failed = None, 0, 0
    deadline = time.monotonic() + 60
    while refused is None and time.monotonic() < deadline:
        status, body = meter.get(f"/transactions/authrep.xml?{path}&usage%5Blist%5D=1")
        refused = body if status == 503 else None
        time.sleep(0.05)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ok = meter.get(f"/transactions/authorize.xml?{path}")[0] == 200
        authorized, failed = authorized + ok, failed + (not ok)
        time.sleep(0.02)
    ballast.unlink()
    freed = time.monotonic()
    while meter.metrics()["tollkeeper_store_writable"] != 1 and time.monotonic() < freed + 60:
        time.sleep(0.02)
    recovery = time.monotonic() - freed
    time.sleep(seconds)
    end.touch()
    result = load.result(tolerant=True)
    checked = verify(meter, CROWD, account, called=CALLED)
    meter.stop()
    meter.start()
    again = verify(meter, CROWD, account, called=CALLED)
    meter.stop()
    below, above = amounts(checked["findings"] + again["findings"])
    statuses = result["statuses"]
    text = (f"A full disk (tmpfs of 160 MiB, filled by another file for {seconds} s): {statuses.get('200', 0):,} calls "
            f"acknowledged, {statuses.get('503', 0):,} answered 503 (`{(refused or 'none').strip()}`), authorize answered "
            f"200 {authorized} times meanwhile; {recovery:.1f} s after the file was gone calls were counted again. All "
            f"{CALLED} counters agree, before and after a restart: {below} lost, {above} too many.")
    return {"text": text, "lost": below, "too_many": above, "authorize_failed": failed + (refused is None),
            "recovery": recovery}


# ---- meter-store -----------------------------------------------------------------------------------------------------

def store(chosen):
    machine.need("taskset")
    kind = need_disk()
    times = 2 if chosen.quick else 5
    load_seconds = 10 if chosen.quick else 32
    data = MILLION.copy_to(machine.WORK / "meter-store" / "data")
    meter = Meter("meter-store", data, core="0,1", options="")
    account = machine.WORK / "meter-store.account"
    account.unlink(missing_ok=True)
    meter.start()
    cleanly, killed, rows = [], [], []
    for number in range(times):
        Load(meter, MILLION, "authrep", 10, core="0,1", connections=CONNECTIONS, account=account).result()
        stopped = meter.end()
        cleanly.append(meter.start())
        load = Load(meter, MILLION, "authrep", load_seconds + 60, core="0,1", connections=CONNECTIONS, account=account)
        # At different moments between two snapshots.
        time.sleep(load_seconds + number * 3)
        metrics = meter.metrics()
        meter.kill()
        load.result(tolerant=True)
        waiting = sum(file.stat().st_size for file in pathlib.Path(data).glob("*-wal")) / 2**20
        killed.append(meter.start())
        rows.append([str(number + 1), f"{stopped:.2f}", f"{cleanly[-1]:.2f}", f"{metrics['tollkeeper_applications_dirty']:,.0f}",
                     f"{waiting:.0f}", replayed(meter), f"{killed[-1]:.2f}"])
        say(f"  {number + 1} of {times}: ready {cleanly[-1]:.2f} s after a clean stop, {killed[-1]:.2f} s after a kill")
    checked = verify(meter, MILLION, account)
    size = sum(file.stat().st_size for file in pathlib.Path(data).iterdir() if file.is_file()) / 2**20
    meter.stop()
    clean, kill = statistics.median(cleanly), statistics.median(killed)
    body = "\n\n".join([
        report.table(["", "clean stop s", "ready s", "changed at the kill", "logs MiB", "replayed", "ready s after kill"], rows),
        report.bars([("ready after a clean stop", clean, "≤", 3, "s"), ("ready after SIGKILL at full load", kill, "≤", 8, "s"),
                     ("counters that do not agree", checked["wrong"] + len(checked["findings"]), "≤", 0, "")]),
        f"1 000 000 counters compared with {checked['acknowledged']:,} acknowledged counts after {times} kills: "
        f"{wrong_text(checked)}."])
    report.section("meter-store", "Starting on a large store", {
        "run": f"`bench/run meter-store`: from exec of the launcher to the first 200 of /status, medians of {times}; load: "
               f"authrep by chance over all applications, {CONNECTIONS} connections; files are in the page cache",
        "store": f"{MILLION.applications:,} applications, {MILLION.applications * 14:,} counters, {size:.0f} MiB on {kind}",
    }, body, [report.figure("meter.store.ready_after_clean_stop", clean, "s"),
              report.figure("meter.store.ready_after_kill", kill, "s")])


def replayed(meter):
    """What the last start says it replayed."""
    for text in reversed(meter.log.read_text(errors="replace").splitlines()):
        if "replayed" in text:
            return text.partition("replayed ")[2]
    return ""
