"""What a thousand spread scopes on ten members cost, with real agents on this machine: python3 tests/bench/scopes.py."""

import collections
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from cluster import Cluster  # noqa: E402 pylint: disable=wrong-import-position

AGENTS, SCOPES, IDLE_S = 10, 1000, 20.0


def cpu_s(agent):
    fields = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text(encoding="ascii").split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def resident_kb(agent):
    lines = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def leaders(agent):
    return {scope["scope"]: scope["leader"] for scope in agent.ask("leader")["scopes"]}


def seconds_until(condition):
    begin = time.monotonic()
    while not condition():
        if time.monotonic() > begin + 60:
            sys.exit("not within a minute")
        time.sleep(0.05)
    return time.monotonic() - begin


def spread(agent):
    counts = collections.Counter(leaders(agent).values())
    return " ".join(f"{name}:{count}" for name, count in counts.most_common())


def measure(cluster):
    scopes = ("--scope", f"orders/0..{SCOPES - 1}:spread")
    begin = time.monotonic()
    first = cluster.add("n1", *scopes).start().wait_ready()
    agents = [first, *(cluster.add(f"n{i}", *scopes, "--join", first.addr).start() for i in range(2, AGENTS + 1))]
    for agent in agents:
        agent.wait_ready()
    witness = agents[-1]
    seconds_until(lambda: sum(leader is not None for leader in leaders(witness).values()) == SCOPES)
    print(f"all led {time.monotonic() - begin:.1f} s after the first start: {spread(witness)}")
    time.sleep(3 * IDLE_S)  # who came late gets its share
    before = [(cpu_s(agent), agent.ask("info")["sent"]) for agent in agents]
    time.sleep(IDLE_S)
    after = [(cpu_s(agent), agent.ask("info")["sent"]) for agent in agents]
    cpu = [100 * (b[0] - a[0]) / IDLE_S for a, b in zip(before, after)]
    sent = sum(b[1] - a[1] for a, b in zip(before, after)) / IDLE_S
    print(f"idle: {max(cpu):.2f} % of a core at most, {sum(cpu) / AGENTS:.2f} on average; {sent:.0f} datagrams a second in all")
    print("resident:", " ".join(str(resident_kb(agent)) for agent in agents), "kB")
    victim, held = agents[3], leaders(witness)
    used = {agent.name: cpu_s(agent) for agent in agents}
    victim.kill()
    took = seconds_until(lambda: victim.name not in leaders(witness).values() and None not in leaders(witness).values())
    now = leaders(witness)
    moved = sum(held[scope] not in (victim.name, now[scope]) for scope in now)
    used = [cpu_s(agent) - used[agent.name] for agent in agents if agent is not victim]
    print(f"one killed: all led again after {took:.2f} s, {moved} of others' scopes moved, {max(used[:-1]):.2f} s of CPU each at most")
    victim.start().wait_ready()
    time.sleep(40)
    print(f"40 s after its return: {spread(witness)}")


if __name__ == "__main__":
    CLUSTER = Cluster(profile="lan")
    try:
        measure(CLUSTER)
    finally:
        CLUSTER.close()
