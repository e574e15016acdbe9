"""A rolling upgrade: agents of the last release and of this tree in one cluster, each stopped and started with the other program on its own
state directory, one at a time.

The last release is the program that BW_OLD_BELLWETHER names; else, with BW_OLD_BUILD=1 (as in check-full) in a git checkout, the newest tag v*, built
in a temporary directory. Without either these tests are skipped; a rolling restart, which is the same with one program, is not.
What the two say to each other is also held against tests/vectors/protocol-*, by tests/unit/frozen_test and decoder_test.
"""

import atexit
import concurrent.futures
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import tap
from cluster import BELLWETHER, LIMIT, Cluster, run

SOURCE = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
QUORUM = "default:mode=quorum,voters=n1+n2+n3"
BUILD_S = 600


# -- the last release --


def newest_tag():
    done = subprocess.run(["git", "-C", SOURCE, "tag", "--list", "v[0-9]*", "--sort=-version:refname"], capture_output=True, text=True, check=False)
    return done.stdout.split("\n", 1)[0] if done.returncode == 0 else ""


@functools.cache
def built(tag):
    """That version's program, in a folder of its own."""
    folder = tempfile.mkdtemp(prefix="bw-upgrade-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    steps = f"git -C '{SOURCE}' archive {tag} | tar -x && autoreconf -fi && ./configure -q --disable-shared && make -s tools/bellwether"
    done = subprocess.run(["sh", "-ec", steps], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    tap.equal(done.returncode, 0, f"{tag} builds: {done.stdout[-2000:]}")
    return os.path.join(folder, "tools", "bellwether")


def old_program():
    named = os.environ.get("BW_OLD_BELLWETHER")
    if named:
        tap.check(os.access(named, os.X_OK), f"BW_OLD_BELLWETHER is a program: {named}")
        return os.path.abspath(named)
    tag = newest_tag()
    if not tag:
        tap.skip("no release to upgrade from: the history has no tag v*; BW_OLD_BELLWETHER names another older program")
    if os.environ.get("BW_OLD_BUILD") != "1":
        tap.skip(f"{tag} is built in check-full; BW_OLD_BUILD=1 builds it here, BW_OLD_BELLWETHER names a program")
    return built(tag)


# -- one cluster over many starts --


class Rolling:
    """Three agents, whose programs change one after the other. What is to be true is asked for after each step."""

    def __init__(self, program, *words):
        self.cluster = Cluster(profile="lan")  # nobody's lease runs out because the machine is busy
        tap.cleanup(self.cluster.close)
        self.past = []  # (agent's name, its lines) of lives that are over
        self.steps = 0
        for number in range(1, 4):
            self.cluster.add(f"n{number}", *words).program = program
        self.agents = list(self.cluster.agents.values())
        self.agents[0].start().wait_ready()
        for agent in self.agents[1:]:
            agent.start("--join", self.agents[0].addr).wait_ready()
        self.cluster.wait_view(3)
        self.token, self.leader, _ = self.cluster.wait_reign()
        self.ids = {agent.name: agent.id for agent in self.agents}
        self.talks()

    def others(self, agent):
        return [other for other in self.agents if other is not agent]

    def change(self, agent, program):
        """Stops one agent orderly and starts it with a program, on its state; the lead moves only if it was that one's."""
        led = self.leader == agent.name
        agent.signal(signal.SIGTERM)
        tap.equal(agent.wait_exit(), 0, f"exit code of {agent.name}")
        for other in self.others(agent):
            other.wait_event("member-left", name=agent.name)
        if led:
            self.handed_over(agent, agents=self.others(agent))
        self.past.append((agent.name, agent.log()))
        agent.program = program
        agent.start("--join", self.others(agent)[0].addr).wait_ready()
        tap.equal(agent.id, self.ids[agent.name], f"{agent.name} is who it was")
        self.cluster.wait_view(3)
        tap.equal(self.cluster.wait_reign()[:2], (self.token, self.leader), f"the reign, after {agent.name} is back")
        self.talks()

    def handed_over(self, agent, agents):
        """The lead is with another one, by the former leader's own word."""
        token, leader, _ = self.cluster.wait_reign(above=self.token, agents=agents)
        tap.check(leader != agent.name, f"another one than {agent.name} leads")
        for other in self.others(agent):
            other.wait_event("leader-lost", token=self.token)
        reason = agent.wait_event("self-deposed", token=self.token).object["reason"]
        tap.equal(reason, "resigned", f"why {agent.name} leads no more")
        self.token, self.leader = token, leader

    def transfer(self, to):
        former = self.cluster.agents[self.leader]
        done = former.run("transfer", "default", "--to", to.name, "--timeout", "10")
        tap.equal(done.returncode, 0, f"transfer to {to.name}: {done.stderr}")
        self.handed_over(former, agents=self.agents)
        tap.equal(self.leader, to.name, "who leads")

    def talks(self):
        """Events of each reach all, and each is answered by all whom it asks."""
        self.steps += 1
        with concurrent.futures.ThreadPoolExecutor(len(self.agents)) as all_at_once:
            for _ in all_at_once.map(self.says, self.agents):
                pass

    def says(self, agent):
        name = f"step{self.steps}-{agent.name}"
        tap.equal(agent.run("event", name, "payload").returncode, 0, f"event at {agent.name}")
        for other in self.agents:
            other.wait_event("user-event", name=name, payload="payload")
        # A query is not repeated; programs before 0.1.0 now and then let one go by a third member.
        for attempt in range(1 if all(other.program == BELLWETHER for other in self.agents) else 4):
            if self.asks(agent, f"{name}-{attempt}"):
                return
            tap.note(f"{name}-{attempt} has not reached all")
        raise AssertionError(f"{name}: no query has reached all")

    def asks(self, agent, name):
        """Whether all have heard a query; then all have acknowledged and answered it."""
        with concurrent.futures.ThreadPoolExecutor(1) as asking:
            asked = asking.submit(agent.run, "query", name, "--ack", "--timeout", "5", "--json")
            for other in self.agents:
                try:
                    number = other.wait_event("query", name=name, timeout=5).object["query"]
                except AssertionError:
                    return False
                tap.equal(other.run("respond", number, other.name).returncode, 0, f"{other.name} responds to {name}")
            answers = asked.result().stdout
        for kind in ("query-ack", "query-response"):
            tap.equal(answers.count(f'"{kind}"'), 3, f"{kind} of {name}: {answers}")
        return True

    def lives(self):
        return [*self.past, *((agent.name, agent.log()) for agent in self.agents)]

    def nobody_was_accused(self):
        found = [(name, line.text) for name, lines in self.lives() for line in lines
                 if line.object and line.object.get("type") in ("member-dead", "member-incompatible", "split-brain-healed")]
        tap.equal(found, [], "members held for dead, kept out, or two leaders")

    def tokens_rose(self):
        """Nobody has led but who was elected in turn, and each token is above the one before."""
        elected = sorted((line.at, line.object["token"]) for _, lines in self.lives() for line in lines
                         if line.object and line.object.get("type") == "self-elected")
        tokens = [token for _, token in elected]
        tap.equal(tokens, sorted(set(tokens)), "tokens in the order of time")
        tap.equal(tokens[-1], self.token, "the last one")
        return tokens


def roll(old, new, *words):
    for what, program in (("from", old), ("to", new)):
        tap.note(f"{what}: {run('version', program=program).stdout.splitlines()[0]}")
    rolling = Rolling(old, *words)
    agents, hand_overs = rolling.cluster.agents, 0
    for _ in range(3):  # the leader each time: the most hand-overs that there can be
        before = [agent for agent in rolling.agents if agent.program == old or old == new]
        leader = agents[rolling.leader]
        agent = leader if leader in before else before[0]
        hand_overs += agent is leader
        rolling.change(agent, new)
        if old == new:
            break
    back = agents[rolling.leader]
    rolling.change(back, old)  # and one goes back
    rolling.transfer(back)
    rolling.change(back, new)
    hand_overs += 3
    rolling.nobody_was_accused()
    tokens = rolling.tokens_rose()
    tap.equal(len(tokens), 1 + hand_overs, f"reigns: the first, and one for each time that a leader went: {tokens}")
    return rolling


def restart_all(rolling, program):
    """All stop, so that only what their states say is left."""
    token = rolling.token
    for agent in rolling.agents:
        agent.signal(signal.SIGTERM)
    for agent in rolling.agents:
        tap.equal(agent.wait_exit(), 0, f"exit code of {agent.name}")
    for agent in rolling.agents:
        agent.program = program
        agent.start(*(["--join", rolling.agents[0].addr] if agent is not rolling.agents[0] else [])).wait_ready()
        tap.equal(agent.id, rolling.ids[agent.name], f"{agent.name} is who it was")
    rolling.cluster.wait_view(3)
    tap.check(rolling.cluster.wait_reign(above=token, timeout=LIMIT)[0] > token, "the terms were kept")


@tap.test(timeout=180)
def a_rolling_restart_moves_the_lead_by_hand_overs_alone():
    restart_all(roll(BELLWETHER, BELLWETHER), BELLWETHER)


@tap.test(timeout=BUILD_S + 240)
def agents_of_the_last_release_are_upgraded_one_by_one_and_one_goes_back():
    old = old_program()
    rolling = roll(old, BELLWETHER)
    restart_all(rolling, BELLWETHER)
    restart_all(rolling, old)  # a state that this program wrote last
    restart_all(rolling, BELLWETHER)


@tap.test(timeout=BUILD_S + 240)
def voters_of_the_last_release_are_upgraded_one_by_one_and_one_goes_back():
    old = old_program()
    rolling = roll(old, BELLWETHER, "--scope", QUORUM)
    restart_all(rolling, BELLWETHER)


if __name__ == "__main__":
    tap.main()
