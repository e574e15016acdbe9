"""bellwether run, with real agents: the command runs on one member at a time, whoever is killed, stopped or hung. The command writes down
when it lives, by the clock that all processes of this host share."""

import json
import os
import signal
import socket
import time

import tap
from cluster import LIMIT, run
from work import World


@tap.test
def mistakes_are_told_before_anything_happens():
    for words, code, part in [
        ([], 2, "--scope"),
        (["--scope", "a"], 2, "CMD"),
        (["--scope", "a", "--"], 2, "CMD"),
        (["--scope", "a", "--scope", "b", "--", "true"], 2, "second"),
        (["--scope", "a:failover=fast", "--", "true"], 2, "safe"),
        (["--scope", "", "--", "true"], 2, "name"),
        (["--scope", "a", "--grace", "x", "--", "true"], 2, "--grace"),
        (["--scope", "a", "--priority", "65536", "--", "true"], 2, "65535"),
        (["--scope", "a", "--restrt", "--", "true"], 2, "--restart"),
        (["--scope", "a", "--fence", "./nothere", "--", "true"], 2, "--fence ./nothere: cannot be run: No such file"),
        (["--scope", "a", "--fence", "no-such-program", "--", "true"], 2, "No such file"),
        (["--scope", "a", "--fence", "/", "--", "true"], 2, "Permission denied"),
        (["--scope", "a", "--fence", "", "--", "true"], 2, "a program is wanted"),
        (["--scope", "a", "--control", "/no/such/socket", "--", "./nothere"], 127, "cannot run ./nothere: No such file"),
        (["--scope", "a", "--control", "/no/such/socket", "--", "no-such-program"], 127, "No such file"),
        (["--scope", "a", "--control", "/no/such/socket", "--", "/"], 126, "cannot run /: Permission denied"),
        (["--scope", "a", "--control", "/no/such/socket", "--", ""], 127, "No such file"),
        (["--scope", "a", "--fence", "true", "--control", "/no/such/socket", "--", "./mounted-later"], 3, "no agent"),
        (["--scope", "a", "--control", "/no/such/socket", "--", "true"], 3, "no agent"),
    ]:
        result = run("run", *words)
        tap.equal((result.returncode, result.stdout), (code, ""), f"{words}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


@tap.test(timeout=60)
def the_command_runs_on_one_member_at_a_time():
    world = World(3, "--observer")
    runs = [world.run(agent, command=["sh", "-c", '"$@"; exit 7', "sh", *world.work(agent.name, 0.3)]) for agent in world.agents]
    tap.equal([process.wait(LIMIT) for process in runs], [7, 7, 7], "the command's own code")
    spans = world.check_apart()
    tap.equal(len(spans), 3, "reigns")
    tap.check(spans[-1][1] - spans[0][0] < 6, f"hand-overs are quick: {spans}")
    names = {line[1] for line in world.lines()}
    tap.equal(names, {"n1", "n2", "n3"}, "each had its turn")
    world.cluster.wait(lambda: [(s["scope"], s["leader"], s["candidates"]) for s in world.agents[0].ask("leader")["scopes"]] ==
                       [("job", None, [])], LIMIT, "nobody stands any more")


@tap.test(timeout=60)
def what_the_command_sees_and_says():
    world = World()
    agent = world.agents[0]
    show = ["sh", "-c", 'env | grep ^BELLWETHER_ | sort; cat; exit "$1"', "sh"]
    first = world.run(agent, command=[*show, "0"])
    out = first.communicate(timeout=LIMIT)[0]
    env = dict(line.split("=", 1) for line in out.splitlines())
    tap.equal(env["BELLWETHER_SCOPE"], world.scope, "scope")
    tap.equal(int(env["BELLWETHER_TOKEN"][:16], 16), int(env["BELLWETHER_TERM"]), "the token begins with the term")
    tap.check(not any("PREVIOUS" in name for name in env), f"nobody led before: {env}")
    second = world.run(agent, "--json", "--priority", "7", command=[*show, "5"])
    out, err = second.communicate(timeout=LIMIT)
    after = dict(line.split("=", 1) for line in out.splitlines())
    tap.equal(second.returncode, 5, "exit code")
    tap.equal((after["BELLWETHER_PREVIOUS_LEADER"], after["BELLWETHER_PREVIOUS_TOKEN"]), ("n1", env["BELLWETHER_TOKEN"]),
              "who led before")
    tap.equal((after["BELLWETHER_PREVIOUS_ADDR"], after["BELLWETHER_PREVIOUS_ID"]), (agent.addr, agent.id), "where")
    tap.equal(after["BELLWETHER_PREVIOUS_REASON"], "resigned", "and why no more")
    types = [json.loads(line)["type"] for line in err.splitlines()]
    tap.equal(types, ["waiting", "running", "ended"], "messages")
    for command, code in [(["sh", "-c", "kill -9 $$"], 137), (["sh", "-c", "kill -USR1 $$"], 138), (["/no/such"], 127),
                          ([world.cluster.directory], 126)]:
        tap.equal(world.run(agent, command=command).wait(LIMIT), code, f"{command}")


@tap.test(timeout=60)
def runs_of_one_scope_on_one_agent_queue():
    world = World()
    agent = world.agents[0]
    first = world.run(agent, command=world.work("a"))
    world.wait_work()
    second = world.run(agent, "--verbose", command=world.work("b", 0.2))
    tap.check("behind 1" in second.stderr.readline(), "it says that it queues")
    third = world.run(agent, "--timeout", "0.3", command=world.work("c"))
    other = world.run(agent, scope="other", command=["true"])
    tap.equal(other.wait(LIMIT), 0, "another scope does not wait")
    err = third.communicate(timeout=LIMIT)[1]
    tap.equal((third.returncode, err), (4, f"bellwether: {world.scope}: no lead within 0.3 s\n"), "--timeout")
    quiet = world.run(agent, "--timeout", "0.1", "-q", command=world.work("q"))
    tap.equal((quiet.communicate(timeout=LIMIT)[1], quiet.returncode), ("", 4), "--quiet")
    fourth = world.run(agent, "--verbose", command=world.work("d"))
    tap.check("behind" in fourth.stderr.readline(), "it queues")
    fourth.send_signal(signal.SIGTERM)
    tap.equal(fourth.wait(LIMIT), 143, "told to end while it waits")
    first.send_signal(signal.SIGUSR2)
    tap.wait_until(lambda: world.heard("a", f"heard-{signal.SIGUSR2.value}"), LIMIT, "a signal reaches the command")
    first.send_signal(signal.SIGTERM)
    tap.equal(first.wait(LIMIT), 3, "SIGTERM reaches it too, and it chooses its code")
    tap.equal(second.wait(LIMIT), 0, "the next one")
    spans = world.check_apart()
    tap.equal([token for _, _, token in spans], sorted({line[3] for line in world.lines()}), "a token for each")
    tap.equal({line[1] for line in world.lines()}, {"a", "b"}, "who ran")


@tap.test(timeout=60)
def the_agent_is_killed():
    world = World(3, "--observer")
    runs = {agent.name: world.run(agent) for agent in world.agents}
    name, _ = world.wait_work()
    world.agent(name).kill()
    tap.equal(runs[name].wait(LIMIT), 75, "the lead was lost")
    world.wait_work(name)
    world.check_apart()


@tap.test(timeout=60)
def run_is_killed():
    """Its command dies with it, and what that has started, which hears nothing; the next one follows."""
    world = World()
    lease = world.scope + ":lease=2000"  # which nobody waits for
    first = world.run(world.agents[0], scope=lease, command=world.work("n1", 60, "parent", "stubborn"))
    world.wait_work()
    tap.wait_until(lambda: world.heard("n1-child", "begins"), LIMIT, "the child lives")
    second = world.run(world.agents[1], "--verbose", scope=lease)
    tap.check("waiting" in second.stderr.readline(), "the other one waits")
    first.kill()
    world.wait_work("n1", "n1-child")
    time.sleep(0.1)
    world.check_apart()
    tap.equal([line.text for line in world.agents[0].log() if line.object and world.scope in line.text and
               line.object.get("level") == "warn"], [],
              "its agent has heard that all has ended")


@tap.test(timeout=60)
def the_agent_hangs_for_longer_than_the_lease():
    world = World(3, "--observer")
    runs = {agent.name: world.run(agent, command=world.work(agent.name, 60, "stubborn")) for agent in world.agents}
    name, _ = world.wait_work()
    world.agent(name).signal(signal.SIGSTOP)
    tap.cleanup(world.agent(name).signal, signal.SIGCONT)
    tap.equal(runs[name].wait(LIMIT), 75, "the lead was lost")
    tap.check(world.heard(name, "heard-15"), "it was told to end before it was killed")
    world.wait_work(name)
    world.check_apart()


def watchdog_of(process):
    """The newest process of that name that this run has started, and that lives."""
    found = None
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        for pid in map(int, file.read().split()):
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                fields = stat.read().split()
            found = pid if fields[1] == "(bw-watchdog)" and fields[2] != "Z" else found
    return found


@tap.test(timeout=60)
def run_itself_hangs_for_longer_than_the_lease():
    """The watchdog is left, even if the first one was killed. The agent notices that nobody asks for more time."""
    world = World(2, "--observer")
    first = world.run(world.agents[0], command=world.work("n1", 60, "parent", "stubborn"))
    world.wait_work()
    tap.wait_until(lambda: world.heard("n1-child", "begins"), LIMIT, "the child lives")
    second = world.run(world.agents[1], "--verbose")
    tap.check("waiting" in second.stderr.readline(), "the other one waits")
    watchdog = watchdog_of(first)
    os.kill(watchdog, signal.SIGKILL)  # run starts another one
    tap.wait_until(lambda: watchdog_of(first) not in (None, watchdog), LIMIT, "a second watchdog")
    tap.check("watchdog was killed" in first.stderr.readline(), "it is told")
    first.send_signal(signal.SIGSTOP)
    world.wait_work("n1", "n1-child")
    world.check_apart()
    first.send_signal(signal.SIGCONT)
    tap.equal(first.wait(LIMIT), 75, "it finds the lead lost")


@tap.test(timeout=60)
def the_lead_is_given_up_when_the_command_has_stopped():
    """An operator's stepdown, and an agent that is stopped: SIGTERM first, then the next leader."""
    world = World(3, "--observer")
    runs = {agent.name: world.run(agent, command=world.work(agent.name, 60, "slow")) for agent in world.agents}
    first, _ = world.wait_work()
    tap.equal(world.agent(first).run("stepdown", "job").returncode, 0, "stepdown")
    second, _ = world.wait_work(first)
    tap.equal(runs[first].wait(LIMIT), 75, "the lead was given up")
    tap.check(world.heard(first, "stops")[0] < world.heard(second, "begins")[0], "stopped by itself, before the next began")
    world.agent(second).signal(signal.SIGTERM)
    world.wait_work(first, second)
    tap.equal(runs[second].wait(LIMIT), 75, "so it was here")
    tap.check(world.heard(second, "stops"), "it had its time")
    tap.equal(world.agent(second).wait_exit(), 0, "the agent waited for it")
    world.check_apart()


@tap.test(timeout=60)
def with_a_gate_it_waits_until_its_host_is_ready():
    world = World()
    gated, other = world.agents
    first = world.run(gated, scope=world.scope + ":gate,priority=200", command=world.work("gated", 60, "slow"))
    second = world.run(other, "--restart", command=world.work("other"))
    world.wait_work("gated")  # though its rank is lower
    ready = ["ready", world.scope]
    tap.equal(gated.run(*ready, "yes").returncode, 0, "ready")
    tap.equal(other.run("stepdown", world.scope, "--for", "1").returncode, 0, "stepdown")
    world.wait_work("other")
    tap.equal(gated.run(*ready, "no").returncode, 0, "not ready any more")
    tap.equal(first.wait(LIMIT), 75, "it was given up")
    tap.check(world.heard("gated", "stops"), "with time to stop")
    tap.wait_until(lambda: len(world.heard("other", "begins")) == 2, LIMIT, "the other one again")
    second.send_signal(signal.SIGTERM)
    tap.equal(second.wait(LIMIT), 3, "told to end")
    world.check_apart()


@tap.test(timeout=60)
def who_does_not_stop_is_killed_after_the_grace():
    world = World()
    agent = world.agents[0]
    process = world.run(agent, "--grace", "0.3", command=world.work("a", 60, "parent", "stubborn"))
    world.wait_work()
    tap.wait_until(lambda: world.heard("a-child", "begins"), LIMIT, "the child lives")
    tap.equal(agent.run("stepdown", world.scope, "--for", "1").returncode, 0, "stepdown")
    tap.equal(process.wait(LIMIT), 75, "killed")
    told = world.heard("a", "heard-15")[0]
    last = max(last for _, last in world.spans().values())
    tap.check(0.2 < last - told < 3, f"it had its grace: {last - told:.3f} s")
    again = world.run(agent, command=world.work("b", 0.1))
    tap.equal(again.wait(LIMIT), 0, "the scope is free again")
    world.check_apart()


@tap.test(timeout=60)
def what_the_command_leaves_behind_ends_with_it():
    world = World()
    script = 'log=$1; shift; "$@" & until grep -q begins "$log"; do sleep 0.02; done; exit 6'
    process = world.run(world.agents[0], "--grace", "1", command=["sh", "-c", script, "sh", world.path, *world.work("left")])
    tap.equal(process.wait(LIMIT), 6, "the command's code")
    tap.check(world.heard("left", "stops"), "what it left was told to end, and waited for")


@tap.test(timeout=60)
def the_command_waits_for_the_fencing_program():
    world = World()
    first = world.run(world.agents[0], command=["true"])
    tap.equal(first.wait(LIMIT), 0, "somebody leads before")
    script = world.cluster.path("fence")
    with open(script, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o700)) as file:
        file.write('#!/bin/sh\necho "$BELLWETHER_PREVIOUS_LEADER $BELLWETHER_SCOPE" >>"$0.log"\n'
                   'test "$(wc -l <"$0.log")" -ge 3 || exit 9\n')
    process = world.run(world.agents[1], "--fence", script, command=["cat", script + ".log"])
    out, err = process.communicate(timeout=LIMIT)
    tap.equal((process.returncode, out), (0, f"n1 {world.scope}\n" * 3), "the command, after the third attempt")
    tap.equal(err.count("exit code 9"), 2, err)
    late = world.run(world.agents[1], "--fence", "true", command=["/no/such"])
    tap.equal(late.wait(LIMIT), 127, "what the fencing program does not bring either")
    hopeless = world.run(world.agents[1], "--fence", "/bin/false", command=world.work("never"))
    tap.wait_until(lambda: "fencing program failed" in hopeless.stderr.readline(), LIMIT, "it fails")
    hopeless.send_signal(signal.SIGINT)
    tap.equal((hopeless.wait(LIMIT), world.lines()), (130, []), "nothing ran")


