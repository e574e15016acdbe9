"""The models of the election's rules, checked by spin (docs/MODEL.md): small instances and their mutants, each in seconds.

    models.py            TAP, as a part of make check
    models.py --large    what `make model` runs: larger instances, bounded; prints a table
"""

import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import tap

MODEL = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2], "model")
MEMORY_MB = 6000
COMMON = ["-DNOREDUCE", f"-DMEMLIM={MEMORY_MB}"]
_built = {}


class Instance:
    """A model with its bounds: `defines` are spin's, `extra` the compiler's. cycles: looks for what goes on for ever."""

    def __init__(self, model, defines="", extra="", options="-m1000000 -w20", cycles=False):
        self.model, self.defines, self.extra = model, defines.split(), extra.split() + ["-DSAFETY"] * (not cycles)
        self.options = options.split() + ["-a", "-A"] * cycles

    def build(self):
        key = (self.model, *self.defines, *self.extra)
        if key not in _built:
            directory = tempfile.mkdtemp(prefix="bw-model-", dir=scratch())
            command = ["spin", "-a", *self.defines, str(MODEL / self.model)]
            subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
            compiler = (os.environ.get("CC") or "gcc").split()
            subprocess.run([*compiler, "-O1", "-w", *COMMON, *self.extra, "-o", "pan", "pan.c"], cwd=directory, check=True)
            _built[key] = directory
        return _built[key]

    def run(self, mutant=0, seconds=120):
        """What the verifier found: (the violated assertion or None, states, memory in MB, whether it came to the end)."""
        directory = self.build()
        environment = dict(os.environ, MUTANT=str(mutant))
        command = ["timeout", "-s", "INT", str(seconds), "./pan", "-n", *self.options]
        output = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False).stdout
        states = re.search(r"(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored", output)
        if not states:
            raise AssertionError("the verifier said:\n" + output)
        violated = re.search(r"pan:\d+: (.*?) \(at depth", output)  # or "acceptance cycle"
        memory = re.search(r"([\d.]+)\s+total actual memory usage", output)
        ended = "Search not completed" not in output and "error: max search depth" not in output
        return violated and violated[1], int(float(states[1])), float(memory[1]) if memory else 0.0, ended


def scratch():
    if "scratch" not in _built:
        _built["scratch"] = tempfile.mkdtemp(prefix="bw-models-")
    return _built["scratch"]


def mutants_of(model):
    """The mutants that a model names, by number."""
    text = (MODEL / model).read_text(encoding="utf-8")
    found = re.findall(r"^#define ([A-Z_]+) (\d+)$", text[text.index("/* Each mutant"):text.index("#ifdef MUTANT")], re.M)
    return {name: int(number) for name, number in found}


QUORUM = Instance("quorum.pml")
PROGRESS = Instance("quorum.pml", "-DPROGRESS=1 -DTERMS=3")
VOTERS = Instance("quorum.pml", "-DCHANGES=1 -DCRASHES=0 -DL=1 -DSKEW=0 -DBEGINNERS=3 -DRELEASES=0 -DEVERY_CHANGE=0")
# Two changes in three terms: what is wrong with numbers alone shows only here.
VOTERS_TWICE = Instance("quorum.pml", "-DCHANGES=2 -DTERMS=3 -DCRASHES=0 -DL=1 -DSKEW=0 -DRELEASES=0 -DEVERY_CHANGE=0")

CLAIM_CRASH = Instance("claim.pml", "-DCUTS=0")
CLAIM_CUT = Instance("claim.pml", "-DCRASHES=0")
CLAIM_BOTH = Instance("claim.pml")
CLAIM_SETTLES = Instance("claim.pml", "-DCYCLES=1 -DCUTS=0", cycles=True)
CLAIM_LARGEST = Instance("claim.pml", "-DTERMS=3 -DLATE=1", "-DBITSTATE", "-m1000000 -w31")
CLAIM_THREE_TERMS = Instance("claim.pml", "-DTERMS=3 -DCRASHES=0", "-DT_REVERSE", "-m1000000 -w24")
CLAIM_THREE_CANDIDATES = Instance("claim.pml", "-DCANDIDATES=3 -DCUTS=0", "", "-m1000000 -w24")

# Which instance shows that a mutant is wrong, if not the model's first.
SHOWN_BY = {
    "quorum.pml": {
        "TWO_VOTERS_AT_ONCE": VOTERS,
        "CONFIGURATION_BY_NUMBER": VOTERS_TWICE,
        "CONFIGURATION_NOT_STAMPED": VOTERS_TWICE,
        "PROMISE_FOR_EVER": PROGRESS,
        "STANDS_WITHOUT_PREVOTE": PROGRESS,
    },
    "claim.pml": {
        "EVIDENCE_OFF": CLAIM_CUT,
        "QUARANTINE_FORGOTTEN": CLAIM_CUT,
        "CONFIRMS_BELOW_QUARANTINE": CLAIM_CUT,
        "NO_CLAIM_ABOVE": CLAIM_CUT,
        "ALONE_CLAIMS_AGAIN": CLAIM_CUT,
        "CLAIMS_UNHEARD": CLAIM_CUT,
        "LARGER_NOT_TOLD": CLAIM_BOTH,
        "TIES_TAKEN": CLAIM_SETTLES,
        "ANYBODY_OBJECTS": CLAIM_THREE_CANDIDATES,
        "AT_ONCE_FOR_EVER": CLAIM_THREE_TERMS,
        "HANDED_BY_ANYBODY": CLAIM_LARGEST,
    },
}

