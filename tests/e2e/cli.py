"""The command's contract: exit codes, JSON shapes, clear errors."""

import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import sys

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
HEX32 = re.compile(r"^[0-9a-f]{32}$")


def new_cluster(**more):
    cluster = Cluster(**more)
    tap.cleanup(cluster.close)
    return cluster


def refused(agent, *words, code=1):
    """Starts an agent that must not come up; returns its one complaint."""
    agent.start(*words)
    tap.equal(agent.wait_exit(), code, "exit code")
    for thread in agent.threads:
        thread.join(LIMIT)
    tap.check(all(line.object for line in agent.log()), f"all lines are JSON: {[line.text for line in agent.log()]}")
    tap.equal(len(agent.errors()), 1, f"one error: {agent.errors()}")
    tap.equal(agent.events("ready"), [], "it was not ready")
    return agent.errors()[0]


def contains(text, *parts):
    for part in parts:
        tap.check(part in text, f"{part!r} in {text!r}")


@tap.test
def usage_mistakes_are_named_and_give_2():
    for words, parts in [
        (["membres"], ["'membres'", "'members'"]),
        (["members", "--statu", "alive", "--jsn"], ["--jsn", "--json"]),
        (["members", "--status", "aliv"], ["alive"]),
        (["members", "--status"], ["--status"]),
        (["members", "too", "many"], ["'too'"]),
        (["leader", "a", "b"], ["'b'"]),
        (["leader", "--wait=soon"], ["--wait"]),
        (["leader", "--wait", "5"], ["--wait=5"]),
        (["leader", "--wait", "0.5", "--json"], ["--wait=0.5"]),
        (["members", "--color", "never"], ["--color=never"]),
        (["wait", "--leader", "jobs"], ["--leader=jobs"]),
        (["monitor", "--type", ","], ["--type", "types of events"]),
        (["monitor", "--type", "member-ded"], ["member-dead"]),
        (["monitor", "--since", "-1"], ["--since"]),
        (["demo", "--nodes", "1"], ["--nodes"]),
        (["keygen", "more"], ["'more'"]),
        (["members", "-x"], ["-x"]),
        (["help", "leadre"], ["leader"]),
        (["demo", "-c"], ["-c"]),
    ]:
        result = run(*words)
        tap.equal(result.returncode, 2, f"exit code of {words}")
        tap.equal(result.stdout, "", f"standard output of {words}")
        contains(result.stderr, *parts)
    result = run()
    tap.equal((result.returncode, result.stdout), (2, ""), "no command at all")
    contains(result.stderr, "Usage:")


@tap.test
def help_and_version():
    names = [line.split()[0] for line in run("help").stdout.splitlines() if re.match(r"^  [a-z]", line)]
    tap.check({"agent", "members", "leader", "monitor", "demo", "init", "keygen"} <= set(names), f"commands: {names}")
    for name in names:
        for words in ((name, "--help"), ("help", name), (name, "-h")):
            result = run(*words)
            tap.equal((result.returncode, result.stderr), (0, ""), f"{words}")
            contains(result.stdout, "Usage:")
    tap.equal(run("--version").stdout, run("version").stdout, "--version")
    tap.check(re.match(r"^bellwether \d+\.\d+\.\d+\n$", run("version").stdout), "version")
    contains(run("help", "parameters").stdout, "probe_interval_ms", "lease_ms")


@tap.test
def keygen_prints_one_line_of_32_bytes():
    first, second = run("keygen"), run("keygen")
    tap.equal((first.returncode, first.stderr), (0, ""), "quiet")
    tap.check(re.match(r"^[A-Za-z0-9+/]{43}=\n$", first.stdout), first.stdout)
    tap.check(first.stdout != second.stdout, "two keys differ")


