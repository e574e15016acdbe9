"""Scopes with seats, ranges by one name, and runs with a mode of their own, with real agents."""

import os
import subprocess

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run
from work import World

def seated():
    """Three agents that stand for two seats of db."""
    cluster = Cluster()
    tap.cleanup(cluster.close)
    cluster.start(3, "--scope", "db:seats=2,preempt=never")
    agents = list(cluster.agents.values())
    tap.equal(agents[0].run("wait", "--leader=db", "--timeout", "10").returncode, 0, "each seat is led")
    cluster.wait(lambda: all(len(set(agent.run("leader", "db").stdout.split()) - {"-"}) == 2 for agent in agents), LIMIT,
                 "two members have one seat each")
    return cluster


@tap.test(timeout=60)
def predicates_and_tables_know_seats():
    cluster = seated()
    agents = list(cluster.agents.values())
    asked = agents[0]
    holders = asked.run("leader", "db").stdout.split()
    scopes = asked.ask("leader", "db")["scopes"]
    tap.equal([(s["scope"], s["seat"], s["leader"]) for s in scopes], [("db#0", 0, holders[0]), ("db#1", 1, holders[1])], "leader --json")
    tap.equal(asked.run("leader", "db#1").stdout, holders[1] + "\n", "one seat by its own name")
    for agent in agents:
        answer = run("is-leader", "db", "--json", "--control", agent.control)
        tap.equal(answer.returncode, 0 if agent.name in holders else 1, f"is-leader at {agent.name}")
        seat = f'"seat":{holders.index(agent.name)}' if agent.name in holders else '"seat":null'
        tap.check(seat in answer.stdout, f"{seat} in {answer.stdout}")
    tap.equal([s["scope"] for s in asked.ask("history", "db")["scopes"]], ["db#0", "db#1"], "history")
    elected = {(event.object["scope"], event.object["seat"]) for event in asked.events("leader-elected")}
    tap.equal(elected, {("db#0", 0), ("db#1", 1)}, "seat in events")
    spare = next(agent for agent in agents if agent.name not in holders)
    refused = spare.run("transfer", "db", "--to", holders[0])
    tap.equal(refused.returncode, 5, "who holds none hands none over")
    tap.check("leads no seat" in refused.stderr, refused.stderr)
    hook = cluster.path("hook")
    with open(hook, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\necho "$BELLWETHER_SCOPE $BELLWETHER_SEAT" >>{cluster.path("hook.log")}\n')
    os.chmod(hook, 0o755)
    open(cluster.path("hook.log"), "w", encoding="utf-8").close()
    monitor = subprocess.Popen([BELLWETHER, "monitor", "--since", "1", "--type", "leader-elected", "--exec", hook, "--control", asked.control],
                               stdin=subprocess.DEVNULL, env=clean_environment())
    tap.cleanup(monitor.wait)
    tap.cleanup(monitor.kill)

    def seen():
        with open(cluster.path("hook.log"), encoding="utf-8") as file:
            return {"db#0 0", "db#1 1"} <= set(file.read().splitlines())
    cluster.wait(seen, LIMIT, "the hook sees the scope, and the seat's number")
    result = spare.run("stepdown", "db", "--for", "1")
    tap.check(result.returncode == 0 and "did not lead" in result.stderr, f"who holds none: {result.returncode}, {result.stderr}")
    holder = next(agent for agent in agents if agent.name in asked.run("leader", "db").stdout.split())
    result = holder.run("stepdown", "db", "--for", "1")
    tap.equal((result.returncode, result.stderr), (0, ""), "who holds a seat led it")


@tap.test(timeout=60)
def one_scope_with_seats_and_without_is_told():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agents = [cluster.add("n1", "--scope", "q"), cluster.add("n2", "--scope", "q:seats=2")]
    agents[0].start().wait_ready()
    agents[1].start("--join", agents[0].addr).wait_ready()
    cluster.wait(lambda: agents[0].run("wait", "--leader=q", "--timeout", "1").returncode == 0, LIMIT, "q is led")
    cluster.wait(lambda: [s["leader"] for s in agents[0].ask("leader")["scopes"] if s["scope"] == "q#0"] == ["n2"], LIMIT, "and its seat")
    tap.equal(agents[0].run("leader", "q").stdout, "n1\n", "the scope of just this name comes first")
    cluster.wait(lambda: any("with seats" in line.text for agent in agents for line in agent.log()), LIMIT, "a warning")


@tap.test(timeout=60)
def as_many_commands_run_as_there_are_seats():
    world = World(3, "--observer")
    show = ["sh", "-c", 'echo "$BELLWETHER_SCOPE $BELLWETHER_SEAT"; exec "$@"', "sh"]
    runs = {agent.name: world.run(agent, scope="job:seats=2", command=[*show, *world.work(agent.name)]) for agent in world.agents}
    first = world.wait_work()[0]
    second = world.wait_work(first)[0]
    third = next(name for name in runs if name not in (first, second))
    seats = {name: runs[name].stdout.readline().strip() for name in (first, second)}
    tap.equal(sorted(seats.values()), ["job#0 0", "job#1 1"], "one seat each")
    runs[first].terminate()
    tap.equal(world.wait_work(first, second)[0], third, "the next one takes the seat that is free")
    tap.equal(runs[third].stdout.readline().strip(), seats[first], "the same seat")
    spans = world.spans()
    ended = max(last for (name, _), (_, last) in spans.items() if name == first)
    begun = min(begin for (name, _), (begin, _) in spans.items() if name == third)
    tap.check(begun > ended, f"never three at one time: {spans}")


@tap.test(timeout=60)
def a_run_has_a_mode_of_its_own():
    world = World(3, "--observer")
    scope = "job:mode=quorum,voters=n1+n2+n3"
    for agent in world.agents:
        world.run(agent, scope=scope)
    world.wait_work()
    leading = world.agents[0].ask("leader", "job")["scopes"][0]
    tap.equal(leading["mode"], "quorum", "as it says")
    tap.check(leading["leader"] in {"n1", "n2", "n3"}, leading["leader"])
    again = run("run", "--scope", "job:mode=bully", "--control", world.agents[0].control, "--", "true")
    tap.equal(again.returncode, 5, "another at the same agent says otherwise")
    tap.check("mode=quorum" in again.stderr, again.stderr)
    bully = world.run(world.agents[1], scope="other:mode=bully", command=["true"])
    tap.equal(bully.wait(LIMIT), 0, "bully")


@tap.test(timeout=60)
def what_contradicts_the_configuration_is_refused():
    agent = next(iter(seated().agents.values()))
    for scope, code, part in [
        ("db:seats=3", 5, "seats=2"),
        ("db:mode=bully", 5, "mode=priority"),
        ("db:spread", 5, "no spread"),
        ("db#0", 2, "name of a seat"),
        ("x:seats=17", 2, "16"),
        ("x:mode=quorum", 2, "voters"),
        ("x:lease=600000", 5, "lease=600000"),
    ]:
        result = run("run", "--scope", scope, "--control", agent.control, "--", "true")
        tap.equal(result.returncode, code, f"{scope}: {result.stderr}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


@tap.test(timeout=60)
def the_name_of_a_range_stands_for_its_scopes():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    cluster.start(2, "--scope", "orders/0..11:spread", "--scope", "other")
    first, second = cluster.agents["n1"], cluster.agents["n2"]
    names = [f"orders/{number}" for number in range(12)]
    for agent in (first, second):
        tap.equal(agent.run("wait", "--leader=orders", "--timeout", "10").returncode, 0, "each of them is led")
    tap.equal([scope["scope"] for scope in first.ask("leader", "orders")["scopes"]], names, "by number, not as text")
    tap.equal([line.split()[0] for line in first.run("leader", "orders").stdout.splitlines()], ["SCOPE", *names], "table")
    tap.equal([scope["scope"] for scope in first.ask("history", "orders")["scopes"]], sorted(names), "history")
    tap.equal(first.run("priority", "orders", 7).returncode, 0, "priority")
    priorities = {own["priority"] for scope in first.ask("leader", "orders")["scopes"] for own in scope["candidates"]
                  if own["name"] == "n1"}
    tap.equal(priorities, {7}, "priority of all")
    tap.equal(first.run("freeze", "orders").returncode, 0, "freeze")
    cluster.wait(lambda: all(scope["frozen"] for scope in second.ask("leader", "orders")["scopes"]), LIMIT, "all frozen")
    tap.equal([scope["frozen"] for scope in second.ask("leader", "other")["scopes"]], [False], "and no other")
    tap.equal(second.run("thaw", "orders").returncode, 0, "thaw")
    cluster.wait(lambda: not any(scope["frozen"] for scope in first.ask("leader", "orders")["scopes"]), LIMIT, "all thawed")
    tap.equal(first.run("stepdown", "orders").returncode, 0, "stepdown")
    cluster.wait(lambda: {scope["leader"] for scope in first.ask("leader", "orders")["scopes"]} == {"n2"}, LIMIT,
                 "the other one leads them all")
    answer = first.run("is-leader", "orders", "--json")
    tap.equal((answer.returncode, '"scope":"orders"' in answer.stdout), (1, True), "is-leader: none of them")
    tap.equal(second.run("is-leader", "orders", "-q").returncode, 0, "is-leader: one of them")
    for words in (["transfer", "orders", "--to", "n1"], ["refused", "orders", "0" * 32]):
        result = second.run(*words)
        tap.equal(result.returncode, 1, f"{words}")
        tap.check("orders/0" in result.stderr, result.stderr)


if __name__ == "__main__":
    tap.main(parallel=8)