@tap.test(timeout=60)
def with_restart_it_campaigns_again():
    world = World(1, "--observer")
    agent = world.agents[0]
    process = world.run(agent, "--restart", command=world.work("a"))
    world.wait_work()
    tap.equal(agent.run("stepdown", "job", "--for", "0.5").returncode, 0, "stepdown")
    tap.wait_until(lambda: len(world.heard("a", "begins")) == 2, LIMIT, "it leads again")
    agent.kill()
    tap.wait_until(lambda: len(world.heard("a", "stops")) == 2, LIMIT, "it stops without its agent")
    agent.start().wait_ready()
    tap.wait_until(lambda: len(world.heard("a", "begins")) == 3, LIMIT, "it finds the agent again")
    world.check_apart()
    process.send_signal(signal.SIGTERM)
    tap.equal(process.wait(LIMIT), 3, "told to end")


@tap.test(timeout=60)
def with_restart_it_ends_when_it_was_told_to_before_the_lead_was_lost():
    world = World(1, "--observer")
    agent = world.agents[0]
    process = world.run(agent, "--restart", command=["sh", "-c", "trap 'sleep 3; exit 3' TERM; echo on; while :; do sleep 0.05; done"])
    tap.equal(process.stdout.readline().strip(), "on", "it works")
    process.send_signal(signal.SIGTERM)
    tap.equal(agent.run("stepdown", "job", "--for", "0.5").returncode, 0, "stepdown")
    tap.equal(process.wait(LIMIT), 75, "it does not campaign again")