@tap.test
def init_makes_a_key_and_a_file_that_an_agent_takes():
    cluster = new_cluster()
    place = cluster.path("etc")
    result = run("init", place)
    tap.equal((result.returncode, result.stdout), (0, ""), "init")
    config, key = os.path.join(place, "bellwether.conf"), os.path.join(place, "bellwether.key")
    for path in (config, key):
        tap.equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, f"mode of {path}")
    before = pathlib.Path(key).read_text(encoding="ascii")
    again = run("init", place)
    tap.equal(again.returncode, 1, "a second init changes nothing")
    contains(again.stderr, "bellwether.key")
    tap.equal(pathlib.Path(key).read_text(encoding="ascii"), before, "the key")
    with open(config, "a", encoding="utf-8") as file:
        file.write("tag = role=web\ntag = zone=b\nscope = cron:priority=7,min_ack=2\nscope = jobs\nprofile = local\n"
                   "set = probe_interval_ms=250\nlog-level = info\n")
    agent = cluster.add("n1", "--config", config, "--key-file", key, "--tag", "zone=c")
    agent.start().wait_ready()
    member = agent.ask("members")["members"][0]
    tap.equal(member["tags"], {"role": "web", "zone": "c"}, "tags: the command line overrides the file")
    agent.wait_event("self-elected", scope="cron")
    agent.wait_event("self-elected", scope="jobs")
    scopes = {entry["scope"]: entry for entry in agent.ask("leader")["scopes"]}
    tap.equal(set(scopes), {"cron", "jobs"}, "scopes")
    tap.equal(scopes["cron"]["candidates"][0]["priority"], 7, "priority")


@tap.test
def key_beside_the_configuration_is_the_default():
    cluster = new_cluster()
    run("init", cluster.path("etc"))
    words = ["agent", "--config", cluster.path("etc/bellwether.conf"), "--bind", "127.0.0.1:0", "--log-format", "json",
             "--state-dir", cluster.path("state"), "--control", cluster.path("sock"), "--profile", "local"]
    with subprocess.Popen([BELLWETHER, *words], stderr=subprocess.PIPE, text=True, env=clean_environment()) as process:
        tap.cleanup(process.kill)
        types = (json.loads(line).get("type") for line in process.stderr)
        tap.check("ready" in types, "ready")
        process.terminate()
        process.stderr.read()
        tap.equal(process.wait(LIMIT), 0, "exit code")
    result = run("agent", "--state-dir", cluster.path("state"), "--log-format", "json")
    tap.equal(result.returncode, 1, "no key at all")
    contains(json.loads(result.stderr)["msg"], "bellwether init", "--key-file")


@tap.test
def key_file_that_others_can_read_is_refused():
    cluster = new_cluster()
    os.chmod(cluster.key, 0o640)
    contains(refused(cluster.add("n1")), cluster.key, f"chmod 600 {cluster.key}")
    os.chmod(cluster.key, 0o600)
    pathlib.Path(cluster.key).write_text("# nothing\n\nnonsense\n", encoding="ascii")
    contains(refused(cluster.agents["n1"]), cluster.key, "line 3")
    os.remove(cluster.key)
    contains(refused(cluster.agents["n1"]), cluster.key, "bellwether init")


@tap.test
def unknown_options_and_keys_are_named_with_the_nearest():
    cluster = new_cluster()
    agent = cluster.add("n1")
    contains(refused(agent, "--jion", "127.0.0.1", code=2), "--jion", "--join")
    contains(refused(agent, "--set", "probe_intervall_ms=5", code=2), "probe_interval_ms")
    contains(refused(agent, "--set", "probe_interval_ms=5", code=2), "20", "600000")
    contains(refused(agent, "--set", "probe_timeout_max_ms=60000", code=1), "contradict")
    contains(refused(agent, "--scope", "default:priorty=5", code=2), "priority")
    contains(refused(agent, "--scope", "default:priority=70000", code=2), "65535")
    contains(refused(agent, "--scope", "default:gate=yes", code=2), "'gate' stands alone")
    contains(refused(agent, "--scope", "orders/0..3:spread=yes", code=2), "'spread' stands alone")
    contains(refused(agent, "--advertise", "0.0.0.0:7947", code=2), "all addresses")
    contains(refused(agent, "--advertise", "::", code=2), "all addresses")
    contains(refused(agent, "--scope", "orders/3..1", code=2), "range")
    contains(refused(agent, "--scope", "orders/00..03", code=2), "leading zeros")
    contains(refused(agent, "--scope", "orders/0..65536", code=2), "range", "65535")
    contains(refused(agent, "--scope", "orders/0..9", "--scope", "orders/7", code=2), "'orders/7' is in the range orders/0..9")
    contains(refused(agent, "--scope", "orders/0..4999", code=1), "scope_max")
    contains(refused(agent, "--profile", "lam", code=2), "lan")
    contains(refused(agent, "--bind", "127.0.0.1:99999", code=2), "--bind")
    contains(refused(agent, "--tag", "novalue", code=2), "NAME=VALUE")
    config = cluster.path("wrong.conf")
    for text, parts in [
        ("# fine\n\nnmae = n1\n", [f"{config}:3", "'nmae'", "'name'"]),
        ("name = n1\nprofile = lann\n", [f"{config}:2", "lan"]),
        ("name = n1\nnonsense\n", [f"{config}:2"]),
        ("[agent]\nname = n1\n", [f"{config}:1", "section"]),
        ("name = n1\ntag = x=" + "y" * 300 + "\n", [f"{config}:2", "long"]),
        ("observer = perhaps\n", [f"{config}:1", "yes or no"]),
        ("config = other\n", [f"{config}:1", "config"]),
        ("log-format = text\nnmae = n1\n", [f"{config}:2"]),
    ]:
        pathlib.Path(config).write_text(text, encoding="utf-8")
        contains(refused(agent, "--config", config, code=2), *parts)
    contains(refused(agent, "--config", cluster.path("missing.conf"), code=2), "missing.conf", "No such file")


