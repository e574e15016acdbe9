"""How long a cluster is without a leader that all know: `make bench-failover`. A table, and JSON with --json FILE.

    crash     SIGKILL to the leader's process, until the last survivor says leader-elected
    stop      SIGTERM to it
    pause     SIGSTOP to it; when it goes on, it must not have led beside its successor
    cut       its host is cut off, packets dropped, nobody told (needs root: network namespaces);
              here both logs are stamped by one clock: overlap = how long the new reign began before the old one ended

--rivals N does the same with keepalived (which holds an address) and `etcdctl lock`, N times each, where they are installed.

All agents run on this machine; stamps are this process's monotonic clock when a log line arrives, so they include what
logging costs. Between two failures the cluster is left alone until all agree again and the one that returned may lead.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from cluster import BELLWETHER, Cluster  # noqa: E402
from failover_rivals import rivals  # noqa: E402
from namespaces import Network, why_not  # noqa: E402

TARGETS = {"crash": (0.3, 1.0), "stop": (0.05, None), "pause": (2.0, 2.5), "cut": (2.0, 2.5)}  # median, worst
REST = (2.5, 3.5)  # seconds between failures, at random: longer than a returned member listens before it may stand


def be_punctual():
    """Log lines are to be stamped at once, however busy the agents are; the agents themselves run as usual."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        pass


def settle(cluster, count):
    """Until all see all, with one view and one reign; then a while at random, so that failures meet every phase."""
    end = time.monotonic() + 60
    while True:
        reign = cluster.wait_reign(timeout=60)
        answers = [agent.ask("members") for agent in cluster.living()]
        alive = [sum(member["status"] == "alive" for member in answer["members"]) for answer in answers]
        if alive == [count] * count and len({answer["digest"] for answer in answers}) == 1:
            break
        if time.monotonic() > end:
            raise SystemExit(f"no agreement within 60 s: {alive}\n{cluster.tail()}")
        time.sleep(0.1)
    time.sleep(random.uniform(*REST))
    return cluster.agents[cluster.wait_reign()[1]], reign[0]


def overlap_of(leader, token, successor, new_token):
    """How long the successor's reign had begun before the old one ended; negative: the pause between them."""
    ended = leader.wait_event("self-deposed", token=token)
    return ended.at - successor.wait_event("self-elected", token=new_token).at


def fail(cluster, kind, network, numbers, count):
    """One failure: (seconds until all others know the next leader, overlap or None)."""
    leader, token = settle(cluster, count)
    rest = cluster.followers(leader)
    overlap = None
    if kind == "crash":
        at = leader.kill()
    elif kind == "cut":
        at = time.monotonic()
        network.cut(numbers[leader.name])
        at = (at + time.monotonic()) / 2
    else:
        at = leader.signal({"stop": signal.SIGTERM, "pause": signal.SIGSTOP}[kind])
    new_token, name, known = cluster.wait_reign(above=token, agents=rest)
    if kind == "cut":
        overlap = overlap_of(leader, token, cluster.agents[name], new_token)
        network.heal(numbers[leader.name])
    elif kind == "pause":
        woken = leader.signal(signal.SIGCONT)
        first = leader.wait_event("self-deposed", "self-elected", since=woken)
        overlap = 0.0 if first.object["type"] == "self-deposed" else float("inf")
    else:
        leader.wait_exit()
        leader.start("--join", rest[0].addr).wait_ready()
    return known - at, overlap


def measure(kind, repeats, count, profile):
    network = Network(count) if kind == "cut" else None
    numbers = {f"n{number}": number for number in range(1, count + 1)}
    try:
        with Cluster(profile=profile) as cluster:
            if network:
                for name, number in numbers.items():
                    cluster.add(name, "--bind", network.address(number), "--join", network.address(1),
                                prefix=network.inside(number)).start()
                cluster.wait_view(count)
            else:
                cluster.start(count)
            samples = []
            for number in range(repeats):
                samples.append(fail(cluster, kind, network, numbers, count))
                if sys.stderr.isatty():
                    print(f"\r{kind} {number + 1}/{repeats}: {samples[-1][0]:.3f} s ", end="", file=sys.stderr)
            if sys.stderr.isatty():
                print("\r\033[K", end="", file=sys.stderr)
            return samples
    finally:
        if network:
            network.close()


def summary(samples):
    times = sorted(sample[0] for sample in samples)
    overlaps = [sample[1] for sample in samples if sample[1] is not None]
    return {
        "repeats": len(times),
        "median_s": round(statistics.median(times), 4),
        "p99_s": round(times[min(len(times) - 1, int(0.99 * len(times)))], 4),
        "worst_s": round(times[-1], 4),
        "overlap_s": round(max(overlaps), 4) if overlaps else None,
        "samples_s": [round(value, 4) for value in times],
    }


def print_row(kind, row):
    median, worst = TARGETS[kind]
    cells = [f"{row[key] * 1000:.0f}" for key in ("median_s", "p99_s", "worst_s")]
    target = f"{median * 1000:.0f}" + (f" / {worst * 1000:.0f}" if worst else "")
    overlap = "" if row["overlap_s"] is None else "none" if row["overlap_s"] <= 0 else f"{row['overlap_s'] * 1000:.1f}"
    print(f"{kind:<8}{row['repeats']:>8}{cells[0]:>10}{cells[1]:>8}{cells[2]:>8}   {target:>12}   {overlap:>8}", flush=True)


def measure_rivals(repeats):
    """Rows of whoever is installed."""
    rows = {}
    for what, run, reason in rivals() if repeats > 0 else ():
        if reason:
            print(f"{what}: skipped: {reason}")
            continue
        rows[what] = summary([(sample, None) for sample in run(repeats)])
        cells = "".join(f"{rows[what][key] * 1000:>8.0f}" for key in ("median_s", "p99_s", "worst_s"))
        print(f"{what:<36}{rows[what]['repeats']:>4}{cells}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description="Measures failover with real agents.")
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--profile", default="lan")
    parser.add_argument("--crash", type=int, default=50, metavar="N", help="so many kills; likewise the following")
    parser.add_argument("--stop", type=int, default=20, metavar="N")
    parser.add_argument("--pause", type=int, default=10, metavar="N")
    parser.add_argument("--cut", type=int, default=10, metavar="N")
    parser.add_argument("--rivals", type=int, default=0, metavar="N")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    version = subprocess.run([BELLWETHER, "version"], capture_output=True, text=True, check=True).stdout.strip()
    be_punctual()
    print(f"{version}: {options.nodes} agents, profile {options.profile}; milliseconds until all others know the next leader\n")
    print(f"{'':<8}{'repeats':>8}{'median':>10}{'p99':>8}{'worst':>8}   {'target':>12}   {'overlap':>8}")
    rows = {}
    for kind in TARGETS:
        repeats = getattr(options, kind)
        reason = why_not() if kind == "cut" else None
        if reason:
            print(f"{kind:<8}skipped: {reason}")
        elif repeats > 0:
            rows[kind] = summary(measure(kind, repeats, options.nodes, options.profile))
            print_row(kind, rows[kind])
    rows.update(measure_rivals(options.rivals))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"version": version, "nodes": options.nodes, "profile": options.profile, "rows": rows}, file, indent=1)
    return 1 if any((row["overlap_s"] or 0) > 0 for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
