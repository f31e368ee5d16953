"""Data folders with many applications, filled once through the store's own classes and copied for every run."""

import dataclasses
import hashlib
import json
import shutil
import subprocess

from . import machine, ours
from .rounds import say

TOKEN = "bench-service-token"
FOLDER = machine.WORK / "towns"
# Not the schema: a folder of an older one is migrated when it is opened, as a user's is.
SOURCES = ["bench/src/main/java/io/tollkeeper/bench/meter/Town.java",
           "bench/src/main/java/io/tollkeeper/bench/meter/FillStore.java"]


@dataclasses.dataclass(frozen=True)
class Town:
    """So many applications, dealt out to so many products."""

    products: int
    applications: int

    def filled(self):
        """The folder that holds it; filled if it is not there."""
        folder = FOLDER / f"{self.products}-{self.applications}-{digest()}"
        if not folder.exists():
            for old in FOLDER.glob(f"{self.products}-{self.applications}-*"):
                shutil.rmtree(old)
            say(f"  filling a store with {self.applications:,} applications of {self.products:,} products")
            partial = FOLDER / "filling"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            say("  " + java("io.tollkeeper.bench.meter.FillStore", partial, self.products, self.applications).strip())
            partial.rename(folder)
        return folder

    def copy_to(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.filled(), folder)
        return folder


def digest():
    """Changes when a filled folder would look different."""
    sum_ = hashlib.sha256()
    for source in SOURCES:
        sum_.update((machine.ROOT / source).read_bytes())
    return sum_.hexdigest()[:12]


def java_command(main, *arguments, heap="512m"):
    return [machine.java(), "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", f"-Xmx{heap}", "-cp",
            ours.class_path(), main, *[str(argument) for argument in arguments]]


def java(main, *arguments):
    """Runs a program of this module to its end."""
    done = subprocess.run(java_command(main, *arguments, heap="1g"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{main} failed:\n{done.stdout}")
    return done.stdout


class Load:
    """A load against a meter, on the core that is not under test; it may be waited for."""

    def __init__(self, program, town, call, seconds, core=machine.LOAD_CORE, **more):
        options = {"port": program.port, "call": call, "seconds": seconds, "products": town.products,
                   "applications": town.applications, **more}
        self.program = program
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), *java_command(
                "io.tollkeeper.bench.meter.Load", *[f"{name}={value}" for name, value in options.items()])],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self, tolerant=False):
        """What it counted; ends the run if an answer was not as it should be, unless `tolerant`."""
        out, _ = self.process.communicate()
        for line in out.splitlines():
            if line.startswith("LOAD "):
                counted = json.loads(line[5:])
                break
        else:
            raise SystemExit(f"the load did not finish against {self.program.name}:\n{out}\n{self.program.tail()}")
        if not tolerant and (counted["findings"] or counted["calls"] == 0):
            raise SystemExit(f"{self.program.name}: {counted}\n{self.program.tail()}")
        return counted
