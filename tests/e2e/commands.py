"""The commands that act and answer: stepdown, join, leave --stay, is-leader, wait, info; exit codes and JSON."""

import json
import os
import socket
import subprocess
import threading
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

COUNTERS = {"health", "sent", "sent_bytes", "received", "received_bytes", "events_lost"}


def new_cluster(count=0, *words):
    cluster = Cluster(profile="lan")  # nobody's lease runs out because the machine is busy
    tap.cleanup(cluster.close)
    if count:
        cluster.start(count, *words)
    return cluster


def code(agent, *words):
    return agent.run(*words).returncode


@tap.test
def usage_mistakes_give_2():
    for words, part in [
        (["join"], "address"),
        (["join", "127.0.0.1:x"], "127.0.0.1:x"),
        (["stepdown"], "SCOPE"),
        (["stepdown", "default", "--for", "0"], "--for"),
        (["stepdown", "default", "other"], "'other'"),
        (["ready", "default"], "yes or no"),
        (["ready", "default", "maybe"], "'maybe'"),
        (["ready", "default", "no", "--ttl", "3"], "--ttl"),
        (["ready", "default", "yes", "more"], "'more'"),
        (["priority", "default"], "number"),
        (["priority", "default", "65536"], "'65536'"),
        (["priority", "default", "1", "2"], "'2'"),
        (["wait"], "--leader"),
        (["wait", "--members", "0"], "--members"),
        (["wait", "--leader", "default"], "'default'"),
        (["is-leader", "a", "b"], "'b'"),
        (["is-leader", "-x"], "-x"),
        (["info", "more"], "'more'"),
        (["leave", "--sty"], "--stay"),
    ]:
        result = run(*words)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{words}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


@tap.test
def nobody_at_the_socket_gives_3():
    nobody = new_cluster().path("nobody.sock")
    for words in (["info"], ["is-leader"], ["wait", "--leader"], ["join", "127.0.0.1"], ["stepdown", "default"],
                  ["leave", "--stay"], ["info", "--watch"]):
        tap.equal(run(*words, "--control", nobody).returncode, 3, f"{words}")


@tap.test(timeout=60)
def stepdown_hands_the_lead_over_for_as_long_as_it_says():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    at = time.monotonic()
    tap.equal(code(leader, "stepdown", "default", "--for", "3600"), 0, "exit code")
    new_token, name, known = cluster.wait_reign(above=token)
    tap.note(f"new leader known by all {known - at:.3f} s after the command's start")
    tap.check(name != leader.name, "another one leads")
    for agent in cluster.living():
        reason = agent.wait_event("leader-lost", token=token).object["reason"]
        tap.equal(reason, "resigned", f"why it was lost, for {agent.name}")
        tap.equal(agent.events("member-left", "member-dead"), [], "nobody has gone")
    successor = cluster.agents[name]
    rest = [agent for agent in cluster.living() if agent not in (leader, successor)]
    result = successor.run("stepdown", "default")
    tap.equal((result.returncode, result.stderr), (0, ""), "and again, with the default time")
    tap.equal(cluster.wait_reign(above=new_token)[1], rest[0].name, "the one that has not stepped down")
    result = leader.run("stepdown", "default")
    tap.equal((result.returncode, rest[0].name in result.stderr and "did not lead" in result.stderr), (0, True),
              f"who does not lead says who does: {result.stderr}")
    candidates = {entry["name"] for entry in rest[0].ask("leader", "default")["scopes"][0]["candidates"]
                  if entry["ready"]}
    tap.check(rest[0].name in candidates, f"candidates: {candidates}")


@tap.test(timeout=60)
def stepdown_is_over_after_its_time():
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()
    token = cluster.wait_reign()[0]
    begin = time.monotonic()
    tap.equal(code(agent, "stepdown", "default", "--for", "1"), 0, "exit code")
    tap.equal(agent.wait_event("self-deposed", token=token).object["reason"], "resigned", "why")
    again = cluster.wait_reign(above=token)
    tap.check(again[2] - begin >= 0.9, f"it leads again after {again[2] - begin:.2f} s, alone as it is")


@tap.test
def stepdown_for_what_it_does_not_stand_for_is_refused():
    cluster = new_cluster(2)
    agent = cluster.agents["n1"]
    result = agent.run("stepdown", "nowhere")
    tap.equal(result.returncode, 1, "exit code")
    tap.equal(result.stderr, "bellwether: this agent does not stand for 'nowhere'\n", "and it is not called a refusal")
    observer = cluster.add("watcher", "--observer", "--join", agent.addr).start().wait_ready()
    cluster.wait_view(3)
    tap.equal(code(observer, "stepdown", "default"), 1, "an observer's exit code")


