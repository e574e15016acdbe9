"""make coverage: runs the C tests that it is given and prints which part of each layer they reach.

    coverage.py PROGRAM...      (in a tree configured with --enable-coverage)

Fails if a test fails or a pure layer is under LEAST percent of its lines. Every line counts. Of the branches, those of BW_ASSERT
do not: a test that takes one ends there."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

PURE = ["base", "crypto", "gossip", "election"]
LAYERS = [*PURE, "node"]
LEAST = 90.0


def fail(text):
    sys.exit(f"coverage: {text}")


def run(programs, build):
    """Counters of earlier runs do not count."""
    for old in build.rglob("*.gcda"):
        old.unlink()
    for program in programs:
        done = subprocess.run([build / program], cwd=build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            sys.stdout.write(done.stdout.decode(errors="replace"))
            fail(f"{program} failed: no figures")


def measure(source, build):
    filters = [word for layer in LAYERS for word in ("--filter", f"{source}/{layer}/")]
    command = ["gcovr", "--root", source, "--object-directory", build, *filters,
               "--exclude-branches-by-pattern", r".*\bBW_ASSERT\(.*", "--json-summary", "-", build]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        fail("gcovr failed")
    return json.loads(done.stdout)["files"]


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def row(name, files):
    lines, lines_hit, branches, branches_hit = (sum(file[key] for file in files) for key in (
        "line_total", "line_covered", "branch_total", "branch_covered"))
    share = percent(lines_hit, lines)
    print(f"{name:<28} {lines_hit:>6}/{lines:<6} {share:5.1f} %   {branches_hit:>6}/{branches:<6} "
          f"{percent(branches_hit, branches):5.1f} %")
    return share


def report(files):
    """The layers under LEAST."""
    short = []
    print(f"{'':<28} {'lines':>13} {'':7}   {'branches':>13}")
    for layer in LAYERS:
        inside = [file for file in files if file["filename"].startswith(layer + "/")]
        share = row(layer, inside)
        if layer in PURE and (share < LEAST or not inside):
            short.append(layer)
    print()
    for file in sorted(files, key=lambda f: f["line_percent"])[:12]:
        row("  " + file["filename"], [file])
    return short


def main():
    source = pathlib.Path(os.environ["BW_SOURCE_DIR"]).resolve()
    build = pathlib.Path(os.environ["BW_BUILD_DIR"]).resolve()
    if shutil.which("gcovr") is None:
        fail("needs the Debian package gcovr")
    if not any(build.glob("base/**/*.gcno")):
        fail("needs a tree configured with --enable-coverage")
    run(sys.argv[1:], build)
    short = report(measure(source, build))
    if short:
        fail(f"under {LEAST:.0f} % of the lines: {', '.join(short)}")


main()
