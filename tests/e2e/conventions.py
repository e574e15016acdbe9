"""All commands against the conventions of all commands: one row each, and no command without a row."""

import functools
import json
import os
import pty
import re
import socket
import subprocess
import tempfile

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

# What a command talks to, and what it is called with so that it needs nothing else. "agent": a client of the control socket.
# Of the rest: which of the conventions' options it has, as it waits for nobody, prints nothing for programs, or has no colour.
CLIENTS = {
    "members": [], "leader": [], "history": [], "monitor": [], "info": [], "is-leader": [], "wait": ["--members", "1"],
    "stepdown": ["default"], "owner": ["key", "--scopes", "orders"], "transfer": ["default", "--to", "n1"],
    "refused": ["default", "0" * 32], "freeze": ["default"], "thaw": ["default"], "keys": [], "reload": [],
    "voters": ["default"], "ready": ["default", "yes"], "priority": ["default", "100"], "join": ["127.0.0.1"], "tags": [],
    "forget": ["n1"], "why": ["n1"], "rtt": ["n1"], "reachability": [], "leave": ["--stay"], "event": ["deploy"],
    "query": ["load"], "respond": ["0" * 16],
}
OTHERS = {
    "top": {"--timeout", "--control", "--color"}, "doctor": {"--json", "--timeout", "--control", "--color"},
    "run": {"--json", "--timeout", "--control"}, "fence": {"--json", "--timeout"},
    "discover": {"--json", "--timeout", "--color"}, "demo": {"--json", "--color"}, "simulate": {"--json", "--color"},
    "authority": {"--json"}, "version": {"--json"}, "agent": set(), "init": set(), "keygen": set(), "timeline": set(),
    "help": set(), "completion": set(),
}
WATCHING = {"members", "leader", "history", "info"}
REFUSED = {"voters": 1, "owner": 1, "respond": 1, "forget": 5}  # by an agent alone that has neither voters, nor shards, nor the dead
SILENT = {"monitor"}  # until something happens


@functools.cache
def commands():
    return [line.split()[0] for line in run("help").stdout.splitlines() if re.match(r"^  [a-z]", line)]


@functools.cache
def options(command):
    return set(re.findall(r"^ {2,8}(?:-\S(?: \S+)?, )?(--[a-z][a-z-]*)", run(command, "--help").stdout, re.M))


def alone(*words):
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("n1", "--scope", "default", *words).start().wait_ready()
    cluster.wait_leader()
    return agent


@tap.test
def each_command_has_a_row():
    tap.equal(sorted(commands()), sorted([*CLIENTS, *OTHERS]), "commands")


@tap.test(timeout=120)
def options_that_all_share():
    for name in CLIENTS:
        wanted = {"--json", "--control", "--timeout", "--color", "--help"} | ({"--watch"} if name in WATCHING else set())
        tap.equal(wanted - options(name), set(), f"missing in {name}")
    for name, wanted in OTHERS.items():
        tap.equal((wanted | {"--help"}) - options(name), set(), f"missing in {name}")


@tap.test(timeout=120)
def help_has_examples_which_are_of_that_command():
    for name in commands():
        for words in (["help", name], [name, "--help"], [name, "-h"]):
            text = run(*words).stdout
            tap.check("\nExamples:\n" in text, f"{words}: {text}")
            lines = text[text.index("\nExamples:\n"):].splitlines()[2::2]
            tap.check(all(f"bellwether {name}" in line for line in lines) and lines, f"examples of {name}: {lines}")


@tap.test(timeout=120)
def options_of_examples_exist():
    for name in commands():
        text = run("help", name).stdout
        lines = text[text.index("\nExamples:\n"):].splitlines()[2::2]
        for line in lines:
            own = line.split(" -- ")[0]
            words = [word for word in re.findall(r"(?<=\s)--[a-z][a-z-]*", own)]
            tap.equal(set(words) - options(name), set(), f"unknown in {line!r}")


@tap.test
def unknown_options_are_answered_with_the_nearest():
    for name in commands():
        known = sorted(options(name), key=len)[-1]
        wrong = known[:3] + known[4] + known[3] + known[5:]  # two letters swapped
        result = run(name, wrong)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{name} {wrong}")
        tap.check(f"unknown option '{wrong}'; did you mean '{known}'?" in result.stderr, result.stderr)
    result = run("membrs")
    tap.equal((result.returncode, result.stdout), (2, ""), "an unknown command")
    tap.check("unknown command 'membrs'; did you mean 'members'?" in result.stderr, result.stderr)
    tap.check("did you mean" not in run("xyzzyx").stderr, "nothing is near")
    for words, meant in [(["keys", "lst"], "list"), (["voters", "db", "remvoe", "n1"], "remove"),
                         (["authority", "sing", "n1"], "sign"), (["ready", "db", "yse"], "yes"), (["help", "leadre"], "leader")]:
        result = run(*words)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{words}")
        tap.check(f"did you mean '{meant}'?" in result.stderr, f"{words}: {result.stderr}")