@tap.test
def indented_settings_are_settings():
    cluster = new_cluster()
    config = pathlib.Path(cluster.path("indented.conf"))
    config.write_text("tag = role=web\n  tag = rack=7\n\ttag = motto=a b\n", encoding="utf-8")
    agent = cluster.add("n1", "--config", str(config)).start().wait_ready()
    tap.equal(agent.ask("members")["members"][0]["tags"], {"role": "web", "rack": "7", "motto": "a b"}, "tags")


@tap.test
def port_in_use():
    cluster = new_cluster()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        contains(refused(cluster.add("n1", "--bind", f"127.0.0.1:{port}")), str(port))
    contains(refused(cluster.add("n2", "--bind", "192.0.2.77:0")), "192.0.2.77")


@tap.test
def state_directory_that_cannot_be_written():
    cluster = new_cluster()
    path = cluster.path("file")
    pathlib.Path(path).write_text("in the way", encoding="ascii")
    contains(refused(cluster.add("n1", "--state-dir", path + "/below")), path)
    contains(refused(cluster.add("n2", "--state-dir", "/proc/bellwether")), "/proc/bellwether")


@tap.test
def second_agent_on_one_state_directory_or_socket():
    cluster = new_cluster()
    first = cluster.add("n1").start().wait_ready()
    contains(refused(cluster.add("n2", "--state-dir", first.state)), first.state, "--state-dir")
    contains(refused(cluster.add("n3", "--control", first.control)), first.control, "--control")
    contains(refused(cluster.add("n4", "--control", cluster.key)), cluster.key, "--control")
    contains(refused(cluster.add("n5", "--control", "/tmp/" + "x" * 120)), "--control")
    tap.equal(first.run("members").returncode, 0, "the first one is still served")
    first.kill()
    tap.check(os.path.exists(first.control), "a killed agent leaves its socket behind")
    first.start().wait_ready()  # which the next one replaces
    tap.equal(first.run("members").returncode, 0, "members")


@tap.test
def socket_is_owner_only():
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()
    tap.equal(stat.S_IMODE(os.stat(agent.control).st_mode), 0o600, "mode")
    tap.equal(stat.S_IMODE(os.stat(agent.state).st_mode), 0o700, "mode of the state directory")


