"""What a datagram, a member, a simulated second cost: `make bench`. A table, and JSON with --json FILE (docs/MEASURED.md has its fields).

It runs datagram, junk, row and speed of this directory and puts together what they say. Times are ratios within one run; nothing is asserted.

With BENCH_RIVALS=PROGRAM in the environment, where `serf` is installed, that program measures Serf's and our agents side by side. It is
called, once for each of the two, as

    PROGRAM --netns NAME --encrypt --out FILE --adapter serf|bellwether [--opt bin=PATH --opt observer=1] life -n N --steady S --kills K --leaves L

and appends one JSON object to FILE, of which the fields in RIVALS are shown and all are kept.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("BW_BUILD_DIR") or pathlib.Path(__file__).resolve().parents[2])
SOURCE = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BELLWETHER = os.environ.get("BELLWETHER") or str(BUILD / "tools" / "bellwether")
FORMAT = 1
GOALS = {"ratio": 1.3, "allocations": 0, "junk": 0.8, "row": 128, "x": {5: 1000, 100: None, 1000: 100}}
RIVALS = (("join_s", "all know all after, s"), ("kill_all.med", "a killed process known everywhere after, s"),
          ("leave_all.med", "an orderly leave, s"), ("steady.rss_kb.med", "resident memory, kB"),
          ("steady.cpu_pct.med", "CPU, % of a core"), ("steady.udp_per_agent_s", "datagrams a second"),
          ("steady.udp_payload_Bps", "UDP payload, bytes a second"))


def lines_of(program, *words):
    """The JSON lines that a program of this directory prints; ends this one if that fails."""
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # as in make bench-scale
    done = subprocess.run([BUILD / "tests" / "bench" / program, *map(str, words)], stdout=subprocess.PIPE, text=True,
                          env=environment, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {program} {' '.join(map(str, words))} ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def said_by(*words):
    """The first line that a command prints, None if there is no such command or it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else None


def cpu_model():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or None
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.machine()


def about():
    return {"format": FORMAT,
            "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "version": said_by(BELLWETHER, "version"),
            "git": said_by("git", "-C", str(SOURCE), "describe", "--always", "--dirty"),
            "cpu": cpu_model(), "cores": os.cpu_count(), "load": os.getloadavg()[0], "kernel": platform.release(),
            "compiler": said_by(*shlex.split(os.environ.get("CC") or "cc"), "--version"),
            "cflags": os.environ.get("BENCH_CFLAGS")}


def simulator(runs):
    rows = []
    for members, seconds in runs:
        begin, idle = lines_of("speed", members, seconds, "idle")
        rows.append({**idle, "bytes_per_known_member": begin["bytes_per_known_member"]})
    return rows


# -- the others --


def harness_words(program, netns, out, adapter, options):
    words = [program] if os.access(program, os.X_OK) else [sys.executable, program]
    words += ["--netns", netns, "--encrypt", "--out", out, "--adapter", adapter]
    if adapter == "bellwether":
        words += ["--opt", f"bin={os.path.abspath(BELLWETHER)}", "--opt", "observer=1"]
    return [*words, "life", "-n", str(options.members), "--steady", str(options.steady), "--kills", str(options.kills),
            "--leaves", str(options.leaves)]


def why_no_rivals():
    program = os.environ.get("BENCH_RIVALS")
    if not program:
        return "BENCH_RIVALS names no program that measures agents side by side"
    if not os.path.isfile(program):
        return "what BENCH_RIVALS names is no file"
    if shutil.which("serf") is None:
        return "serf is not installed"
    return None if os.geteuid() == 0 else "needs root, for a network namespace"


def rivals(options):
    reason = why_no_rivals()
    if reason:
        return {"left_out": reason, "rows": []}
    netns, rows = f"bw-bench-{os.getpid()}", []
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as folder:
        out = os.path.join(folder, "out.jsonl")
        try:
            for adapter in ("serf", "bellwether"):
                done = subprocess.run(harness_words(os.environ["BENCH_RIVALS"], netns, out, adapter, options), cwd=folder,
                                      stdout=subprocess.DEVNULL, check=False)
                if done.returncode != 0:
                    return {"left_out": f"the program that BENCH_RIVALS names ended with {done.returncode} for {adapter}",
                            "rows": rows}
                text = pathlib.Path(out).read_text(encoding="utf-8")
                rows = [json.loads(line) for line in text.splitlines()]
        finally:
            subprocess.run(["ip", "netns", "delete", netns], stderr=subprocess.DEVNULL, check=False)
    return {"left_out": None, "rows": rows}


