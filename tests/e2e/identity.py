"""Identity mode with real agents: certificates made by the command, checked by the agents, renewed while they run."""

import base64
import json
import os

import tap
from cluster import LIMIT, Cluster, run


class Authority:
    """An authority, and members of a cluster that it certifies."""

    def __init__(self):
        self.cluster = Cluster()
        tap.cleanup(self.cluster.close)
        made = run("authority", "init", self.path("ca"))
        tap.equal(made.returncode, 0, made.stderr)
        self.key = made.stdout.strip()
        self.secret = os.path.join(self.path("ca"), "authority.key")

    def path(self, name):
        return self.cluster.path(name)

    def make_key(self, name):
        made = run("keygen", "--identity", self.path(name + ".key"))
        tap.equal(made.returncode, 0, made.stderr)
        with open(self.path(name + ".pub"), "w", encoding="utf-8") as file:
            file.write(made.stdout)

    def sign(self, name, *more, key=None):
        """The certificate, in the place of the one before."""
        signed = run("authority", "sign", name, "--key", self.path((key or name) + ".pub"), "--authority", self.secret, *more)
        tap.equal(signed.returncode, 0, signed.stderr)
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(signed.stdout)
        os.rename(self.path(name + ".new"), self.path(name + ".cert"))

    def words(self, name):
        return ["--identity", self.path(name + ".key"), "--certificate", self.path(name + ".cert"), "--authority", self.key]

    def add(self, name, *scopes):
        self.make_key(name)
        self.sign(name, *scopes)
        return self.cluster.add(name, *self.words(name))


def refused(agent, *needles):
    agent.start()
    tap.equal(agent.wait_exit(), 1, f"{agent.name}: exit code")
    agent.end()
    errors = " ".join(agent.errors())
    for needle in needles:
        tap.check(needle in errors, f"{agent.name}: {needle!r} in {errors!r}")


def doctor_problems(agent):
    result = agent.run("doctor", "--json")
    tap.equal(result.returncode, 1, f"{agent.name}: {result.stdout} {result.stderr}")
    return [(finding["check"], finding["where"]) for finding in json.loads(result.stdout)["findings"]
            if finding["level"] == "problem" and finding["check"] != "stall"]  # that is the machine's


def counted(agent):
    """Datagrams in which something was not taken."""
    return agent.ask("info")["dropped"].get("drop-unsigned", 0)


@tap.test(timeout=60)
def certified_members_elect_a_leader_and_keep_within_their_certificates():
    authority = Authority()
    agents = [authority.add(name, "--scope", "default:max-priority=100") for name in ("a", "b", "c")]
    for agent in agents:
        agent.start(*(["--join", agents[0].addr] if agents[0].addr else [])).wait_ready()
    authority.cluster.wait_view(3)
    leader = authority.cluster.wait_leader()
    shown = json.loads(run("authority", "show", authority.path("a.cert"), "--json").stdout)
    tap.equal(agents[0].id, shown["id"], "the id is the key's")
    tap.equal(shown["scopes"], [{"scope": "default", "max_priority": 100}])
    other = next(agent for agent in agents if agent is not leader)
    more = run("priority", "default", "101", "--control", other.control)
    tap.equal(more.returncode, 5, more.stderr)
    tap.check("does not grant" in more.stderr, more.stderr)
    tap.equal(run("priority", "default", "99", "--control", other.control).returncode, 0)
    authority.sign(other.name, "--scope", "default:max-priority=200")
    authority.cluster.wait(lambda: any("was renewed" in line.text for line in other.log()), LIMIT, "renewal")
    tap.equal(run("priority", "default", "200", "--control", other.control).returncode, 0)
    leader.kill()
    authority.cluster.wait(lambda: other.events("self-elected"), LIMIT, "the renewed one leads")
    bad = authority.path(other.name + ".cert")
    with open(bad, "w", encoding="utf-8") as file:
        file.write("bellwether-certificate AAAA\n")
    authority.cluster.wait(lambda: any("is not taken" in text for text in other.errors()), LIMIT, "a bad one is refused")
    tap.check(other.running())


