"""`make bench` measures: that its programs run, that each field of bench.json that docs/MEASURED.md names is there, and what of them
does not depend on the machine. No times."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import tap

SOURCE = pathlib.Path(os.environ["BW_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["BW_BUILD_DIR"])


def measured(**environment):
    """(bench.json, the table) of one run with few repeats."""
    names = ("BENCH_RIVALS",)
    clean = {name: value for name, value in os.environ.items() if name not in names}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "bench.json")
        done = subprocess.run([sys.executable, SOURCE / "tests/bench/bench.py", "--quick", "--json", path], capture_output=True,
                              text=True, env={**clean, **environment}, check=False)
        tap.equal(done.returncode, 0, done.stderr)
        return json.loads(path.read_text(encoding="utf-8")), done.stdout


def documented(part):
    """The fields of a part of bench.json, by the document's table."""
    text = (SOURCE / "docs/MEASURED.md").read_text(encoding="utf-8")
    section = text.split("### bench.json", 1)[1]
    row = re.search(rf"^\| {re.escape(part)} \| (.*?) \|", section, re.MULTILINE)
    tap.check(row, f"the document has a row for {part}")
    return set(re.findall(r"`(\w+)`", row[1]))


@tap.test(timeout=60)
def each_documented_field_is_there_and_no_other():
    result, shown = measured()
    parts = {"datagram", "junk", "row", "simulator", "rivals"}
    tap.equal(set(result) - parts, documented("the whole"), "fields of the whole")
    for part in ("datagram", "junk", "row", "simulator"):
        for row in result[part]:
            tap.equal(set(row), documented(f"`{part}`"), f"fields of {part}")
    tap.equal(set(result["rivals"]), documented("`rivals`"), "fields of rivals")
    tap.equal([(row["mode"], row["kind"]) for row in result["datagram"]],
              [(mode, kind) for mode in ("key", "identity") for kind in ("steady", "message-26", "message-1024")], "kinds")
    tap.equal([(row["mode"], row["kind"]) for row in result["junk"]],
              [(mode, kind) for mode in ("key", "identity") for kind in ("no-key", "stranger", "stranger-large", "forged")], "junk")
    for title in ("A datagram, ns", "Junk that is refused, ns of CPU", "A known member, bytes", "The simulator, idle", "Not beside others: --quick."):
        tap.check(title in shown, f"{title!r} in the table")


@tap.test(timeout=60)
def what_does_not_depend_on_the_machine_is_as_it_should_be():
    result, _ = measured()
    for row in result["datagram"]:
        tap.equal((row["datagrams"], row["allocations_per_datagram"]), (64, 0), f"{row['mode']}, {row['kind']}")
        tap.check(row["seal_ns"] > 0 and row["open_ns"] > 0 and row["aead_seal_ns"] > 0, f"times: {row}")
    for row in result["junk"]:
        tap.check(row["datagrams"] == 64 and row["bare_ns"] > 0 and row["node_ns"] > 0, f"junk: {row}")
    sizes = {row["kind"]: row["bytes"] for row in result["datagram"] if row["mode"] == "key"}
    tap.equal((sizes["message-26"], sizes["message-1024"]), (100, 1098), "overhead 68, 3 + 3 of the frame")
    rows = {row["mode"]: row for row in result["row"]}
    tap.check(rows["identity"]["record"] > rows["key"]["record"] + 100, "a signed record has a certificate and a signature")
    tap.check(rows["key"]["row"] <= 128, f"row: {rows['key']}")


@tap.test
def mistakes_are_named():
    for words, part in ((["datagram", "0"], "1 to 10000000"), (["datagram", "many"], "1 to 10000000"),
                        (["junk", "0"], "1 to 10000000"), (["row", "1"], "'1'")):
        done = subprocess.run([BUILD / "tests/bench" / words[0], *words[1:]], capture_output=True, text=True, check=False)
        tap.equal(done.returncode, 2, f"{words}")
        tap.check(part in done.stderr, f"{part!r} in {done.stderr!r}")


if __name__ == "__main__":
    tap.main()
