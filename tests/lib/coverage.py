"""make coverage: runs the C tests that it is given and prints which part of each layer they reach.

    coverage.py PROGRAM...      (in a tree configured with --enable-coverage)

Fails if a test fails, a pure layer reaches less than LEAST, or a branch of WHOLE is not taken. Every line counts. Of the branches,
those of BW_ASSERT do not: a test that takes one ends there."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

# percent of the lines, of the branches
LEAST = {"base": (95, 95), "crypto": (95, 90), "gossip": (95, 90), "election": (95, 90)}
LAYERS = [*LEAST, "node"]
CODEC = ["base/wire.c", "base/wire_print.c", "gossip/frames.c", "election/message.c"]
PRECEDENCE = ["gossip/claim.c", "election/rank.c", "election/record.c"]
WHOLE = {"codec": CODEC, "precedence": PRECEDENCE}


def fail(text):
    sys.exit(f"coverage: {text}")


def run_one(program, build):
    done = subprocess.run([build / program], cwd=build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return program, done


def run(programs, build):
    """Counters of earlier runs do not count; of programs side by side, gcov's runtime adds them up under a lock."""
    for old in build.rglob("*.gcda"):
        old.unlink()
    failed = []
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for program, done in threads.map(lambda program: run_one(program, build), programs):
            if done.returncode != 0:
                sys.stdout.write(done.stdout.decode(errors="replace"))
                failed.append(program)
    if failed:
        fail(f"no figures, failed: {' '.join(failed)}")


def measure(source, build):
    filters = [word for layer in LAYERS for word in ("--filter", f"{source}/{layer}/")]
    command = ["gcovr", "--root", source, "--object-directory", build, *filters,
               "--exclude-branches-by-pattern", r".*\bBW_ASSERT\(.*", "--json-summary", "-", build]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        fail("gcovr failed")
    files = json.loads(done.stdout)["files"]
    for file in files:  # in a tree that is reached through a link gcovr leaves the path as it is
        file["filename"] = os.path.relpath(os.path.realpath(source / file["filename"]), source)
    return files


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def row(name, files):
    """Prints it, and returns the percentages of lines and branches."""
    lines, lines_hit, branches, branches_hit = (sum(file[key] for file in files) for key in (
        "line_total", "line_covered", "branch_total", "branch_covered"))
    shares = percent(lines_hit, lines), percent(branches_hit, branches)
    print(f"{name:<28} {lines_hit:>6}/{lines:<6} {shares[0]:5.1f} %   {branches_hit:>6}/{branches:<6} {shares[1]:5.1f} %")
    return shares


def report(files):
    """What reaches less than it must."""
    short = []
    print(f"{'':<28} {'lines':>13} {'':7}   {'branches':>13}")
    for layer in LAYERS:
        inside = [file for file in files if file["filename"].startswith(layer + "/")]
        shares = row(layer, inside)
        for share, least, what in zip(shares, LEAST.get(layer, ()), ("lines", "branches")):
            if share < least or not inside:
                short.append(f"{layer}: {share:.1f} % of its {what}, at least {least} %")
    for name, parts in WHOLE.items():
        inside = [file for file in files if file["filename"] in parts]
        row(name, inside)
        found = {file["filename"] for file in inside if file["branch_covered"] == file["branch_total"]}
        short += [f"{name}: not every branch of {part}" for part in parts if part not in found]
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
        fail("; ".join(short))


main()