@tap.test(timeout=60)
def without_a_certificate_nobody_gets_in():
    authority = Authority()
    inside = authority.add("a", "--scope", "default").start().wait_ready()
    plain = authority.cluster.add("plain", "--join", inside.addr).start().wait_ready()
    stranger = Authority()
    stranger.make_key("b")
    stranger.sign("b", "--scope", "default")
    other = authority.cluster.add("b", "--join", inside.addr, *stranger.words("b")).start().wait_ready()

    authority.cluster.wait(lambda: counted(inside) >= 4, LIMIT, "records that are not taken")
    members = json.loads(run("members", "--json", "--control", inside.control).stdout)["members"]
    tap.equal([member["name"] for member in members], ["a"])
    for agent in (plain, other):
        tap.check("a" not in agent.view(), f"{agent.name} sees {agent.view()}")


@tap.test(timeout=60)
def the_revoked_are_shut_out():
    authority = Authority()
    file = authority.path("revoked")
    agents = [authority.add(name, "--scope", "default") for name in ("a", "b", "c")]
    agents[0].words += ["--revoked", file]  # one is enough, and it is not there yet
    for agent in agents:
        agent.start(*(["--join", agents[0].addr] if agents[0].addr else [])).wait_ready()
    authority.cluster.wait_view(3)
    stranger = run("authority", "revoke", authority.path("b.cert"), "--authority", Authority().secret)
    revoked = run("authority", "revoke", authority.path("c.cert"), "--authority", authority.secret)
    tap.equal(revoked.returncode, 0, revoked.stderr)
    serial = json.loads(run("authority", "show", authority.path("c.cert"), "--json").stdout)["serial"]
    tap.equal(run("authority", "revoke", serial, "--authority", authority.secret).stdout, revoked.stdout, "by its serial")
    with open(file, "w", encoding="utf-8") as lines:
        lines.write(stranger.stdout + revoked.stdout)
    for agent in agents[:2]:
        agent.wait_event("member-dead", name="c")
    authority.cluster.wait(lambda: any("line 2: not this authority's" in text for text in agents[0].errors()), LIMIT, "whose")
    tap.check(agents[2].running(), "it goes on sending")

    def own_fault():
        head = run("doctor", "--json", "--control", agents[2].control).stdout
        return [finding for finding in json.loads(head)["findings"] if finding["check"] == "revoked"]

    tap.wait_until(own_fault, LIMIT, "it is told that it is revoked")
    found = [doctor_problems(agent) for agent in agents]
    tap.equal([[check for check, _ in problems] for problems in found[:2]], [["revoked"], ["revoked"]], f"{found}")
    tap.equal(found[2][0], ("revoked", "c"), f"at itself: {found[2]}")
    tap.check("path" not in dict(found[2]) and "firewall" not in dict(found[2]), f"no paths: {found[2]}")
    tap.check("certificate revoked" in agents[0].run("why", "c").stdout, "why")
    tap.equal(agents[0].ask("why", "c")["suspicion"]["evidence"], "certificate", "and on what evidence")
    authority.cluster.wait(lambda: agents[0].ask("info")["converged"] and agents[1].ask("info")["converged"], LIMIT, "a and b agree without it")
    agents[0].kill()
    tap.equal(agents[1].status_of("c"), "dead")
    agents[2].kill()
    before = counted(agents[1])
    agents[2].start("--join", agents[1].addr).wait_ready()  # b remembers
    authority.cluster.wait(lambda: counted(agents[1]) > before, LIMIT, "its record is not taken")
    tap.equal(agents[1].status_of("c"), "dead")
    agents[1].kill()
    agents[1].start().wait_ready()  # it has it from whoever is there, and be it from c
    agents[0].start("--join", agents[1].addr).wait_ready()
    agents[1].wait_event("member-alive", name="a")
    authority.cluster.wait(lambda: agents[1].events("leader-elected"), LIMIT, "a and b go on")
    authority.cluster.wait(lambda: all(agent.ask("info")["converged"] for agent in agents[:2]), LIMIT, "they agree, while c knocks")
    tap.check(agents[1].status_of("c") in (None, "dead") and "c" not in [it.object["name"] for it in agents[1].events("member-alive")], "without c")


@tap.test(timeout=60)
def what_does_not_belong_together_is_said():
    authority = Authority()
    right = authority.add("a", "--scope", "db:max-priority=5")
    refused(right, "does not grant a scope")  # default
    right.words += ["--scope", "db:priority=6"]
    refused(right, "does not grant a scope")
    authority.make_key("b")
    authority.sign("b", key="a")
    refused(authority.cluster.add("b", *authority.words("b"), "--observer"), "for another key")
    refused(authority.cluster.add("c", *authority.words("a"), "--observer"), "for another name")
    words = authority.words("a")
    refused(authority.cluster.add("a2", *words[:5], base64.b64encode(b"\1" * 32).decode(), "--observer"), "this authority")
    refused(authority.cluster.add("a3", *words[:4]), "needs all three")
    os.chmod(authority.path("a.key"), 0o644)
    refused(authority.cluster.add("a4", *words), "others can read", "chmod 600")


