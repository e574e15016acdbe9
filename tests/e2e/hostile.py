"""An enemy on the path of a running cluster: it replays, redirects, reflects, cuts, changes and floods. Nothing that members believe
changes, nobody gets more bytes than he sent, memory stays within a bound; what it costs is told."""

import os
import random
import time

import tap
from cluster import LIMIT, Cluster
from hostile_peer import PORT, Enemy
from namespaces import Network, command, why_not

try:
    import decoder
except ModuleNotFoundError as missing:
    if missing.name != "nacl":
        raise
    decoder = None

COUNT = 3
GROWTH_MAX = 4 << 20  # bytes of an agent's memory, whatever comes
# What a loaded machine may bring about by itself is no one's doing; all else is.
QUIET = {"stranger", "member-suspect", "member-alive", "converged", "diverged", "bound-passed", "unstable", "stable"}


class Scene:
    """A cluster, its enemy, who has seen all from the start, and what each agent has said so far."""

    def __init__(self):
        reason = why_not()
        if reason:
            tap.skip(reason)
        if decoder is None:
            tap.skip("needs PyNaCl (Debian: python3-nacl)")
        self.network = Network(COUNT + 1)
        tap.cleanup(self.network.close)
        self.cluster = Cluster(profile="lan")
        tap.cleanup(self.cluster.close)
        self.enemy = Enemy(self.network, COUNT + 1)
        tap.cleanup(self.enemy.close)
        for number in range(1, COUNT + 1):
            self.cluster.add(f"n{number}", "--bind", f"{self.network.address(number)}:{PORT}", "--join",
                             f"{self.network.address(1)}:{PORT}", prefix=self.network.inside(number)).start()
        for agent in self.cluster.living():
            agent.wait_ready()
        self.cluster.wait_view(COUNT)
        self.cluster.wait_leader()
        self.random = random.Random(1)
        tap.wait_until(self.seen_enough, LIMIT, "traffic to see")
        self.key = decoder.Key(open(self.cluster.key, encoding="ascii").read().strip())

    def seen_enough(self):
        self.enemy.look()
        return all(len(self.captured(number)) >= 20 for number in range(1, COUNT + 1))

    def agent(self, number):
        return self.cluster.agents[f"n{number}"]

    def addr(self, number):
        return self.network.address(number), PORT

    def captured(self, number):
        """What was sent to that member."""
        return [c for c in self.enemy.captures if c.target == self.addr(number)]

    def state(self, number):
        agent = self.agent(number)
        members = sorted((m["name"], m["id"], m["addr"], str(m.get("tags"))) for m in agent.ask("members")["members"])
        return members, agent.ask("info")["leaders"], [e.object for e in agent.events() if e.object["type"] not in QUIET]

    def states(self):
        return {agent.name: self.state(int(agent.name[1:])) for agent in self.cluster.living()}

    def dropped(self, number):
        return self.agent(number).ask("info")["dropped"]

    def barrier(self, number):
        """Until the member has taken all that was sent to it: two bytes more than nothing come last."""
        before = self.dropped(number).get("drop-short", 0)
        end = time.monotonic() + LIMIT
        while self.dropped(number).get("drop-short", 0) == before:
            tap.check(time.monotonic() < end, "the agent does not come to what was sent")
            self.enemy.send(self.addr(number), b"!?")
            time.sleep(0.01)

    def attack(self, number, kind, datagrams, source=None):
        """Sends them; returns (sent, answered bytes, drops by cause). No more comes back than was sent, in each way of counting."""
        self.enemy.look()
        before = self.dropped(number)
        source = source or self.enemy.address
        for i, data in enumerate(datagrams):
            self.enemy.send(self.addr(number), data, source)
            if i % 64 == 63:  # not faster than it is read: here each one is to arrive
                self.barrier(number)
        self.barrier(number)
        answers = [c for c in self.enemy.look() if c.source == self.addr(number) and c.target == source]
        after = self.dropped(number)
        drops = {cause: count - before.get(cause, 0) for cause, count in after.items()
                 if count != before.get(cause, 0) and cause != "drop-short"}
        sent, got = sum(map(len, datagrams)), sum(len(c.data) for c in answers)
        tap.note(f"{kind}: {len(datagrams)} datagrams, {sent} bytes; answered: {len(answers)}, {got} bytes; {drops}")
        tap.check(len(answers) <= len(datagrams) and got <= sent, f"{kind}: {got} bytes came back for {sent}")
        return answers, drops