@tap.test(timeout=60)
def gate_keeps_an_agent_from_leading_until_it_is_ready():
    cluster = new_cluster(3, "--scope", "db:gate,priority=7")
    agents = [cluster.agents[f"n{number}"] for number in (1, 2, 3)]
    cluster.wait_view(3)
    tap.equal(code(agents[0], "wait", "--converged", "--timeout", 20), 0, "converged")
    tap.equal([agent.reign("db") for agent in agents], [None, None, None], "nobody is ready, nobody leads")
    scope = agents[0].ask("leader", "db")["scopes"][0]
    tap.equal(({entry["ready"] for entry in scope["candidates"]}, scope["leader"]), ({False}, None), "as is shown")
    tap.equal((scope["reason"], {entry["why"] for entry in scope["candidates"]}), ("not-ready", {"not ready"}), "and why")
    tap.check("no candidate is alive and ready" in agents[0].run("leader", "db").stderr, "in words")
    tap.check("no candidate is alive and ready" in agents[0].run("leader").stdout, "in the table")
    tap.equal(code(agents[1], "ready", "db", "yes"), 0, "exit code")
    token, name, _ = cluster.wait_reign(scope="db")
    tap.equal(name, "n2", "who is ready leads")
    tap.equal(code(agents[2], "ready", "db", "yes", "--ttl", "3600"), 0, "another one is ready")
    tap.equal(code(agents[1], "ready", "db", "no"), 0, "and the leader is not any more")
    tap.equal(agents[1].wait_event("self-deposed", token=token).object["reason"], "not-ready", "why")
    token, name, _ = cluster.wait_reign(scope="db", above=token)
    tap.equal(name, "n3", "who leads now")
    tap.equal(code(agents[2], "ready", "db", "yes", "--ttl", "0.5"), 0, "a health check that then dies")
    tap.equal(agents[2].wait_event("self-deposed", token=token).object["reason"], "not-ready", "why")
    for words in (["ready", "none", "yes"], ["priority", "none", "1"]):
        result = agents[0].run(*words)
        tap.equal(result.returncode, 1, f"{words}")
        tap.check("'none'" in result.stderr, result.stderr)


@tap.test(timeout=60)
def priority_is_changed_while_the_agent_runs():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    chosen = cluster.followers(leader)[0]
    tap.equal(code(chosen, "priority", "default", "900"), 0, "exit code")

    def known(agent):
        return {(entry["name"], entry["priority"]) for entry in agent.ask("leader", "default")["scopes"][0]["candidates"]}
    cluster.wait(lambda: all((chosen.name, 900) in known(agent) for agent in cluster.living()), LIMIT, "known to all")
    tap.equal(leader.reign()[0], token, "it moves nothing by itself")
    tap.equal(code(leader, "stepdown", "default", "--for", "1"), 0, "stepdown")
    tap.equal(cluster.wait_reign(above=token)[1], chosen.name, "now it counts")


@tap.test(timeout=60)
def leave_and_stay_then_join_again():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    rest = cluster.followers(leader)
    tap.equal(code(leader, "leave", "--stay"), 0, "exit code")
    tap.equal(leader.ask("info")["state"], "left", "it has left when the command returns")
    for agent in rest:
        agent.wait_event("member-left", name=leader.name)
    new_token, name, _ = cluster.wait_reign(above=token, agents=rest)
    tap.check(leader.running(), "the process runs")
    tap.equal(code(leader, "leave", "--stay"), 0, "a second time changes nothing")
    tap.equal(code(leader, "stepdown", "default"), 5, "it stands for nothing")
    tap.equal(code(leader, "is-leader"), 1, "and leads nothing")
    port = rest[0].addr.rsplit(":", 1)[1]
    tap.equal(code(leader, "join", "localhost:" + port), 0, "join, by name")
    tap.equal(code(leader, "wait", "--members", 3, "--timeout", 20), 0, "it sees all")
    cluster.wait(lambda: all(leader.name in agent.view() for agent in rest), LIMIT, "all see it")
    tap.equal(cluster.wait_reign()[:2], (new_token, name), "the reign goes on")
    ids = {member["name"]: member["id"] for member in rest[0].ask("members")["members"]}
    tap.equal(ids[leader.name], leader.id, "it is the same member")
    tap.equal(leader.ask("info")["state"], "member", "state")
    cluster.agents[name].kill()
    rest = cluster.living()
    cluster.wait_reign(above=new_token, agents=rest)  # the one that came back counts as a voter and candidate
    tap.equal(code(leader, "leave", "--stay"), 0, "leave again")
    tap.equal(code(leader, "leave"), 0, "and for good")
    tap.equal(leader.wait_exit(), 0, "the agent's exit code")