@tap.test(timeout=60)
def a_scope_of_the_configuration_is_taken_over():
    world = World(2)
    runs = [world.run(agent, scope="default", command=world.work(agent.name, 0.3)) for agent in world.agents]
    tap.equal([process.wait(LIMIT) for process in runs], [0, 0], "both had their turn")
    world.check_apart()
    world.cluster.wait(lambda: [s["leader"] for s in world.agents[0].ask("leader")["scopes"]] != [None], LIMIT, "an agent leads again")
    world.cluster.wait(lambda: sorted(c["name"] for c in world.agents[0].ask("leader")["scopes"][0]["candidates"]) == ["n1", "n2"],
                       LIMIT, "both stand again, as they are configured to")


class Client:
    """A connection to an agent's control socket, as any program can have one."""

    def __init__(self, agent):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(agent.control)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        tap.cleanup(self.close)
        self.read()

    def close(self):
        self.file.close()
        self.socket.close()

    def read(self):
        return json.loads(self.file.readline())

    def ask(self, **request):
        self.file.write(json.dumps(request) + "\n")
        self.file.flush()
        return self.read()


@tap.test(timeout=60)
def any_client_can_campaign():
    world = World()
    agent, scope = world.agents[0], world.scope
    first, second = Client(agent), Client(agent)
    for request in ({"scope": ""}, {"scope": 1}, {"scope": scope, "priority": 65536}, {"scope": scope, "stop_ms": -1},
                    {"scope": scope, "stop_ms": 3600001}, {"scope": scope, "gate": 1}):
        tap.equal(first.ask(op="campaign", **request)["error"]["code"], "invalid", f"{request}")
    tap.equal(first.ask(op="lease", token="0" * 32)["error"]["code"], "invalid", "without a campaign")
    tap.equal(first.ask(op="campaign", scope=scope, stop_ms=5000), {"campaign": scope, "queued": 0}, "the first")
    tap.equal(second.ask(op="campaign", scope=scope), {"campaign": scope, "queued": 1}, "the second")
    tap.equal(first.ask(op="campaign", scope=scope)["error"]["code"], "invalid", "twice")
    lead = first.read()
    tap.equal((lead["news"], lead["scope"], lead["lease_ms"], lead["previous"]), ("lead", scope, 600, None), "news")
    token = lead["token"]
    left = first.ask(op="lease", token=token)
    tap.check(0 < left["left_us"] <= 600000, f"{left}")
    tap.equal(first.ask(op="lease", token="f" * 32)["left_us"], None, "of another token")
    tap.equal(agent.run("stepdown", scope, "--for", "0.1").returncode, 0, "stepdown")
    stop = first.read()
    tap.equal((stop["news"], stop["token"], stop["reason"]), ("stop", token, "resigned"), "it is to stop")
    tap.check(first.ask(op="lease", token=token)["left_us"] > 0, "it has time for that")
    scopes = {s["scope"]: s for s in world.agents[1].ask("leader")["scopes"]}
    tap.equal(scopes[scope]["leader"], "n1", "nobody else leads until then")
    tap.equal(first.ask(op="stopped", token=token), {"stopped": scope}, "it has stopped")
    tap.equal(first.ask(op="lease", token=token)["left_us"], None, "so the lead is over")
    after = second.read()
    tap.check(after["token"] > token, "the second one's turn, in a reign of its own")
    tap.equal((after["previous"]["leader"], after["previous"]["token"]), ("n1", token), "previous")
    second.close()  # it has not asked what is left: nothing can run
    again = first.read()
    tap.check(again["news"] == "lead" and again["token"] > after["token"], "and the first one's again")


if __name__ == "__main__":
    tap.main(parallel=8)