LARGE = [
    ("quorum, 2 terms, 1 crash, late messages", Instance("quorum.pml", "-DLATE=1", "-DCOLLAPSE", "-m1000000 -w26")),
    ("quorum, 2 terms, 2 crashes", Instance("quorum.pml", "-DCRASHES=2", "-DCOLLAPSE", "-m1000000 -w26")),
    ("quorum, 3 terms, 1 crash", Instance("quorum.pml", "-DTERMS=3", "-DBITSTATE", "-m1000000 -w31")),
    ("voters, 3 terms, 2 changes", VOTERS_TWICE),
    ("claims, 2 terms, 1 crash, 1 cut", Instance("claim.pml", "", "-DCOLLAPSE", "-m1000000 -w24")),
    ("claims, 2 terms, 2 crashes", Instance("claim.pml", "-DCRASHES=2 -DCUTS=0", "-DCOLLAPSE", "-m1000000 -w24")),
    ("claims, 2 terms, 1 crash, late records", Instance("claim.pml", "-DCUTS=0 -DLATE=1", "-DCOLLAPSE", "-m1000000 -w24")),
    ("claims, 3 terms, 1 crash", Instance("claim.pml", "-DTERMS=3 -DCUTS=0", "-DCOLLAPSE", "-m1000000 -w24")),
    ("claims, 3 terms, 1 cut", CLAIM_THREE_TERMS),
    ("claims of three, 2 terms, 1 crash", CLAIM_THREE_CANDIDATES),
    ("claims of three, 2 terms, 1 cut", Instance("claim.pml", "-DCANDIDATES=3 -DCRASHES=0", "-DCOLLAPSE", "-m1000000 -w25")),
    ("claims, 2 terms, 1 cut: every calm settles", Instance("claim.pml", "-DCYCLES=1 -DCRASHES=0", "", "-m1000000 -w24", cycles=True)),
    ("claims, 3 terms, 1 crash, 1 cut, late records", CLAIM_LARGEST),
    ("voters, 3 terms, 2 changes of any voter, 1 crash", Instance(
        "quorum.pml", "-DCHANGES=2 -DTERMS=3 -DL=1 -DSKEW=0", "-DBITSTATE", "-m1000000 -w31")),
]


def need_spin():
    if not shutil.which("spin"):
        tap.skip("spin is not installed")


def sound(instance):
    need_spin()
    violated, states, memory, ended = instance.run()
    tap.note(f"{states} states, {memory:.0f} MB")
    tap.equal((violated, ended), (None, True), "violated, ended")
    tap.check(states > 10000, f"only {states} states")


def all_caught(model, first, instances):
    """Every mutant that one of the instances is to show is caught."""
    need_spin()
    missed = []
    for name, number in mutants_of(model).items():
        instance = SHOWN_BY[model].get(name, first)
        if instance not in instances:
            continue
        violated, states, _, _ = instance.run(number)
        tap.note(f"{name}: {(violated or 'NOT CAUGHT')[:100]}, {states} states")
        missed += [] if violated else [name]
    tap.equal(missed, [], "not caught")


@tap.test(timeout=300)
def quorum_mode_has_one_lease_and_one_leader_in_a_term():
    sound(QUORUM)


@tap.test(timeout=300)
def quorum_mode_finds_a_leader_in_every_calm():
    sound(PROGRESS)


@tap.test(timeout=300)
def quorum_mode_changes_one_voter_safely():
    sound(VOTERS)


@tap.test(timeout=300)
def every_mutant_of_quorum_mode_is_caught():
    all_caught("quorum.pml", QUORUM, [QUORUM, PROGRESS, VOTERS])


@tap.test(timeout=300)
def claims_survive_a_restart():
    sound(CLAIM_CRASH)


@tap.test(timeout=300)
def claims_survive_a_partition_and_a_deaf_member():
    sound(CLAIM_CUT)


@tap.test(timeout=300)
def claims_settle_in_every_calm():
    sound(CLAIM_SETTLES)


@tap.test(timeout=300)
def every_mutant_of_the_claim_rules_is_caught():
    all_caught("claim.pml", CLAIM_CRASH, [CLAIM_CRASH, CLAIM_CUT, CLAIM_BOTH, CLAIM_SETTLES])


def large():
    failed = 0
    for name, instance in LARGE:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        violated, states, memory, ended = instance.run(seconds=int(os.environ.get("MODEL_SECONDS") or 600))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime - before.ru_utime
        how = violated or ("all" if ended and "-DBITSTATE" not in instance.extra else "as far as it came" if not ended else "bitstate")
        print(f"{name}: {states} states, {memory:.0f} MB, {seconds:.0f} s of CPU: {how}", flush=True)
        failed += bool(violated)
    for model, shown in SHOWN_BY.items():
        for name, instance in shown.items():
            violated, states, _, _ = instance.run(mutants_of(model)[name], seconds=300)
            print(f"mutant {name}: {(violated or 'NOT CAUGHT')[:100]}, {states} states", flush=True)
            failed += not violated
    return failed


if __name__ == "__main__":
    try:
        if "--large" in sys.argv[1:]:
            sys.exit(large() > 0)
        tap.main()
    finally:
        if "scratch" in _built:
            shutil.rmtree(_built["scratch"], ignore_errors=True)