@tap.test
def signal_ends_an_agent_that_has_left():
    agent = new_cluster(2).agents["n1"]
    tap.equal(code(agent, "leave", "--stay"), 0, "leave")
    agent.signal(15)
    tap.equal(agent.wait_exit(), 0, "exit code")
    tap.check(not os.path.exists(agent.control), "the control socket is gone")


@tap.test
def join_unites_what_knew_nothing_of_each_other():
    cluster = new_cluster()
    agents = [cluster.add(name).start().wait_ready() for name in ("a", "b")]
    tap.equal(code(agents[0], "join", "no-such-host.invalid"), 1, "a name without an address")
    tap.equal(code(agents[0], "join", agents[1].addr), 0, "join")
    cluster.wait_view(2)
    cluster.wait_reign()
    for words, expected in ((["127.0.0.1:x"], 2), (["::1", agents[1].addr], 0)):
        tap.equal(code(agents[0], "join", *words), expected, f"{words}")


@tap.test(timeout=90)
def is_leader_answers_by_its_exit_code():
    cluster = new_cluster(2)
    leader = cluster.wait_leader()
    other = cluster.followers(leader)[0]
    for agent, expected, word in ((leader, 0, "yes\n"), (other, 1, "no\n")):
        for words in ((), ("default",)):
            result = agent.run("is-leader", *words)
            tap.equal((result.returncode, result.stdout, result.stderr), (expected, word, ""), f"{agent.name} {words}")
        for option in ("-q", "--quiet"):
            result = agent.run("is-leader", option)
            tap.equal((result.returncode, result.stdout, result.stderr), (expected, "", ""), f"{agent.name} {option}")
        answer = json.loads(agent.run("is-leader", "--json").stdout)
        tap.equal(set(answer), {"scope", "leads", "token", "lease_ms"}, "fields")
        tap.equal((answer["leads"], answer["token"]), (agent is leader, leader.reign()[0] if agent is leader else None),
                  f"{agent.name}'s answer")
    observer = cluster.add("x", "--observer", "--cluster", "elsewhere").start().wait_ready()
    nothing = observer.run("is-leader")
    tap.equal((nothing.returncode, nothing.stdout, nothing.stderr), (1, "", "bellwether: no scope is known here\n"), "none at all")
    unknown = leader.run("is-leader", "nowhere")
    tap.equal((unknown.returncode, unknown.stdout), (1, ""), "no such scope")
    tap.check("nowhere" in unknown.stderr, unknown.stderr)
    tap.equal(run("run", "--scope", "another", "--control", leader.control, "--", "true").returncode, 0, "one more scope")
    tap.equal(set(leader.ask("info")["leaders"]) | {s["scope"] for s in leader.ask("leader")["scopes"]}, {"default", "another"}, "known")
    tap.equal([code(agent, "is-leader") for agent in (leader, other)], [0, 1], "default is meant")


@tap.test(timeout=60)
def several_scopes_are_led_and_shown_one_by_one():
    cluster = new_cluster()
    first = cluster.add("n1", "--scope", "cron:priority=200", "--scope", "mail:priority=1", "--scope", "own").start()
    first.wait_ready()
    second = cluster.add("n2", "--scope", "cron:priority=1", "--scope", "mail:priority=200", "--join", first.addr)
    second.start().wait_ready()
    tap.equal(code(second, "wait", "--leader", "--members", 2, "--timeout", 20), 0, "each scope has a leader")
    for scope in ("cron", "mail"):
        cluster.wait_reign(scope=scope)
    scopes = {entry["scope"]: entry["leader"] for entry in second.ask("leader")["scopes"]}
    tap.equal(set(scopes), {"cron", "mail", "own"}, "scopes, also those of others")
    tap.equal(scopes["own"], "n1", "own has one candidate")
    tap.equal(first.ask("info")["leaders"], scopes, "info says the same")
    tap.equal(sorted(first.ask("info")["leads"]), sorted(name for name, who in scopes.items() if who == "n1"), "leads")
    tap.equal(code(first, "is-leader"), 2, "which scope?")
    tap.equal(code(first, "is-leader", "own"), 0, "own")
    table = first.run("leader").stdout
    for scope in scopes:
        tap.check(scope in table, f"{scope} in {table}")
    token = first.reign("own")[0]
    tap.equal(code(first, "stepdown", "own", "--for", 0.5), 0, "stepdown of one scope")
    first.wait_event("self-deposed", scope="own", token=token)
    first.wait_event("self-elected", scope="own", timeout=20, since=first.wait_event("self-deposed", scope="own").at)


