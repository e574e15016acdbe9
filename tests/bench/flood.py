"""Whether junk keeps a member from noticing who died: `python3 tests/bench/flood.py`. A line of JSON for each part.

Five agents on loopback, LAN profile without damping, no scope. Another agent's process is killed, or stopped, again and again, without
junk and while so much of it comes to the first agent (--rate). It has the cluster's key hint, so that each datagram costs a failing AEAD.
Told is how long until the flooded one and until the last of the others hold it for dead, and how often one that was well was suspected,
by one that was. Junk comes in bursts of a millisecond's worth.
"""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from cluster import Cluster  # noqa: E402

BURST_S = 0.001
MEMBERS = 5
VICTIM = f"n{MEMBERS}"


class Flood:
    """A thread that sends junk to one address until it is told to end."""

    def __init__(self, key_path, addr, rate, size=100):
        key = base64.b64decode(pathlib.Path(key_path).read_text(encoding="ascii").split()[0])
        hint = hashlib.blake2b(key=key, salt=(3).to_bytes(8, "little") + bytes(8), person=b"bw-seal1" + bytes(8), digest_size=16).digest()[:2]
        self.junk = [b"\x01\x00" + hint + os.urandom(size - 4) for _ in range(1000)]
        host, port = addr.rsplit(":", 1)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.rate, self.sent, self.ends = rate, 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:  # this thread alone: it has to keep its rate on a busy machine
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        except OSError:
            pass
        begin, send, junk = time.monotonic(), self.socket.send, self.junk
        while not self.ends:
            due = int((time.monotonic() - begin) * self.rate) - self.sent
            for i in range(due):
                send(junk[i % len(junk)])
            self.sent += due
            time.sleep(BURST_S)

    def end(self):
        self.ends = True
        self.thread.join()
        self.socket.close()


def cpu_s(agent):
    fields = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fault(cluster, kind):
    """One failure: seconds until the flooded one, and until the last of the others, holds it for dead."""
    victim = cluster.agents[VICTIM]
    rest = cluster.followers(victim)
    time.sleep(random.uniform(1, 3))
    at = victim.kill() if kind == "killed" else victim.signal(signal.SIGSTOP)
    known = [agent.wait_event("member-dead", since=at, name=VICTIM).at - at for agent in rest]
    if kind == "killed":
        victim.start("--join", rest[0].addr).wait_ready()
    else:
        victim.signal(signal.SIGCONT)
    for agent in rest:
        agent.wait_event("member-alive", since=at, name=VICTIM)
    cluster.wait_view(MEMBERS)
    return known[0], max(known[1:])


def part(cluster, kind, faults, rate):
    flooded, flood = cluster.agents["n1"], None
    begin, begin_cpu_s = time.monotonic(), cpu_s(flooded)
    heard = sum(flooded.ask("info")["dropped"].values())
    if rate > 0:
        flood = Flood(cluster.key, flooded.addr, rate)
    times = [fault(cluster, kind) for _ in range(faults)]
    seconds = time.monotonic() - begin
    if flood:
        flood.end()
    heard = sum(flooded.ask("info")["dropped"].values()) - heard
    accused = [line for agent in cluster.followers(cluster.agents[VICTIM]) for line in agent.events("member-suspect", "member-dead")
               if line.at > begin and line.object["name"] != VICTIM]
    row = {"fault": kind, "faults": faults, "junk_sent_s": round(flood.sent / seconds) if flood else 0,
           "junk_dropped_s": round(heard / seconds), "cpu_of_a_core": round((cpu_s(flooded) - begin_cpu_s) / seconds, 4)}
    for who, values in zip(("flooded", "others"), zip(*times)):
        row[f"{who}_median_s"], row[f"{who}_worst_s"] = round(statistics.median(values), 2), round(max(values), 2)
    print(json.dumps({**row, "healthy_accused": len(accused)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=110000, help="datagrams a second")
    parser.add_argument("--faults", type=int, default=20, help="for each part")
    options = parser.parse_args()
    with Cluster("lan") as cluster:
        cluster.start(MEMBERS, "--observer", "--set", "damping=1")
        for kind in ("killed", "stopped"):
            for rate in (0, options.rate):
                part(cluster, kind, options.faults, rate)


if __name__ == "__main__":
    main()
