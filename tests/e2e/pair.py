"""The recipe for a pair with a fencing hook, with real agents: the active machine is paused, and the other one does not act before it has made
sure of it."""

import os
import pathlib
import re
import shlex
import signal

import tap
from cluster import BELLWETHER, LIMIT, Cluster
from work import World

ROOT = pathlib.Path(__file__).resolve().parents[2]
POWER_OFF = r'''#!/bin/sh
echo "$1 $BELLWETHER_PREVIOUS_LEADER $BELLWETHER_PREVIOUS_TOKEN $BELLWETHER_PREVIOUS_REASON" >>"$0.log"
test -e "$0.works" || exit 7
kill -KILL $(cat "$0.$1")
'''


def lines_of_the_recipe():
    """--scope ... of the agents, and of run."""
    text = (ROOT / "docs" / "recipes" / "pair.md").read_text(encoding="utf-8")
    agent = re.search(r"^    bellwether agent --name a (--scope \S+)$", text, re.MULTILINE).group(1)
    witness = re.search(r"^    bellwether agent --name w (--scope .*)$", text, re.MULTILINE).group(1)
    work = re.search(r"^    FENCE_OTHER=b bellwether run --scope store (.*) --fence \S+ -- ", text, re.MULTILINE).group(1)
    return shlex.split(agent), shlex.split(witness), shlex.split(work)


def below(pid):
    """It and all that it has started."""
    found = [pid]
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += below(int(entry.name))
    return found


class Pair:
    def __init__(self):
        agent_words, witness_words, self.run_words = lines_of_the_recipe()
        self.cluster = Cluster()
        tap.cleanup(self.cluster.close)
        first = self.cluster.add("a", *agent_words).start().wait_ready()
        self.cluster.add("b", *agent_words, "--join", first.addr).start()
        self.witness = self.cluster.add("w", *witness_words, "--join", first.addr).start()
        self.cluster.wait_view(3)
        self.world = World(cluster=self.cluster)
        self.world.scope = "store"
        self.power = self.cluster.path("power-off")
        with open(self.power, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o700)) as file:
            file.write(POWER_OFF)
        self.runs = {name: self.start(name, other) for name, other in (("a", "b"), ("b", "a"))}

    def start(self, name, other):
        directory = os.path.join(self.cluster.directory, "bin")
        os.makedirs(directory, exist_ok=True)
        if not os.path.exists(os.path.join(directory, "bellwether")):
            os.symlink(BELLWETHER, os.path.join(directory, "bellwether"))
        return self.world.run(self.cluster.agents[name], *self.run_words, "--fence", str(ROOT / "examples" / "fence-other"),
                              command=self.world.work(name), FENCE_OTHER=other, FENCE_OFF=self.power,
                              PATH=directory + os.pathsep + os.environ["PATH"])

    def fenced(self):
        path = self.power + ".log"
        return [line.split() for line in open(path, encoding="utf-8")] if os.path.exists(path) else []

    def pause(self, name):
        """The whole machine: whoever runs there. Its power can be cut by what is written down here."""
        processes = [self.cluster.agents[name].process.pid, *below(self.runs[name].pid)]
        tap.check(len(processes) >= 4, f"agent, run, its watchdog and the work: {processes}")
        pathlib.Path(self.power + "." + name).write_text(" ".join(map(str, processes)), encoding="ascii")
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)


@tap.test(timeout=60)
def the_new_one_acts_when_it_has_made_sure_of_the_old_one():
    pair = Pair()
    world = pair.world
    first, _ = world.wait_work()
    tap.equal(pair.cluster.agents[first].run("stepdown", "store", "--for", "1").returncode, 0, "stepdown")
    active, token = world.wait_work(first)
    tap.equal(pair.fenced(), [], "nobody is fenced at a start, nor after an orderly end")
    pair.pause(active)
    tap.wait_until(lambda: len(pair.fenced()) >= 2, LIMIT, "the power is to be cut, which fails")
    tap.equal(len(world.heard(first, "begins")), 1, "so the other one does not begin")
    lead = pair.cluster.agents[first].ask("leader", "store")["scopes"][0]
    tap.equal((lead["leader"], lead["token"] > token), (first, True), "though it leads")
    tap.equal({tuple(line[:3]) for line in pair.fenced()}, {(active, active, token)}, "it is told who led before")
    tap.check(not {line[3] for line in pair.fenced()} & {"resigned", "left"}, f"and not in order: {pair.fenced()}")
    before = len(pair.fenced())
    pathlib.Path(pair.power + ".works").touch()
    tap.wait_until(lambda: len(world.heard(first, "begins")) == 2, LIMIT, "the power is cut, and it begins")
    tap.equal(len(pair.fenced()), before + 1, "the first success is enough")
    tap.equal(pair.runs[active].wait(LIMIT), -signal.SIGKILL, "nothing is left of the old one")
    world.check_apart()
    pair.witness.kill()
    ends = tap.wait_until(lambda: world.heard(first, "stops")[1:], LIMIT, "alone, without the witness, it serves no more")
    tap.check(ends, "orderly")


if __name__ == "__main__":
    tap.main()
