"""The stream of events: complete, in order, resumable; and the commands that watch."""

import fcntl
import json
import os
import pathlib
import queue
import re
import subprocess
import threading

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

FIELDS = {
    "member-alive": {"name", "id", "addr", "incarnation"},
    "member-left": {"name", "id", "addr", "incarnation"},
    "member-update": {"name", "id", "addr", "incarnation"},
    "member-suspect": {"name", "id", "addr", "incarnation", "by", "own"},
    "member-dead": {"name", "id", "addr", "incarnation", "by", "own"},
    "leader-elected": {"scope", "leader", "leader_id", "term", "token"},
    "leader-lost": {"scope", "leader", "leader_id", "term", "token", "reason"},
    "self-elected": {"scope", "leader", "leader_id", "term", "token"},
    "self-deposed": {"scope", "leader", "leader_id", "term", "token", "reason"},
    "converged": set(),
    "diverged": set(),
}


class Stream:
    """A command that goes on printing; its lines, as they come."""

    def __init__(self, *words, **more):
        self.process = subprocess.Popen([BELLWETHER, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=clean_environment(**more), stdin=subprocess.DEVNULL)
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        tap.cleanup(self.end)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.thread.join(LIMIT)
        self.process.stdout.close()
        self.process.stderr.close()

    def next(self):
        return self.lines.get(timeout=LIMIT)

    def until(self, condition):
        lines = [self.next()]
        while not condition(lines[-1]):
            lines.append(self.next())
        return lines


def start(count):
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return cluster, cluster.start(count)


def logged(agent):
    """The log's own state changes, as JSON text."""
    return [line.object for line in agent.events() if line.object["type"] != "ready"]


@tap.test(timeout=60)
def of_two_members_with_one_name_both_are_told():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("a", "--name", "twin").start().wait_ready()
    cluster.add("b", "--name", "twin", "--join", agent.addr).start()
    event = agent.wait_event("member-conflict").object
    both = {(member["id"], member["addr"]) for member in agent.ask("members")["members"]}
    tap.equal(set(event) - {"seq", "time", "type"},
              {"name", "id", "addr", "incarnation", "member_addr", "other_id", "other_addr"}, "fields")
    tap.equal({(event["id"], event["member_addr"]), (event["other_id"], event["other_addr"])}, both, "whom it names")
    tap.equal((event["name"], event["addr"]), ("twin", event["other_addr"]), "as before")
    line = Stream("monitor", "--since", "0", "--type", "member-conflict", "--control", agent.control).next()
    tap.check(f"called twin: one at {event['member_addr']}, and one at {event['other_addr']}" in line, line)


@tap.test(timeout=60)
def monitor_shows_the_very_objects_of_the_log():
    cluster, (first, second, third) = start(3)
    cluster.wait_reign()
    stream = Stream("monitor", "--json", "--since", "0", "--control", first.control)
    third.kill()
    lines = [json.loads(line) for line in stream.until(
        lambda line: '"member-dead"' in line and '"n3"' in line)]
    tap.equal([event["seq"] for event in lines], list(range(1, len(lines) + 1)), "numbers")
    cluster.wait(lambda: len(logged(first)) >= len(lines), LIMIT, "the log")
    tap.equal(lines, logged(first)[:len(lines)], "stream and log")
    for event in lines:
        tap.equal(set(event), {"seq", "time", "type"} | FIELDS[event["type"]], f"fields of {event['type']}")
        tap.check(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", event["time"]), event["time"])
    times = [event["time"] for event in lines]
    tap.equal(times, sorted(times), "times")
    dead = lines[-1]
    tap.equal(dead["id"], third.id, "id")
    tap.check(dead["by"] in ("n1", "n2") and dead["own"] == (dead["by"] == "n1"), f"accuser {dead['by']} {dead['own']}")


@tap.test(timeout=60)
def monitor_resumes_where_it_was():
    cluster, (first, _) = start(2)
    cluster.wait_reign()
    whole = logged(first)
    middle = whole[len(whole) // 2]["seq"]
    stream = Stream("monitor", "--json", "--since", str(middle), "--control", first.control)
    rest = [event for event in whole if event["seq"] > middle]
    tap.equal([json.loads(stream.next()) for _ in rest], rest, "the rest")
    cluster.agents["n2"].kill()
    stream.until(lambda line: '"member-dead"' in line)


@tap.test(timeout=60)
def monitor_misses_nothing_of_an_agent_that_was_started_again():
    cluster, (first, _) = start(2)
    cluster.wait_reign()
    ahead = Stream("monitor", "--json", "--since", "1000000", "--control", first.control)
    told = ahead.process.stderr.readline()
    tap.check("event 1000000" in told and "started again" in told and "begins with event 1," in told, told)
    whole = logged(first)
    tap.equal([json.loads(ahead.next()) for _ in whole], whole, "all since its start")
    cluster.agents["n2"].kill()
    ahead.until(lambda line: '"member-dead"' in line)


@tap.test
def every_type_of_event_is_named_by_the_help_and_told_by_the_dashboard():
    source = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
    events = (source / "include/bellwether/event.h").read_text().split("#define BW_EVENTS(X)")[1].split("#define")[0]
    types = set(re.findall(r'X\([A-Z_]+, "([a-z-]+)"\)', events))
    tap.check(len(types) > 20, f"{types}")
    said = run("monitor", "--help").stdout
    tap.equal(set(re.findall(r"[a-z-]+", re.search(r"Types:(.*?)\.", said, re.DOTALL)[1])), types, "help")
    words = (source / "tools/dashboard/words.js").read_text().split("const SENTENCES")[1].split("};")[0]
    tap.equal(set(re.findall(r'^ +"([a-z-]+)":', words, re.MULTILINE)), types, "dashboard")


def program(cluster, name, text):
    path = cluster.path(name)
    with open(path, "w", encoding="utf-8", opener=lambda place, flags: os.open(place, flags, 0o700)) as file:
        file.write("#!/bin/sh\n" + text)
    return path


@tap.test(timeout=60)
def monitor_runs_a_program_for_each_event():
    cluster, (first, second) = start(2)
    cluster.wait_reign()
    show = program(cluster, "show", 'read -r line; echo "$line"; env | grep -c ^SECRET; echo "$BELLWETHER_SEQ $BELLWETHER_TYPE '
                   '$BELLWETHER_NAME$BELLWETHER_LEADER $BELLWETHER_TOKEN"; exit 3\n')
    stream = Stream("monitor", "--since", "0", "--exec", show, "--control", first.control, SECRET="x")
    told = logged(first)
    for event in told:
        tap.equal(json.loads(stream.next()), event, "the object")
        tap.equal(stream.next(), "0\n", "nothing of our environment")
        fields = f"{event['seq']} {event['type']} {event.get('name', '')}{event.get('leader', '')} {event.get('token', '')}\n"
        tap.equal(stream.next(), fields, "the fields")
    tap.check("failed with exit code 3" in stream.process.stderr.readline(), "a failure is told")
    tap.equal(first.run("event", "a", 'b; $(touch x) "').returncode, 0, "an event with a payload")
    stream.until(lambda line: '"user-event"' in line)


@tap.test(timeout=60)
def monitor_ends_a_program_that_takes_too_long():
    cluster, (first,) = start(1)
    slow = program(cluster, "slow", 'echo "$BELLWETHER_NAME $$"; test "$BELLWETHER_NAME" = b || exec sleep 60\n')
    for name in ("a", "b", "c"):
        tap.equal(first.run("event", name).returncode, 0, "event")
    stream = Stream("monitor", "--json", "--since", "0", "--exec", slow, "--exec-timeout", "1", "--type", "user-event",
                    "--control", first.control)
    lines = [stream.next().split() for _ in range(3)]
    tap.equal([line[0] for line in lines], ["a", "b", "c"], "all of them, in order")
    tap.check("has run for 1 s" in stream.process.stderr.readline(), "it is told")
    tap.check(not os.path.exists(f"/proc/{lines[0][1]}"), "it has ended")
    mistake = first.run("monitor", "--exec", cluster.path("none"))
    tap.equal(mistake.returncode, 2, "no such program")
    mistake = first.run("monitor", "--exec", "no-such-program")
    tap.equal((mistake.returncode, "No such file" in mistake.stderr), (2, True), f"nor on the PATH: {mistake.stderr}")


@tap.test(timeout=60)
def monitor_shows_chosen_types_only_and_text_for_people():
    cluster, (first, _) = start(2)
    cluster.wait_reign()
    chosen = Stream("monitor", "--json", "--type", "leader-elected,member-left", "--since", "0", "--control", first.control)
    tap.equal(json.loads(chosen.next())["type"], "leader-elected", "the first")
    text = Stream("monitor", "--since", "0", "--control", first.control)
    lines = text.until(lambda line: "leader-elected" in line)
    tap.check(any("n2 is alive at 127.0.0.1:" in line for line in lines), f"{lines}")
    tap.check(not any("\033" in line for line in lines), "no colour in a pipe")
    cluster.agents["n2"].run("leave")
    kinds = {json.loads(line)["type"] for line in chosen.until(lambda line: "member-left" in line)}
    tap.check(kinds <= {"leader-elected", "member-left"}, f"{kinds}")


@tap.test(timeout=60)
def watching_ends_with_3_when_the_agent_goes():
    cluster, (first, _) = start(2)
    cluster.wait_reign()
    streams = [Stream(*words, "--control", first.control) for words in (
        ["monitor", "--since", "0"], ["members", "--watch"], ["leader", "--watch"], ["leader", "nowhere", "--wait"])]
    for stream in streams[:3]:
        stream.next()
    tap.equal(first.run("leave").returncode, 0, "leave")
    for stream in streams:
        tap.equal(stream.process.wait(LIMIT), 3, "exit code")


@tap.test(timeout=60)
def leader_watch_prints_each_change():
    cluster, (first, second, third) = start(3)
    _, name, _ = cluster.wait_reign()
    observer = next(agent for agent in (first, second, third) if agent.name != name)
    stream = Stream("leader", "default", "--watch", "--control", observer.control)
    tap.equal(stream.next(), name + "\n", "the leader")
    cluster.agents[name].kill()
    lines = stream.until(lambda line: line.strip() not in ("-", name))
    tap.equal(lines[-1].strip(), cluster.wait_reign(agents=[a for a in cluster.living()])[1], "the next one")


@tap.test(timeout=60)
def members_watch_prints_each_change():
    cluster, (first, second) = start(2)
    cluster.wait_reign()
    stream = Stream("members", "--watch", "--json", "--control", first.control)
    tap.equal(len(json.loads(stream.next())["members"]), 2, "members")
    second.kill()
    stream.until(lambda line: {"n1": "alive", "n2": "dead"} == {
        member["name"]: member["status"] for member in json.loads(line)["members"]})


@tap.test(timeout=60)
def members_watch_shows_a_table_again_only_if_it_differs():
    cluster, (first, _) = start(2)
    reign = cluster.wait_reign()
    stream = Stream("members", "--watch", "--control", first.control)
    lines = [stream.next() for _ in range(3)]
    leader = cluster.agents[reign[1]]
    tap.equal(leader.run("stepdown", "default").returncode, 0, "views differ for a moment")
    lost = first.wait_event("leader-lost", token=reign[0])
    first.wait_event("converged", since=first.wait_event("leader-elected", since=lost.at).at)
    tap.equal(first.run("tags", "colour=red").returncode, 0, "tags")
    lines += stream.until(lambda line: "colour=red" in line)
    tables = [[]]
    for line in lines:
        if line.strip():
            tables[-1].append(re.sub(r" (\d+\.\d\d ms|self)", "", line).split())  # without the round trip
        else:
            tables.append([])
    tap.check(len(tables) >= 2, f"{tables}")
    for before, after in zip(tables, tables[1:]):
        tap.check(before != after[:len(before)], f"a table twice: {tables}")


@tap.test(timeout=120)
def streams_end_when_nobody_reads_them():
    cluster, (first, _) = start(2)
    cluster.wait_reign()
    last = ["monitor", "--since", "0", "--type", "leader-elected"]  # one line, and then nothing
    streams = [last, [*last, "--json"], ["members", "--watch"],
               ["leader", "--watch"], ["history", "--watch"], ["info", "--watch"]]
    for words in streams:
        stream = subprocess.Popen([BELLWETHER, *words, "--control", first.control], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment())
        tap.cleanup(stream.kill)
        tap.check(stream.stdout.readline(), f"{words}: a line")
        stream.stdout.close()  # as head -1 does
        tap.equal((stream.wait(LIMIT), stream.stderr.read()), (0, ""), f"{words}")
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([BELLWETHER, *words, "--control", first.control], stdin=subprocess.DEVNULL, stdout=full,
                                    stderr=subprocess.PIPE, text=True, timeout=LIMIT, env=clean_environment(), check=False)
        tap.equal((result.returncode, result.stderr), (1, "bellwether: standard output cannot be written\n"), f"{words}: full")


@tap.test(timeout=60)
def log_that_nobody_reads_does_not_stall_the_agent():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    first = cluster.add("n1").start().wait_ready()
    words = [BELLWETHER, "agent", "--name", "deaf", "--bind", "127.0.0.1:0", "--key-file", cluster.key, "--state-dir",
             cluster.path("state"), "--control", cluster.path("sock"), "--profile", "local", "--cluster", "e2e",
             "--join", first.addr, "--log-format", "json"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, env=clean_environment()) as process:
        tap.cleanup(process.kill)
        fcntl.fcntl(process.stderr, 1031, 4096)  # F_SETPIPE_SZ: as small as it gets
        first.wait_event("member-alive", name="deaf")
        for number in range(8):
            other = cluster.add(f"x{number}", "--observer", "--join", first.addr).start().wait_ready()
            first.wait_event("member-alive", name=other.name)
            other.run("leave")
        first.wait_event("member-left", name="x7")
        tap.equal(first.status_of("deaf"), "alive", "it lives on")
        process.terminate()
        tap.equal(process.wait(LIMIT), 0, "it leaves orderly")


if __name__ == "__main__":
    tap.main(parallel=4)