@tap.test(timeout=60)
def check_config_passes_only_what_the_start_takes():
    authority = Authority()
    authority.make_key("b")
    authority.sign("b", "--scope", "db:max-priority=5")
    authority.make_key("c")
    state = authority.path("state")

    def checked(*words, name="b"):
        return run("agent", "--check-config", "--name", name, "--key-file", authority.cluster.key, "--state-dir", state, *words)

    good = authority.words("b")
    other = [*good[:1], authority.path("c.key"), *good[2:]]
    for words, name, needle in (
        ([*good, "--scope", "db"], "b", "lower priority"),
        ([*good, "--scope", "mail"], "b", "does not grant a scope"),
        ([*good, "--observer"], "c", "for another name"),
        ([*other, "--observer"], "b", "for another key"),
        ([*good[:5], base64.b64encode(b"\1" * 32).decode(), "--observer"], "b", "this authority"),
        (["--scope", "db:mode=quorum,voters=b+c+d,min_ack=2"], "b", "min_ack=2"),
    ):
        result = checked(*words, name=name)
        tap.equal((result.returncode, result.stdout), (1, ""), f"{words}: {result.stderr}")
        tap.check(needle in result.stderr and result.stderr.count("\n") == 1, f"{needle!r} in {result.stderr!r}")
    fine = checked(*good, "--scope", "db:priority=5")
    tap.equal((fine.returncode, fine.stderr), (0, ""), "what is granted")
    tap.check(not os.path.exists(state), "nothing is made")


@tap.test(timeout=60)
def mistakes_at_the_authority_are_said():
    authority = Authority()
    authority.make_key("a")
    again = run("authority", "init", authority.path("ca"))
    tap.equal((again.returncode, again.stdout), (1, ""))
    tap.check("nothing was changed" in again.stderr, again.stderr)
    tap.equal(os.stat(authority.secret).st_mode & 0o777, 0o600)
    tap.equal(os.stat(authority.path("a.key")).st_mode & 0o777, 0o600)
    pub, key = authority.path("a.pub"), authority.path("a.key")
    for words, code, needle in (
        (["authority"], 2, "init, sign, revoke or show?"),
        (["authority", "revoke"], 2, "which certificate?"),
        (["authority", "revoke", pub, "--authority", authority.secret], 1, "there is none in it"),
        (["authority", "sgin"], 2, "did you mean 'sign'"),
        (["authority", "sign"], 2, "for whom?"),
        (["authority", "sign", "a"], 2, "whose key?"),
        (["authority", "sign", "a", "--key", pub, "--scope", "s:priority=4"], 2, "max-priority=N"),
        (["authority", "sign", "a", "--key", pub, "--scope", "s:max-priority=65536"], 2, "65535"),
        (["authority", "sign", "a", "--key", pub, "--days", "0"], 2, "whole number"),
        (["authority", "sign", "a", "--key", pub, "--authority", authority.secret, "--scope", "s", "--scope", "s"], 1, "twice"),
        (["authority", "sign", "a", "--key", key, "--authority", authority.secret], 1, "there is none in it"),
        (["authority", "sign", "a", "--key", pub, "--authority", key], 1, "there is none in it"),
        (["authority", "sign", "a\n", "--key", pub, "--authority", authority.secret], 1, "no member's name"),
        (["authority", "init", authority.path("other"), "--json"], 2, "--json is for show alone"),
        (["authority", "sign", "a", "--key", pub, "--authority", authority.secret, "--json"], 2, "--json is for show alone"),
        (["authority", "revoke", "0" * 16, "--authority", authority.secret, "--json"], 2, "--json is for show alone"),
        (["authority", "show"], 2, "which FILE?"),
        (["authority", "show", pub], 1, "there is none in it"),
        (["keygen", "--identity", key], 1, "nothing was changed"),
    ):
        answer = run(*words)
        tap.equal((answer.returncode, answer.stdout), (code, ""), f"{words}: {answer.stderr}")
        tap.check(needle in answer.stderr, f"{words}: {needle!r} in {answer.stderr!r}")


if __name__ == "__main__":
    tap.main(parallel=2)
