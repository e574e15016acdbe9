"""User events and queries with real agents: told once to each, asked by filter, answered from outside."""

import base64
import json
import subprocess
import threading
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

TEXT = "naïve; \"quoted\" \u2713"
BYTES = bytes(range(256))


def start(count, *words):
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return cluster, cluster.start(count, *words)


def feed(agent, data, *words):
    """Runs a command with data on its standard input."""
    return subprocess.run([BELLWETHER, *words, "--control", agent.control], input=data, capture_output=True,
                          timeout=LIMIT, env=clean_environment(), check=False)


def responder(cluster, agent, name, answer):
    """Answers each query of this name, as a program beside the agent would."""
    process = subprocess.Popen([BELLWETHER, "monitor", "--json", "--type", "query", "--control", agent.control],
                               stdout=subprocess.PIPE, text=True, env=clean_environment())

    def serve():
        for line in process.stdout:
            event = json.loads(line)
            if event["name"] == name:
                agent.run("respond", event["query"], answer(event))

    def end():
        process.kill()
        process.wait()
        thread.join(LIMIT)
        process.stdout.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    tap.cleanup(end)
    time.sleep(0.3)  # its stream has begun


@tap.test(timeout=60)
def an_event_is_seen_by_all_exactly_once():
    cluster, agents = start(3)
    tap.equal(agents[0].run("event", "deploy", TEXT).returncode, 0, "event")
    tap.equal(feed(agents[1], BYTES, "event", "raw", "-").returncode, 0, "bytes")
    tap.equal(agents[2].run("event", "bare").returncode, 0, "no payload")
    for agent in agents:
        deploy = agent.wait_event("user-event", name="deploy").object
        tap.equal((deploy["payload"], deploy["from"], deploy["from_id"]), (TEXT, "n1", agents[0].id), "deploy")
        raw = agent.wait_event("user-event", name="raw").object
        tap.equal(base64.b64decode(raw["payload_base64"]), BYTES, "raw")
        tap.check("payload" not in raw, "either text or base64")
        tap.equal(agent.wait_event("user-event", name="bare").object["payload"], "", "bare")
    time.sleep(2)
    for agent in agents:
        names = sorted(line.object["name"] for line in agent.events("user-event"))
        tap.equal(names, ["bare", "deploy", "raw"], "once each")
        tap.equal(set(agent.events("user-event")[0].object),
                  {"seq", "time", "type", "name", "from", "from_id", "ltime", "payload"}, "fields")


@tap.test(timeout=60)
def who_heard_of_an_event_says_the_next_one_later():
    cluster, agents = start(3)
    ltimes = []
    for number in range(4):
        agents[number % 3].run("event", f"e{number}")
        for agent in agents:
            agent.wait_event("user-event", name=f"e{number}")
        ltimes.append(agents[0].events("user-event")[-1].object["ltime"])
    tap.equal(ltimes, [1, 2, 3, 4], "ltimes")
    late = cluster.add("late", "--join", agents[0].addr).start().wait_ready()
    late.wait_event("member-alive", name="n3")
    late.run("event", "e4")
    tap.equal(agents[1].wait_event("user-event", name="e4").object["ltime"], 5, "the newcomer knows the time")
    time.sleep(1)
    tap.equal([line.object["name"] for line in late.events("user-event")], ["e4"], "and is not told of the past")


@tap.test(timeout=60)
def nothing_unescaped_reaches_a_terminal():
    cluster, agents = start(1)
    agents[0].run("event", "evil", "\033[31mred\n\x07")
    agents[0].wait_event("user-event")
    stream = subprocess.Popen([BELLWETHER, "monitor", "--since", "0", "--type", "user-event", "--control",
                               agents[0].control], stdout=subprocess.PIPE, text=True, env=clean_environment())
    tap.cleanup(stream.kill)
    line = stream.stdout.readline()
    tap.check("\\x1b[31mred\\x0a\\x07" in line and "\033" not in line, f"{line!r}")