# -- the table --


def table(title, head, rows):
    cells = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    print(f"\n{title}\n")
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))))


def within(value, goal):
    return "" if goal is None else "met" if value <= goal else "missed"


def at(row, path):
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return "-" if row is None else row


def show(result):
    print(f"{result['version']}, {result['git'] or 'no git'}; {result['cpu']}, {result['cores']} cores, load {result['load']:.1f}; "
          f"{result['compiler']}; {result['cflags']}")
    table(f"A datagram, ns, beside the AEAD alone (goal: ratio {GOALS['ratio']}, {GOALS['allocations']} allocations)",
          ["mode, what", "bytes", "encode, seal", "AEAD", "ratio", "", "open, decode, apply", "AEAD", "ratio", "", "nonce's hash",
           "allocations"],
          [[f"{row['mode']}, {row['kind']}", row["bytes"], row["seal_ns"], row["aead_seal_ns"], row["seal_ratio"],
            within(row["seal_ratio"], GOALS["ratio"]), row["open_ns"], row["aead_open_ns"], row["open_ratio"],
            within(row["open_ratio"], GOALS["ratio"]), row["nonce_hash_ns"], row["allocations_per_datagram"]]
           for row in result["datagram"]])
    table(f"Junk that is refused, ns of CPU a datagram, beside recvmmsg and a failing AEAD alone (goal: {GOALS['junk']} x as many a second)",
          ["mode, what", "bytes", "bare", "node", "x", "", "of a core at 100,000 a second"],
          [[f"{row['mode']}, {row['kind']}", row["bytes"], row["bare_ns"], row["node_ns"], row["ratio"],
            within(-row["ratio"], -GOALS["junk"]), row["core_at_100000"]] for row in result["junk"]])
    table(f"A known member, bytes (goal for the row: {GOALS['row']})",
          ["mode, members", "row", "", "record", "of that strings", "if spoken with", "if suspected"],
          [[f"{row['mode']}, {row['members']}", row["row"], within(row["row"], GOALS["row"]), row["record"], row["of_that_strings"],
            row["peer"], row["suspicion"]] for row in result["row"]])
    goals = GOALS["x"]
    table("The simulator, idle", ["members", "x real time", "goal", "us a datagram"],
          [[row["members"], row["x"], goals.get(row["members"]) or "", row["us_per_datagram"]] for row in result["simulator"]])
    others = result["rivals"]
    if others["rows"]:
        table(f"Agents side by side, {others['rows'][0].get('n')} members, sealed; ours as observers",
              ["", *(row.get("adapter", "?") for row in others["rows"])],
              [[title, *(at(row, path) for row in others["rows"])] for path, title in RIVALS])
    if others["left_out"]:
        print(f"\nNot beside others: {others['left_out']}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="docs/MEASURED.md says what the fields mean")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="few repeats: that it works, not what it says")
    parser.add_argument("--members", type=int, default=20, help="beside others: how many agents")
    parser.add_argument("--steady", type=int, default=60, help="beside others: seconds for idle cost")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--leaves", type=int, default=3)
    options = parser.parse_args()
    sizes = (10,) if options.quick else (10, 1000)
    result = {**about(),
              "datagram": lines_of("datagram", 64 if options.quick else 20000),
              "junk": lines_of("junk", 64 if options.quick else 100000),
              "row": lines_of("row", *sizes) + lines_of("row", "identity", *sizes),
              "simulator": simulator([(5, 10)] if options.quick else [(5, 600), (100, 600), (1000, 60)])}
    result["rivals"] = {"left_out": "--quick", "rows": []} if options.quick else rivals(options)
    show(result)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