@tap.test
def nobody_at_the_socket_gives_3():
    cluster = new_cluster()
    for words in (["members"], ["leader"], ["leader", "--wait"], ["monitor"], ["leave"], ["members", "--watch"]):
        result = run(*words, "--control", cluster.path("nobody.sock"))
        tap.equal((result.returncode, result.stdout), (3, ""), f"{words}")
        contains(result.stderr, "nobody.sock")
    stale = cluster.path("stale.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(stale)
    tap.equal(run("members", BELLWETHER_CONTROL=stale).returncode, 3, "a stale socket")


@tap.test
def silent_agent_gives_4():
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()
    agent.signal(signal.SIGSTOP)
    for words in (["members"], ["leader", "default"]):
        tap.equal(agent.run(*words, "--timeout", "0.2").returncode, 4, f"{words}")
    agent.signal(signal.SIGCONT)
    tap.equal(agent.run("members").returncode, 0, "members")


@tap.test
def members_as_json_and_as_a_table():
    cluster = new_cluster()
    first = cluster.start(2, "--tag", "role=web")[0]
    answer = first.ask("members")
    tap.equal(set(answer), {"cluster", "self", "converged", "digest", "members"}, "fields")
    tap.equal((answer["cluster"], answer["self"]), ("e2e", "n1"), "cluster and self")
    tap.check(re.match(r"^[0-9a-f]{16}$", answer["digest"]), answer["digest"])
    tap.equal([member["name"] for member in answer["members"]], ["n1", "n2"], "names, in order")
    for member in answer["members"]:
        tap.equal(set(member), {"name", "id", "addr", "status", "incarnation", "tags", "rtt_ms", "since", "protocol"},
                  "fields of a member")
        tap.check(HEX32.match(member["id"]) and TIME.match(member["since"]), f"{member}")
        tap.equal((member["status"], member["tags"]), ("alive", {"role": "web"}), "status and tags")
        tap.equal(member["addr"], cluster.agents[member["name"]].addr, "address")
        tap.check(isinstance(member["incarnation"], int) and member["incarnation"] > 10**15, "incarnation")
        tap.check(member["rtt_ms"] is None or 0 < member["rtt_ms"] < 1000, f"round trip {member['rtt_ms']}")
    table = first.run("members").stdout
    tap.check("\033" not in table, "no colour in a pipe")
    tap.check("\033" in first.run("members", "--color=always").stdout, "colour if it is wanted")
    contains(table, "NAME", "n1", "n2", first.addr, "role=web")
    tap.equal(first.ask("members", "--status", "dead")["members"], [], "nobody is dead")
    tap.equal(len(first.ask("members", "--tag", "role=web", "--status", "alive")["members"]), 2, "filtered")
    tap.equal(first.ask("members", "--tag", "role=db")["members"], [], "filtered away")
    by_environment = run("members", "--json", BELLWETHER_CONTROL=first.control)
    tap.equal(json.loads(by_environment.stdout)["self"], "n1", "BELLWETHER_CONTROL")


@tap.test
def leader_as_json_and_as_a_name():
    cluster = new_cluster()
    first, second = cluster.start(2)
    tap.equal(first.run("leader", "default", "--wait=20").returncode, 0, "wait")
    token, name, _ = cluster.wait_reign()
    answer = first.ask("leader")
    tap.equal(set(answer), {"scopes"}, "fields")
    scope = answer["scopes"][0]
    tap.equal(set(scope), {"scope", "seat", "mode", "leader", "leader_id", "term", "token", "role", "since", "lease_ms",
                           "frozen", "frozen_by", "frozen_ms", "reason", "reason_of", "wait_ms",
                           "candidates", "differs"}, "fields of a scope")
    tap.equal((scope["scope"], scope["mode"], scope["leader"], scope["frozen"]), ("default", "priority", name, False),
              "who leads")
    tap.equal(scope["leader_id"], cluster.agents[name].id, "leader_id")
    tap.check(HEX32.match(scope["token"]) and TIME.match(scope["since"]), f"{scope}")
    tap.equal(scope["token"], token, "token")
    tap.equal(int(scope["token"][:16], 16), scope["term"], "the token begins with the term")
    for entry in scope["candidates"]:
        tap.equal(set(entry), {"name", "priority", "ready", "status", "why"}, "fields of a candidate")
        tap.equal((entry["priority"], entry["ready"], entry["status"]), (100, True, "alive"), "candidate")
        tap.equal(entry["why"] == "leads", entry["name"] == name, f"why {entry}")
        tap.check(entry["name"] == name or entry["why"] == f"ranks behind {name}: larger id wins the tie"
                  or entry["why"] == f"ranks behind {name}: of equal ones who led last stays", f"why {entry}")
    tap.equal((scope["reason"], scope["reason_of"], scope["wait_ms"]), (None, None, None), "it is led")
    for agent in (first, second):
        mine = agent.ask("leader", "default")["scopes"][0]
        tap.equal(mine["role"], "leader" if agent.name == name else "follower", "role")
        tap.equal(mine["lease_ms"] is not None, agent.name == name, "lease_ms is the leader's own")
        tap.equal(agent.run("leader", "default").stdout, name + "\n", "the name alone")
    contains(first.run("leader").stdout, "SCOPE", "default", name)
    unknown = first.run("leader", "nowhere")
    tap.equal((unknown.returncode, unknown.stdout), (1, ""), "no such scope")
    for limit in (["--wait=0.2"], ["--wait", "--timeout", "0.2"]):
        tap.equal(first.run("leader", "nowhere", *limit).returncode, 4, f"no leader in time: {limit}")
    tap.equal(json.loads(first.run("leader", "nowhere", "--json").stdout), {"scopes": []}, "no such scope, JSON")


@tap.test
def range_of_scopes_is_as_many_scopes():
    cluster = new_cluster()
    agent = cluster.add("n1", "--scope", "orders/8..11:priority=7", "--scope", "a..b").start().wait_ready()
    tap.equal(agent.run("leader", "--wait=20").returncode, 0, "all are led")
    scopes = {scope["scope"]: scope["candidates"][0]["priority"] for scope in agent.ask("leader")["scopes"]}
    tap.equal(scopes, {"orders/8": 7, "orders/9": 7, "orders/10": 7, "orders/11": 7, "a..b": 100}, "scopes")


@tap.test
def leave_makes_the_agent_go():
    cluster = new_cluster()
    first, second = cluster.start(2)
    tap.equal(first.run("leave").returncode, 0, "leave")
    tap.equal(first.wait_exit(), 0, "the agent's exit code")
    second.wait_event("member-left", name="n1")
    cluster.wait_reign()


@tap.test
def two_signals_end_it_at_once():
    cluster = new_cluster()
    first, second = cluster.start(2)
    second.signal(signal.SIGSTOP)  # nobody acknowledges the leave
    first.signal(signal.SIGTERM)
    cluster.wait(lambda: [line for line in first.log() if line.object.get("msg") == "leaving"], LIMIT, "leaving")
    first.signal(signal.SIGINT)
    tap.check(first.wait_exit(LIMIT) in (0, 1), "it has gone")


@tap.test
def control_socket_speaks_lines_of_json():
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()

    def talk(*requests):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIMIT)
            client.connect(agent.control)
            client.sendall(b"".join(requests))
            with client.makefile("rb") as answers:
                return [json.loads(answers.readline()) for _ in range(len(requests) + 1)]

    greeting, members, leader = talk(b'{"op":"members"}\n', b'{"op":"leader","scope":"default"}\n')
    tap.equal((greeting["protocol"], greeting["name"], greeting["id"]), (1, "n1", agent.id), "greeting")
    tap.equal(members["self"], "n1", "members")
    tap.equal(leader["scopes"][0]["scope"], "default", "leader")
    tap.equal(talk(b'{"op":"dance"}\n')[1]["error"]["code"], "unknown-op", "unknown op")
    tap.equal(talk(b'{"op":"leader","scope":7}\n')[1]["error"]["code"], "invalid", "wrong type")
    tap.equal(talk(b'{"op":"monitor","types":["nope"]}\n')[1]["error"]["code"], "invalid", "wrong event type")
    for nonsense in (b"hello\n", b"[]\n", b'{"op":7}\n', b"\0\n", b"x" * 5000):
        tap.equal(talk(nonsense)[1]["error"]["code"], "malformed", f"{nonsense[:10]}")
    tap.equal(agent.run("members").returncode, 0, "members")


