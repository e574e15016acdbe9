"""The recipe for a warm standby, with real agents: a replica that lacks too much does not lead, one of higher priority takes over when it has
caught up, and no write is lost when the lead is handed over."""

import json
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import threading
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
sys.path.insert(0, str(EXAMPLES))
import journal  # noqa: E402 pylint: disable=wrong-import-position

PRIORITY = {"n1": 300, "n2": 200, "n3": 100}


def recipe_command():
    """`bellwether run ...` as the recipe has it."""
    text = (ROOT / "docs" / "recipes" / "standby.md").read_text(encoding="utf-8")
    return re.search(r"^    (bellwether run --scope db:\S+ .*)$", text, re.MULTILINE).group(1)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [it.getsockname()[1] for it in sockets]
    for it in sockets:
        it.close()
    return ports


class Machine:
    """What each machine of the recipe runs beside its agent."""

    def __init__(self, cluster, agent, ports, at):
        self.cluster, self.agent, self.port = cluster, agent, ports[at]
        self.peers = [f"127.0.0.1:{port}" for port in ports if port != self.port]
        self.addr = ("127.0.0.1", self.port)

    def spawn(self, *words, **more):
        bin_directory = os.path.join(self.cluster.directory, "bin")
        os.makedirs(bin_directory, exist_ok=True)
        if not os.path.exists(os.path.join(bin_directory, "bellwether")):
            os.symlink(BELLWETHER, os.path.join(bin_directory, "bellwether"))
        environment = clean_environment(BELLWETHER_CONTROL=self.agent.control, PYTHONDONTWRITEBYTECODE="1",
                                        PATH=bin_directory + os.pathsep + os.environ["PATH"], **more)
        process = subprocess.Popen([str(word) for word in words], env=environment, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        tap.cleanup(process.wait)
        tap.cleanup(process.terminate)
        return process

    def start(self, **more):
        self.spawn(EXAMPLES / "journal.py", "serve", self.cluster.path(self.agent.name + ".journal"), self.port, *self.peers, **more)
        self.health = self.spawn(EXAMPLES / "standby-health", "db", self.port, STANDBY_TTL="2.5", STANDBY_PAUSE="0.1")
        command = recipe_command()
        for old, new in (("PRIORITY", str(PRIORITY[self.agent.name])), ("preempt=10000", "preempt=500"), ("7950", str(self.port)),
                         ("/usr/local/bin/journal.py", str(EXAMPLES / "journal.py"))):
            tap.check(old in command, f"{old} in the recipe")
            command = command.replace(old, new)
        self.spawn(*shlex.split(command))
        return self

    def is_primary(self):
        try:
            return bool(journal.ask(self.addr, op="look")["token"])
        except (OSError, TypeError):
            return False

    def entries(self):
        result = subprocess.run([EXAMPLES / "journal.py", "read", f"127.0.0.1:{self.port}"], capture_output=True, text=True,
                                timeout=LIMIT, check=True)
        return result.stdout.split()


class Writer(threading.Thread):
    """Writes numbered entries to whichever is the primary, and remembers those that were acknowledged."""

    def __init__(self, machines):
        super().__init__(daemon=True)
        self.machines, self.written, self.stopped = machines, [], False
        tap.cleanup(self.stop)
        self.start()

    def run(self):
        number = 0
        while not self.stopped:
            for machine in self.machines:
                try:
                    if journal.ask(machine.addr, op="write", text=f"w{number}")["written"]:
                        self.written.append(f"w{number}")
                except (OSError, TypeError):
                    pass
                number += 1
            time.sleep(0.03)  # a follower takes six in not much more: it catches up, however slow the machine is

    def stop(self):
        self.stopped = True
        self.join(LIMIT)


@tap.test(timeout=90)
def a_replica_leads_when_it_has_caught_up_and_no_write_is_lost():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agents = cluster.start(3, "--observer")
    first, second, third = [Machine(cluster, agent, ports, at) for ports in [free_ports(3)] for at, agent in enumerate(agents)]
    second.start()
    third.start()
    tap.wait_until(second.is_primary, LIMIT, "the better one of two empty ones is the primary")
    for number in range(200):
        tap.check(journal.ask(second.addr, op="write", text=f"early{number}")["written"], "written")
    writer = Writer([second, third, first])
    first.start(JOURNAL_BATCH="6")  # so it takes some time to catch up

    def candidate():
        scope = agents[1].ask("leader", "db")["scopes"][0]
        return scope["leader"], {it["name"]: it["ready"] for it in scope["candidates"]}.get("n1")

    def writes_go_on():
        count = len(writer.written)
        tap.wait_until(lambda: len(writer.written) > count, LIMIT, "writes go on")

    tap.equal(tap.wait_until(lambda: candidate()[1] is not None and candidate(), LIMIT, "n1 stands"), ("n2", False),
              "with an empty journal it is not ready")
    tap.wait_until(first.is_primary, LIMIT, "it has caught up, and takes over")
    writes_go_on()
    tap.wait_until(lambda: journal.ask(third.addr, op="behind")["behind"] < 10, LIMIT, "n3 follows it")
    tap.equal(agents[0].run("stepdown", "db", "--for", "60").returncode, 0, "stepdown")
    tap.wait_until(second.is_primary, LIMIT, "the next one takes over")
    tap.check(not first.is_primary(), "and the first one takes nothing more")
    writes_go_on()
    second.health.terminate()
    tap.wait_until(third.is_primary, LIMIT, "its readiness lapses without a health check")
    writes_go_on()
    writer.stop()
    wanted = [f"early{number}" for number in range(200)] + writer.written
    kept = third.entries()
    tap.equal([text for text in wanted if text not in set(kept)], [], "acknowledged writes that are lost")
    tap.check(kept == wanted, "each once, in order, and nothing else")
    for machine in (first, second):
        tap.wait_until(lambda it=machine: it.entries() == wanted, LIMIT, f"{machine.agent.name} has them, too")
    reigns = {token for token, _ in map(json.loads, pathlib.Path(cluster.path("n3.journal"), "journal").read_text().splitlines())}
    tap.check(len(reigns) >= 4, f"written by four primaries: {reigns}")


if __name__ == "__main__":
    tap.main()