@tap.test(timeout=60)
def a_query_is_answered_by_whom_it_is_for():
    cluster, agents = start(3)
    web = cluster.add("web", "--tag", "role=web", "--tag", "zone=a", "--join", agents[0].addr).start().wait_ready()
    cluster.wait_view(4)
    for agent in (*agents, web):
        responder(cluster, agent, "load", lambda event, agent=agent: agent.name + ":" + event["payload"])
    began = time.monotonic()
    result = agents[0].run("query", "load", "now", "--ack")
    tap.equal(result.returncode, 0, result.stderr)
    tap.check(time.monotonic() - began < 2.5, "it ends when all have answered")
    lines = result.stdout.splitlines()
    tap.equal(lines[-1], "4 of 4 members answered, 4 were reached", "summary")
    tap.equal(sorted(line for line in lines if ": " in line), [f"{n}: {n}:now" for n in ("n1", "n2", "n3", "web")],
              "answers")
    tap.equal(sorted(line for line in lines if "asked" in line), [f"{n} is asked" for n in ("n1", "n2", "n3", "web")],
              "acks")
    result = agents[0].run("query", "load", "--tag", "role=web", "--tag", "zone=a", "--json")
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    tap.equal([(o["type"], o.get("from"), o.get("payload")) for o in objects],
              [("query-response", "web", "web:"), ("query-end", None, None)], "by tag")
    tap.equal((objects[1]["responses"], objects[1]["acks"], objects[1]["expected"]), (1, 0, 1), "counts")
    result = agents[1].run("query", "load", "--node", "n3", "--node", "n1")
    tap.equal(sorted(result.stdout.splitlines()), ["2 of 2 members answered", "n1: n1:", "n3: n3:"], "by name")
    tap.equal(len(web.events("query")), 2, "it was asked twice: for all, and by its tags")
    tap.equal(set(web.events("query")[0].object),
              {"seq", "time", "type", "query", "name", "from", "from_id", "ltime", "left_ms", "payload"}, "fields")


@tap.test(timeout=60)
def a_query_that_nobody_answers_ends_in_time_with_1():
    cluster, agents = start(3)
    began = time.monotonic()
    result = agents[0].run("query", "silence", "--timeout", "1")
    took = time.monotonic() - began
    tap.equal((result.returncode, result.stdout), (1, "0 of 3 members answered\n"), result.stderr)
    tap.check(1 <= took < 3, f"after {took:.2f} s")
    result = agents[0].run("query", "silence", "--timeout", "1", "--ack")
    tap.equal(result.returncode, 0, "they have been reached")
    event = agents[1].events("query")[0].object
    result = agents[1].run("respond", event["query"], "too late")
    tap.equal(result.returncode, 1, "too late")
    tap.check("no such query" in result.stderr, result.stderr)


@tap.test(timeout=60)
def an_answer_is_given_once():
    cluster, agents = start(2)
    asking = subprocess.Popen([BELLWETHER, "query", "q", "--timeout", "5", "--control", agents[0].control],
                              stdout=subprocess.PIPE, text=True, env=clean_environment())
    tap.cleanup(asking.kill)
    event = agents[1].wait_event("query").object
    tap.equal(feed(agents[1], BYTES, "respond", event["query"], "-").returncode, 0, "first")
    tap.equal(agents[1].run("respond", event["query"], "second").returncode, 5, "second")
    out, _ = asking.communicate(timeout=LIMIT)
    tap.equal(out.splitlines(), ["n2: base64:" + base64.b64encode(BYTES).decode(), "1 of 2 members answered"], "answers")


@tap.test(timeout=60)
def mistakes_are_told():
    cluster, agents = start(1)
    for words, part, code in [
        (["event"], "NAME", 2),
        (["event", "a", "b", "c"], "'c'", 2),
        (["event", "a", "x" * 1025], "1024", 2),
        (["query"], "NAME", 2),
        (["query", "q", "--tag", "x"], "NAME=VALUE", 2),
        (["query", "q", "--tag", "a=b", "--tag", "a=c"], "already", 2),
        (["query", "q", "--timeout", "3601"], "3600", 2),
        (["respond"], "ID", 2),
        (["respond", "abc"], "16 digits", 5),
        (["event", "a", "x" * 1024], "1024", 5),
        (["event", "x" * 64], "63", 5),
        (["query", "q", "--node", "a\nb"], "control", 5),
    ]:
        result = agents[0].run(*words)
        tap.equal((result.returncode, result.stdout), (code, ""), f"{words} {result.stderr}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")
    for words in (["event", "a"], ["query", "a"], ["respond", "0123456789abcdef"]):
        tap.equal(run(*words, "--control", cluster.path("nobody")).returncode, 3, f"{words}")
    agents[0].run("leave", "--stay")
    tap.equal(agents[0].run("event", "a").returncode, 5, "it has left")


if __name__ == "__main__":
    tap.main(parallel=4)