@tap.test
def clients_without_end_and_clients_that_never_read():
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()
    clients = []
    for _ in range(100):
        client = socket.socket(socket.AF_UNIX)
        tap.cleanup(client.close)
        client.connect(agent.control)
        client.settimeout(LIMIT)
        clients.append(client)
    first_lines = [client.makefile("rb").readline() for client in clients]
    busy = [line for line in first_lines if b'"busy"' in line]
    tap.equal(len(busy), 100 - 64, "clients refused")
    tap.equal(agent.run("members").returncode, 5, "refused by the agent")
    for client in clients[:32]:  # ask, and never read
        client.setblocking(False)
        try:
            while True:
                client.send(b'{"op":"members"}\n' * 100)
        except BlockingIOError:
            pass
    for client in clients[32:]:
        client.close()
    tap.wait_until(lambda: agent.run("members").returncode == 0, LIMIT, "it serves others")


@tap.test
def log_as_text_is_logfmt():
    cluster = new_cluster()
    words = ["agent", "--name", "n 1", "--bind", "127.0.0.1:0", "--key-file", cluster.key, "--state-dir",
             cluster.path("state"), "--control", cluster.path("sock"), "--profile", "local", "--observer"]
    with subprocess.Popen([BELLWETHER, *words], stderr=subprocess.PIPE, text=True, env=clean_environment()) as process:
        tap.cleanup(process.kill)
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "type=ready" in line:
                process.terminate()
    for line in lines:
        tap.check(re.match(r'^([a-z_]+=("([^"\\]|\\.)*"|[^ "]+)( |\n))+$', line), line)
    contains("".join(lines), 'name="n 1"', "type=member-alive", "level=info")