@tap.test(timeout=120)
def options_stand_before_and_behind_operands_and_end_with_two_dashes():
    directory = tempfile.TemporaryDirectory(prefix="bw-e2e-")
    tap.cleanup(directory.cleanup)
    own = {"fence": ["guard", "0" * 32], "timeline": ["file"], "help": ["leader"], "init": ["made"], "completion": ["bash"],
           "authority": ["show", "file"]}
    for name in commands():
        words = [word for word in CLIENTS.get(name, own.get(name, [])) if word[0] != "-"]
        for line in ([*words, "--help"], ["--help", *words]):
            result = run(name, *line, cwd=directory.name)
            tap.check(result.returncode == 0 and "\nExamples:\n" in result.stdout, f"{name} {line}: {result.stderr}")
        result = run(name, "--", "--help", "--control", "/nowhere", cwd=directory.name)
        tap.check(result.returncode != 0 and result.stdout == "", f"{name} -- --help: {result.stdout}")
    result = run("run", "command", "--help")
    tap.equal((result.returncode, "--scope is wanted" in result.stderr), (2, True), "what follows CMD is CMD's")
    result = run("event", "load", "-5")
    tap.equal((result.returncode, "behind '--' it is no option" in result.stderr), (2, True), result.stderr)
    result = run("--json", "members")
    tap.equal((result.returncode, "options stand behind it" in result.stderr), (2, True), result.stderr)


@tap.test(timeout=90)
def nobody_gives_3_and_silence_4():
    agent = alone()
    agent.signal(19)
    for name, words in CLIENTS.items():
        result = run(name, *words, "--control", "/nowhere/sock")
        tap.equal((result.returncode, result.stdout), (3, ""), f"{name} without an agent")
        tap.check("/nowhere/sock" in result.stderr, result.stderr)
        result = agent.run(name, *words, "--timeout", "0.1")
        tap.equal((result.returncode, result.stdout), (4, ""), f"{name} of a stopped agent: {result.stderr}")
    result = run("run", "--scope", "job", "--timeout", "0.1", "--control", agent.control, "--", "true")
    tap.equal((result.returncode, result.stderr), (4, "bellwether: the agent has not answered for 0.1 s\n"), "run")
    for _ in range(200):  # until no more fit
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        tap.cleanup(client.close)
        if client.connect_ex(agent.control) != 0:
            break
    result = agent.run("members", "--timeout", "0.1")
    tap.equal((result.returncode, result.stderr), (4, "bellwether: the agent has not answered for 0.1 s\n"), "many wait there")
    agent.signal(18)


@tap.test(timeout=60)
def json_is_one_object_a_line():
    agent = alone()
    last = ["stepdown", "leave"]  # behind which it neither leads nor is a member
    for name in [name for name in CLIENTS if name not in last and name not in SILENT] + last:
        result = agent.run(name, *CLIENTS[name], "--json", "--timeout", "5")
        if name in REFUSED:
            tap.equal((result.returncode, result.stdout), (REFUSED[name], ""), f"{name}: {result.stderr}")
            continue
        tap.check(result.returncode in (0, 1), f"{name}: {result.returncode} {result.stderr}")
        objects = [json.loads(line) for line in result.stdout.splitlines()]
        tap.check(objects and all(isinstance(entry, dict) for entry in objects), f"{name}: {result.stdout!r}")
    tap.equal(set(json.loads(run("version", "--json").stdout)), {"version"}, "version")