def memory(agent):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def cpu(agent):
    with open(f"/proc/{agent.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def flips(data):
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def is_bound(capture):
    return capture.data[1] == 1


@tap.test(timeout=120)
def an_outsider_changes_nothing_and_gets_no_more_than_it_sends():
    scene = Scene()
    states = scene.states()
    to_us, to_others = scene.captured(2), scene.captured(1) + scene.captured(3)
    ours = [c.data for c in scene.captured(1) + scene.captured(3) if c.source == scene.addr(2)]
    bound, unbound = next(c for c in to_us if is_bound(c)), next(c for c in to_others if not is_bound(c))
    noise = [scene.random.randbytes(size) for size in range(68, 1400, 7)]
    stranger = decoder.Key("/" * 43 + "=")
    cases = {
        "junk": noise,
        "junk behind a true head": [bound.data[:28] + junk for junk in noise],
        "another key": [decoder.seal(stranger, "e2e", bytes([9] * 16), 9, n, bytes(100)) for n in range(1, 100)],
        "another label": [decoder.seal(scene.key, "prod", bytes([9] * 16), 9, n, bytes(100)) for n in range(1, 100)],
        "replayed": [c.data for c in to_us],
        "replayed in another order": scene.random.sample([c.data for c in to_us], len(to_us)),
        "sent back to its sender": ours,
        "each bit of a bound one": list(flips(bound.data)),
        "each bit of one that is not bound": list(flips(unbound.data)),
        "cut short": [bound.data[:size] for size in range(2, len(bound.data))],
    }
    for kind, datagrams in cases.items():
        answers, drops = scene.attack(2, kind, datagrams)
        tap.equal(len(answers), 0, f"{kind}: nothing is answered")
        tap.equal(sum(drops.values()), sum(len(d) >= 68 for d in datagrams), f"{kind}: each is counted by its cause")
    answers, drops = scene.attack(2, "for other members", [c.data for c in to_others if c.source != scene.addr(2)])
    tap.check(sum(drops.values()) + len(answers) == len([c for c in to_others if c.source != scene.addr(2)]), "counted")
    tap.equal(scene.states(), states, "what members believe")


@tap.test(timeout=120)
def what_was_captured_is_worth_nothing_in_another_life():
    scene = Scene()
    old = {number: [c.data for c in scene.captured(number)] for number in (1, 2, 3)}
    victim = scene.agent(2)
    scene.agent(2).kill()
    for number in (1, 3):
        scene.agent(number).wait_event("member-dead", name="n2")
        scene.attack(number, "of a member that is dead", old[number])
        tap.equal(scene.agent(number).status_of("n2"), "dead", "it stays dead")
    scene.cluster.wait_reign(agents=[scene.agent(1), scene.agent(3)])
    victim.start().wait_ready()
    scene.cluster.wait_view(COUNT)
    scene.cluster.wait_leader()
    tap.wait_until(lambda: len({agent.ask("members")["digest"] for agent in scene.cluster.living()}) == 1, LIMIT, "one view")
    states = scene.states()
    for number in (1, 2, 3):
        scene.attack(number, f"of former lives, to n{number}", old[number])
        scene.attack(number, f"of former lives, to n{number}, from where they came",
                     [c.data for c in scene.enemy.captures if c.data in old[number]][:300], source=scene.addr(1 + number % 3))
    tap.equal(scene.states(), states, "what members believe")


@tap.test(timeout=120)
def a_flood_costs_no_memory_and_hides_no_death():
    scene = Scene()
    watched = [scene.agent(1), scene.agent(3)]
    old = [c.data for c in scene.captured(1)] + [c.data for c in scene.captured(3)]
    before = {agent.name: (memory(agent), cpu(agent)) for agent in watched}
    sent = 0
    at = scene.agent(2).kill()
    dead = {}
    while len(dead) < len(watched) or sent < 20000:
        tap.check(time.monotonic() < at + LIMIT, f"known dead by {list(dead)}")
        for number in (1, 3):
            for _ in range(50):
                data = scene.random.choice(old) if sent % 2 else scene.random.randbytes(scene.random.randrange(68, 1232))
                scene.enemy.send(scene.addr(number), data)
                sent += 1
        for agent in watched:
            for line in agent.events("member-dead"):
                dead[agent.name] = line.at - at
    scene.barrier(1)
    scene.barrier(3)
    for agent in watched:
        grown, spent = memory(agent) - before[agent.name][0], cpu(agent) - before[agent.name][1]
        tap.note(f"{agent.name}: {sent // 2} datagrams, {grown // 1024} KiB more, {spent:.2f} s of CPU, death known after "
                 f"{dead[agent.name]:.1f} s")
        tap.check("sanitize" in os.environ.get("MODE_CFLAGS", "") or grown < GROWTH_MAX, f"{grown} bytes more")
        tap.equal([line.object["name"] for line in agent.events("member-dead")], ["n2"], "nobody else")


class BadMember:
    """Holds the key, and knows a member's session from what it sees: it seals what it likes, in whatever name."""

    def __init__(self, scene, number):
        self.scene, self.target, self.counter = scene, scene.addr(number), 0
        self.ident, self.session = bytes([0xBA] * 16), 0xBAD
        self.recipient = bytes.fromhex(scene.agent(number).id)
        theirs = next(c.data for c in scene.enemy.captures if c.source == scene.addr(number))
        self.recipient_session = int.from_bytes(theirs[4:12], "big")

    def seal(self, *frames, bound=True, ident=None, session=None):
        self.counter += 1
        data = b"".join(decoder.encode("gossip", kind, values) for kind, values in frames)
        to = (self.recipient, self.recipient_session) if bound else (decoder.NONE, 0)
        return decoder.seal(self.scene.key, "e2e", ident or self.ident, session or self.session, self.counter, data, *to)

    def ping(self, **more):
        return self.seal(("ping", {"seq": self.counter, "still": 0, "digest": self.counter}), **more)


@tap.test(timeout=120)
def whoever_has_the_key_and_is_unknown_gets_no_more_than_it_sends():
    scene = Scene()
    states = scene.states()
    bad = BadMember(scene, 1)
    many = [bad.ping(bound=False, ident=os.urandom(16), session=number + 1) for number in range(2000)]
    answers, drops = scene.attack(1, "pings that open sessions", many)
    tap.check(0 < len(answers) < len(many) / 4, f"answers are rationed: {len(answers)}")
    tap.equal(drops.get("drop-rate"), len(many) - len(answers), "the others are counted")
    own = bytes([6] * 16)
    word = ("suspect", {"id": bytes.fromhex(scene.agent(2).id), "incarnation": 2**62, "accusers": own})
    answers, drops = scene.attack(1, "accusations that are not believed", [bad.seal(word, bound=False)])
    tap.equal((len(answers), drops), (0, {"drop-unproven": 1}), "neither answered nor believed")
    tap.equal(scene.states(), states, "what members believe")


@tap.test(timeout=120)
def a_bad_member_fills_no_memory():
    scene = Scene()
    states = scene.states()
    bad = BadMember(scene, 1)
    agent = scene.agent(1)
    scene.enemy.send(scene.addr(1), bad.ping())
    scene.barrier(1)
    tap.check(any(c.target == scene.enemy.address for c in scene.enemy.look()), "it is believed")
    before = memory(agent)
    kinds = [
        lambda n: ("record", {"kind": 99, "urgent": 1, "key": b"k%d" % n, "rank": bytes(32), "body": bytes(256)}),
        lambda n: ("message", {"channel": 200, "data": bytes(1000)}),
        lambda n: ("ping_req", {"seq": n, "target": os.urandom(16)}),
        lambda n: ("reply", {"number": n, "ack": 0, "payload": bytes(900)}),
        lambda n: ("have", {"mutual": 1, "digests": os.urandom(1024)}),
        lambda n: ("suspect", {"id": os.urandom(16), "incarnation": n, "accusers": os.urandom(16)}),
        lambda n: ("survey", {"survey": n}),
    ]
    for n in range(2100):
        scene.enemy.send(scene.addr(1), bad.seal(kinds[n % len(kinds)](n)))
        if n % 64 == 0:
            scene.barrier(1)
    scene.barrier(1)
    grown = memory(agent) - before
    tap.note(f"2100 words of a bad member: {grown // 1024} KiB more; {scene.dropped(1)}")
    tap.check("sanitize" in os.environ.get("MODE_CFLAGS", "") or grown < GROWTH_MAX, f"{grown} bytes more")
    tap.equal(scene.states(), states, "what members believe")


@tap.test(timeout=120)
def who_passes_packets_on_from_another_address_turns_no_answers_there():
    """Its packets to n2 do not arrive by themselves: the enemy brings them, first copies all, from an address of its choice."""
    scene = Scene()
    states = scene.states()
    rules = (f"add table inet held; add chain inet held in {{ type filter hook input priority 0; }}; "
             f"add rule inet held in ip saddr {scene.network.address(1)} drop")
    command(*scene.network.inside(2), "nft", rules)
    scene.enemy.look()
    sent = got = passed = 0
    end = time.monotonic() + 2 * LIMIT  # an idle member sends about two a second, to all others together
    while passed < 24:
        tap.check(time.monotonic() < end, "too little is sent")
        for capture in scene.enemy.look():
            if (capture.source, capture.target) == (scene.addr(1), scene.addr(2)):
                scene.enemy.send(scene.addr(2), capture.data)
                sent, passed = sent + len(capture.data), passed + 1
            elif capture.target == scene.enemy.address:
                got += len(capture.data)
        time.sleep(0.002)
    tap.note(f"{passed} packets, {sent} bytes passed on; {got} bytes went to the false address")
    tap.equal(got, 0, "answers go to the member's own address")
    tap.equal(scene.states(), states, "what members believe")


if __name__ == "__main__":
    tap.main(parallel=3)