@tap.test
def watchdog_of_systemd_is_fed():
    cluster = new_cluster()
    path = cluster.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(LIMIT)
        cluster.add("n1", prefix=["env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=200000"]).start().wait_ready()
        for _ in range(3):
            while listener.recv(4096) != b"WATCHDOG=1":
                pass


def told_until(listener, wanted):
    """What is told up to the message that has all of these words."""
    told = []
    while not told or not all(word in told[-1] for word in wanted):
        told.append(listener.recv(4096).decode())
    return told


@tap.test(timeout=60)
def systemd_is_told():
    cluster = new_cluster()
    path = cluster.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(LIMIT)
        agent = cluster.add("n1", "--scope", "a:priority=200", prefix=["env", f"NOTIFY_SOCKET={path}"]).start().wait_ready()
        tap.equal(told_until(listener, ["READY=1"])[-1].split("\n")[1], "STATUS=in the cluster", "at the start")
        told_until(listener, ["STATUS=1 member alive; n1 leads a"])
        other = cluster.add("n2", *[word for scope in "abcdef" for word in ("--scope", scope)], "--join", agent.addr).start()
        other.wait_ready()
        told = told_until(listener, ["STATUS=2 members alive; ", "n1 leads a", "n2 leads", "3 scopes more"])
        tap.check(not any("READY" in line for line in told), told)
        other.kill()
        told_until(listener, ["STATUS=1 member alive; ", "nobody leads"])
        agent.signal(signal.SIGTERM)
        told_until(listener, ["STOPPING=1", "STATUS=leaving"])
        tap.equal(agent.wait_exit(), 0, "exit code")
        listener.setblocking(False)
        try:
            tap.check(not listener.recv(4096), "nothing is told of a cluster that was left")
        except BlockingIOError:
            pass


@tap.test
def another_user_is_denied_by_its_credentials():
    if os.geteuid() != 0:
        tap.skip("needs root, to become somebody else")
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()
    os.chmod(cluster.directory, 0o755)
    os.chmod(agent.control, 0o666)  # as if the file's mode did not protect it
    stranger = ("import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
                "s.connect(sys.argv[1]); print(s.makefile().read())")
    answer = subprocess.run([sys.executable, "-c", stranger, agent.control], capture_output=True, text=True, check=True,
                            timeout=LIMIT)
    tap.equal(json.loads(answer.stdout)["error"]["code"], "denied", "answer")
    tap.equal(agent.run("members").returncode, 0, "members, for its own user")


@tap.test
def hangup_signal_is_survived():
    cluster = new_cluster()
    agent = cluster.add("n1").start().wait_ready()
    agent.signal(signal.SIGHUP)
    cluster.wait(lambda: [line for line in agent.log() if "SIGHUP" in line.text], LIMIT, "it says so")
    tap.equal(agent.run("members").returncode, 0, "members")


if __name__ == "__main__":
    tap.main()