def on_a_terminal(agent, *words, **more):
    """What the command writes to a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([BELLWETHER, *words, "--control", agent.control], stdin=slave, stdout=slave, stderr=slave,
                          env=clean_environment(TERM="xterm", **more)) as process:
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:  # the other end is closed
            pass
        process.wait(LIMIT)
    os.close(master)
    return shown


@tap.test
def colour_is_for_terminals_unless_told_otherwise():
    agent = alone()
    for name in ("members", "leader", "history"):
        tap.check(b"\x1b[" in on_a_terminal(agent, name), f"{name} on a terminal")
        tap.check(b"\x1b[" not in on_a_terminal(agent, name, NO_COLOR="1"), f"{name}: NO_COLOR")
        tap.check(b"\x1b[" not in on_a_terminal(agent, name, "--color=never"), f"{name}: --color=never")
        tap.check(b"\x1b[" in on_a_terminal(agent, name, "--color", NO_COLOR="1"), f"{name}: --color is stronger")
        tap.check("\x1b[" not in agent.run(name).stdout, f"{name}: not on a terminal")
        tap.check("\x1b[" in agent.run(name, "--color=always").stdout, f"{name}: --color=always")
        tap.check(b"\x1b[" not in on_a_terminal(agent, name, "--json"), f"{name} --json")
    for name, words in CLIENTS.items():
        result = run(name, *words, "--color=blue", "--control", "/nowhere")
        tap.equal(result.returncode, 2, f"{name} --color=blue")


@tap.test
def the_shown_again_is_shown_again():
    agent = alone()
    for name in sorted(WATCHING):
        process = subprocess.Popen([BELLWETHER, name, "--watch", "--json", "--control", agent.control],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=clean_environment())
        tap.cleanup(process.kill)
        tap.check(json.loads(process.stdout.readline()), f"{name} at once")
        if name == "members":
            agent.run("tags", "colour=red")
        else:
            agent.run("stepdown", "default", "--for", "0.2")
        tap.check(json.loads(process.stdout.readline()), f"{name} when something has happened")
        process.kill()
        process.wait()


@tap.test
def check_config_says_what_is_wrong_and_starts_nothing():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    run("init", cluster.path("etc"))
    config = cluster.path("etc/bellwether.conf")
    good = run("agent", "--config", config, "--check-config", "--state-dir", cluster.path("state"), "--control",
               cluster.path("sock"))
    tap.equal((good.returncode, good.stderr), (0, ""), "a good one")
    tap.check(config in good.stdout and "bellwether.key" in good.stdout, good.stdout)
    tap.equal([os.path.exists(cluster.path(name)) for name in ("state", "sock")], [False, False], "nothing is made")
    key = cluster.path("etc/bellwether.key")
    for change, expected, part in [
        (lambda: append(config, "profile = lam\n"), 2, "did you mean 'lan'?"),
        (lambda: append(config, "jion = x\n"), 2, "unknown key 'jion'; did you mean 'join'?"),
        (lambda: append(config, "config = x\n"), 2, "'config' is for the command line only"),
        (lambda: append(config, "set = probe_timeout_max_ms=60000\n"), 1, "contradict"),
        (lambda: append(config, "identity = x\n"), 1, "identity mode needs all three"),
        (lambda: os.chmod(key, 0o644), 1, "chmod 600"),
        (lambda: os.remove(key), 1, key),
    ]:
        with open(config, encoding="utf-8") as file:
            before = file.read()
        change()
        result = run("agent", "--config", config, "--check-config")
        tap.equal((result.returncode, result.stdout), (expected, ""), part)
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")
        with open(config, "w", encoding="utf-8") as file:
            file.write(before)


@tap.test
def check_config_tells_all_mistakes_of_the_file():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    run("init", cluster.path("etc"))
    config = cluster.path("etc/bellwether.conf")
    with open(config, encoding="utf-8") as file:
        at = len(file.readlines()) + 1
    long = "name = " + 300 * "x"
    append(config, f"profile = lam\n\n# fine\nname n1\nname = n1\n[site]\n  jion = x\n{long}\nset = probe_timeout_ms=x\n")

    def told(*words):
        result = run("agent", "--config", config, "--check-config", "--log-format", "json", *words)
        tap.equal((result.returncode, result.stdout), (2, ""), "exit code, output")
        return [json.loads(line)["msg"] for line in result.stderr.splitlines()]

    lines = told()
    wanted = [(0, "profile = lam: "), (3, "not understood: "), (5, "leave [site] out"), (6, "unknown key 'jion'"),
              (7, "a line longer than"), (8, "set = probe_timeout_ms=x: ")]
    tap.equal(len(lines), len(wanted), f"{lines}")
    for line, (offset, part) in zip(lines, wanted):
        tap.check(line.startswith(f"{config}:{at + offset}: ") and part in line, f"{part!r} in {line!r}")
    findings = json.loads(run("doctor", "--json", "--config", config, "--control", "/nowhere").stdout)["findings"]
    tap.equal([entry["what"] for entry in findings if entry["check"] == "config"], lines, "the doctor tells the same, each")
    def rewrite(text):
        with open(config, "w", encoding="ascii") as file:
            file.write(text)

    append(config, 100 * "x = y\n")
    lines = told()
    tap.equal((len(lines), "no further" in lines[-1]), (21, True), f"{lines[-1]}")
    rewrite(20 * "x = y\n")
    lines = told()
    tap.equal((len(lines), "unknown key" in lines[-1]), (20, True), f"{lines[-1]}")
    rewrite("name = " + 192 * "x")
    tap.equal([line.partition(": ")[2] for line in told()], ["a line longer than 198 bytes, or with a zero byte in it"], "the last one")


@tap.test
def check_config_tells_what_else_is_wrong_at_once():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    run("init", cluster.path("etc"))
    config = cluster.path("etc/bellwether.conf")
    os.remove(cluster.path("etc/bellwether.key"))
    append(config, "identity = x\nset = probe_timeout_max_ms=60000\n")
    result = run("agent", "--config", config, "--check-config")
    tap.equal((result.returncode, result.stdout), (1, ""), "exit code, output")
    for part in ("identity mode needs all three", "contradict", cluster.path("etc/bellwether.key")):
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


@tap.test
def parameters_are_listed_as_json():
    parameters = json.loads(run("help", "parameters", "--json").stdout)["parameters"]
    lease = [entry for entry in parameters if entry["name"] == "lease_ms"][0]
    tap.equal((list(lease), lease["least"] < lease["local"] <= lease["largest"]),
              (["name", "least", "largest", "local", "lan", "wan", "text"], True), "what the table has")
    listed = re.findall("^([a-z_]+) +[0-9]", run("help", "parameters").stdout, re.MULTILINE)
    tap.equal([entry["name"] for entry in parameters], listed, "all of them, in its order")
    for topic in (["leader"], []):
        result = run("help", *topic, "--json")
        tap.equal((result.returncode, result.stdout), (2, ""), f"{topic}: texts have no JSON")


@tap.test(timeout=60)
def reload_changes_what_can_change_live_and_names_the_rest():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    config = cluster.path("agent.conf")
    base = "scope = db:priority=7,min_ack=1\nscope = mail\n"
    with open(config, "w", encoding="utf-8") as file:
        file.write(base + "tag = role=web\ntag = zone=a\n")
    agent = cluster.add("n1", "--config", config, "--tag", "line=yes", "--control-group", "root").start().wait_ready()
    cluster.wait_reign(scope="db")

    def state():
        scopes = {entry["scope"]: entry["candidates"][0]["priority"] for entry in agent.ask("leader")["scopes"]}
        return agent.ask("members")["members"][0]["tags"], scopes

    tap.equal(state(), ({"role": "web", "zone": "a", "line": "yes"}, {"db": 7, "mail": 100}), "at the start")
    tap.equal(agent.ask("reload"), {"keys_changed": False, "applied": [], "restart": [], "credentials": []}, "nothing has changed")
    tap.equal(agent.run("tags", "hand=made").returncode, 0, "a tag by hand")
    with open(config, "w", encoding="utf-8") as file:
        file.write("scope = db:min_ack=1,priority=300\nscope = mail\ntag = role=db\nlog-level = debug\nprofile = wan\njoin = 127.0.0.1:1\n")
    answer = agent.ask("reload")
    tap.equal(answer, {"keys_changed": False, "applied": ["tag", "scope", "log-level"], "restart": ["join"], "credentials": []},
              "the profile is given on the command line")
    tap.equal(state(), ({"role": "db", "line": "yes", "hand": "made"}, {"db": 300, "mail": 100}), "it holds")
    text = agent.run("reload").stdout
    tap.check("counts at the next start only: join" in text and "changed:" not in text, text)
    with open(config, "w", encoding="utf-8") as file:
        file.write(base.replace("min_ack=1", "min_ack=2") + "tag = role=db\nlog-level = warn\nnmae = x\n")
    result = agent.run("reload")
    tap.equal((result.returncode, result.stderr), (5, f"bellwether: the agent refused: {config}:5: unknown key 'nmae'; did you mean "
              "'name'? (the configuration cannot be used: all is as it was)\n"), "a mistake")
    cluster.wait(lambda: any("did you mean 'name'?" in text for text in agent.errors()), LIMIT, "the reason in the log")
    tap.equal(state()[1]["db"], 300, "nothing has changed")
    with open(config, "w", encoding="utf-8") as file:
        file.write(base.replace("min_ack=1", "min_ack=2") + "tag = role=db\n")
    agent.signal(1)
    line = cluster.wait(lambda: [line.text for line in agent.log() if "SIGHUP" in line.text], LIMIT, "SIGHUP in the log")[0]
    tap.check("changed: scope, log-level" in line and "next start only: scope" in line, line)
    tap.equal(state(), ({"role": "db", "line": "yes", "hand": "made"}, {"db": 7, "mail": 100}), "and it holds")


if __name__ == "__main__":
    tap.main()