def start_wait(agent, *words):
    """The command in the background; returns a function that waits for its exit code."""
    process = subprocess.Popen([BELLWETHER, "wait", *map(str, words), "--control", agent.control],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
    tap.cleanup(process.kill)
    return lambda: process.wait(LIMIT)


@tap.test(timeout=60)
def wait_ends_when_it_holds_and_gives_4_when_it_does_not():
    cluster = new_cluster()
    first = cluster.add("n1", "--observer").start().wait_ready()
    begin = time.monotonic()
    for words in (["--leader"], ["--leader=default"], ["--members", 2], ["--leader", "--members", 1]):
        tap.equal(code(first, "wait", *words, "--timeout", "0.3"), 4, f"{words}")
    tap.check(time.monotonic() - begin >= 1.2, "each has waited for its time")
    tap.equal(code(first, "wait", "--members", 1, "--timeout", 5), 0, "what holds already")
    pending = [start_wait(first, *words) for words in
               (["--leader"], ["--leader=default"], ["--members", 2], ["--members", 2, "--converged", "--leader"])]
    cluster.add("n2", "--join", first.addr).start().wait_ready()
    tap.equal([wait() for wait in pending], [0, 0, 0, 0], "exit codes")
    first.signal(19)
    tap.equal(code(first, "wait", "--leader", "--timeout", "0.3"), 4, "a silent agent")
    first.signal(18)
    ends = start_wait(first, "--members", 9)
    tap.equal(code(first, "leave"), 0, "leave")
    tap.equal(ends(), 3, "the agent goes while one waits")


@tap.test
def info_shows_the_agent():
    cluster = new_cluster(2, "--tag", "a=b")
    agent = cluster.wait_leader()
    tap.equal(code(agent, "wait", "--converged", "--timeout", 20), 0, "converged")
    info = agent.ask("info")
    tap.equal(set(info) - COUNTERS, {"name", "id", "cluster", "addr", "bound", "version", "started", "uptime_s", "state", "confined", "http",
                                     "bounds_passed", "members", "converged", "digest", "leaders", "leads", "dropped",
                                     "rules"}, "fields")
    tap.equal((info["name"], info["id"], info["cluster"], info["addr"], info["bound"]),
              (agent.name, agent.id, "e2e", agent.addr, agent.addr), "who and where")
    tap.equal(info["members"], {"alive": 2, "suspect": 0, "dead": 0, "left": 0}, "members")
    tap.equal((info["leaders"], info["leads"], info["state"]), ({"default": agent.name}, ["default"], "member"), "leads")
    tap.check(0 < info["uptime_s"] < 60, f"uptime {info['uptime_s']}")
    for counter in COUNTERS:
        tap.check(isinstance(info[counter], int) and info[counter] >= 0, f"{counter} {info[counter]}")
    tap.check(info["sent"] > 0 and info["sent_bytes"] > 20 * info["sent"], "sent")
    tap.check(info["received"] > 0 and info["received_bytes"] > 20 * info["received"], "received")
    tap.check(all(count > 0 for count in info["rules"].values()) and info["rules"], "rules that were applied")
    text = agent.run("info").stdout
    for part in (agent.id, agent.addr, "2 alive", "datagrams", f"default {agent.name}"):
        tap.check(part in text, f"{part!r} in {text}")
    rule = next(iter(info["rules"]))
    tap.check(rule not in text and rule in agent.run("info", "-v").stdout, "rules with -v only")
    before = info["dropped"].get("drop-short", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:  # one that is none of ours
        host, port = agent.addr.rsplit(":", 1)
        stranger.sendto(b"hello", (host, int(port)))
    tap.wait_until(lambda: agent.ask("info")["dropped"].get("drop-short", 0) == before + 1, LIMIT, "its cause")


@tap.test
def info_is_watched():
    agent = new_cluster(1).agents["n1"]
    process = subprocess.Popen([BELLWETHER, "info", "--watch", "--json", "--control", agent.control],
                               stdout=subprocess.PIPE, env=clean_environment(), text=True)
    tap.cleanup(process.kill)
    seen = []
    thread = threading.Thread(target=lambda: [seen.append(json.loads(line)) for line in process.stdout], daemon=True)
    thread.start()
    tap.wait_until(lambda: len(seen) >= 3, LIMIT, "it is shown again")
    tap.check(seen[0]["uptime_s"] < seen[-1]["uptime_s"], "and is new each time")
    process.kill()
    process.wait()
    thread.join(LIMIT)
    process.stdout.close()


if __name__ == "__main__":
    tap.main(parallel=4)
