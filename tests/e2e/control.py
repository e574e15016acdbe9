"""Who may do what at the control socket, and what clients that ask too much or never read cost: real sockets, other users."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment

NOBODY, GROUP, OTHER_GROUP = 65534, 54321, 54322

# What a member of the group may ask; every other op changes something.
READING = [{"op": "members"}, {"op": "leader"}, {"op": "history"}, {"op": "info"}, {"op": "why", "name": "n1"},
           {"op": "owner", "scopes": "orders", "key": "k"}, {"op": "rtt", "to": "n1"}, {"op": "reachability"},
           {"op": "voters", "scope": "default"}, {"op": "paths", "start": True}, {"op": "setup"}, {"op": "monitor"}]


def start(*words):
    """An agent that everybody may connect to, if it was not for the socket."""
    cluster = Cluster()
    tap.cleanup(cluster.close)
    os.chmod(cluster.directory, 0o755)
    return cluster, cluster.add("n1", *words).start().wait_ready()


def root_only():
    if os.geteuid() != 0:
        tap.skip("needs root, to become somebody else")


def become(groups, user=NOBODY):
    """The beginning of a Python program that is run by another user from there on (who may not start Python itself)."""
    return f"import os, socket, sys, time; os.setgroups({groups}); os.setgid({NOBODY}); os.setuid({user})\n"


def talk_as(groups, path, requests, user=NOBODY):
    """What another user hears: the greeting and the answers, until the agent closes or all is answered."""
    stranger = (become(groups, user) + "s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); "
                "f = s.makefile('rw'); print(f.readline(), end='')\n"
                "for line in sys.argv[2:]:\n"
                "    print(line, file=f, flush=True); print(f.readline(), end='')")
    answer = subprocess.run([sys.executable, "-c", stranger, path, *map(json.dumps, requests)], capture_output=True,
                            text=True, timeout=LIMIT, check=False)
    return [json.loads(line) for line in answer.stdout.splitlines()], answer.stderr


def documented_ops():
    path = os.path.join(os.environ["BW_SOURCE_DIR"], "docs", "CONTROL.md")
    with open(path, encoding="utf-8") as file:
        return sorted(set(re.findall(r'\{"op":"([a-z]+)"', file.read())))


@tap.test(timeout=60)
def a_group_reads_and_changes_nothing():
    root_only()
    cluster, agent = start("--control-group", GROUP)
    tap.equal(oct(os.stat(agent.control).st_mode & 0o777), "0o660", "the socket's mode")
    reading = {request["op"] for request in READING}
    changing = [{"op": op, "scope": "default", "name": "n1", "add": "n1", "token": "0" * 32} for op in documented_ops()
                if op not in reading]
    tap.check(len(changing) >= 15, f"{changing}")
    changing.append({"op": "voters", "scope": "default", "add": "n1"})
    changing.append({"op": "voters", "scope": "default", "remove": "n1"})
    changing.append({"op": "no-such-op"})
    answers, errors = talk_as([GROUP], agent.control, changing + READING)
    tap.equal(len(answers), 1 + len(changing) + len(READING), errors)
    for request, answer in zip(changing, answers[1:]):
        tap.equal(answer.get("error", {}).get("code"), "denied", f"{request}")
        tap.check("its group may read" in answer["error"]["message"], "the message")
    for request, answer in zip(READING, answers[1 + len(changing):]):
        tap.check(answer.get("error", {}).get("code") != "denied", f"{request}: {answer}")
    tap.equal(agent.ask("info")["state"], "member", "it goes on")


@tap.test(timeout=60)
def the_commands_say_why_they_are_refused():
    root_only()
    cluster, agent = start("--control-group", GROUP)
    program = shutil.copy(BELLWETHER, cluster.path("bellwether"))
    as_member = {"user": NOBODY, "group": NOBODY, "extra_groups": [GROUP], "capture_output": True, "text": True,
                 "timeout": LIMIT, "env": clean_environment(), "cwd": "/", "check": False}
    result = subprocess.run([program, "members", "--control", agent.control], **as_member)
    tap.equal(result.returncode, 0, result.stderr)
    for words in (["stepdown", "default"], ["leave"], ["tags", "a=b"], ["event", "e"], ["freeze", "default"],
                  ["run", "--scope", "x", "--", "true"]):
        result = subprocess.run([program, *words[:1], "--control", agent.control, *words[1:]], **as_member)
        tap.equal(result.returncode, 5, f"{words}: {result.stderr}")
        tap.check("only the agent's own user and root" in result.stderr, f"{words}: {result.stderr}")
    as_member["extra_groups"] = []
    result = subprocess.run([program, "members", "--control", agent.control], **as_member)
    tap.equal(result.returncode, 3, "the kernel keeps it out")
    tap.check("another user's" in result.stderr, result.stderr)


@tap.test(timeout=60)
def who_is_not_in_the_group_is_kept_out():
    root_only()
    cluster, agent = start("--control-group", GROUP)
    answers, errors = talk_as([OTHER_GROUP], agent.control, [])
    tap.equal(answers, [], "the file's mode")
    tap.check("PermissionError" in errors, errors)
    os.chmod(agent.control, 0o666)  # as if that did not protect it
    answers, errors = talk_as([OTHER_GROUP], agent.control, [])
    tap.equal([answer["error"]["code"] for answer in answers], ["denied"], errors)
    answers, errors = talk_as([OTHER_GROUP, GROUP], agent.control, [{"op": "members"}])
    tap.equal(answers[1]["self"], "n1", errors)


@tap.test(timeout=60)
def the_agents_own_user_and_root_change():
    root_only()
    cluster, agent = start("--control-group", GROUP)
    agent.signal(15)
    tap.equal(agent.wait_exit(), 0, "exit code")
    os.chmod(cluster.directory, 0o777)
    shutil.chown(cluster.key, NOBODY)
    shutil.rmtree(agent.state)
    program = shutil.copy(BELLWETHER, cluster.path("bellwether"))
    words = [program, "agent", "--name", "n1", "--bind", "127.0.0.1:0", "--key-file", cluster.key, "--state-dir",
             agent.state, "--control", agent.control, "--control-group", str(GROUP), "--profile", "local"]
    for groups, text in (([], "must be in the group"), ([GROUP], "type=ready")):
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, user=NOBODY, group=NOBODY,
                                   extra_groups=groups, cwd="/", env=clean_environment())
        tap.cleanup(process.wait)
        tap.cleanup(process.kill)
        tap.check(any(text in line for line in process.stderr), f"{text} in the log of {groups}")
    for user in (NOBODY, 0):
        answers, errors = talk_as([], agent.control, [{"op": "priority", "scope": "default", "priority": 7}], user)
        tap.equal(answers[1].get("priority"), 7, errors)


@tap.test
def a_group_that_is_none_is_told():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("n1", "--control-group", "no such group").start()
    tap.equal(agent.wait_exit(), 2, "exit code")
    cluster.wait(lambda: "no such group" in " ".join(line.text for line in agent.log()), LIMIT, "the message")


def connect(agent):
    client = socket.socket(socket.AF_UNIX)
    tap.cleanup(client.close)
    client.settimeout(LIMIT)
    client.connect(agent.control)
    return client, client.makefile("rb")


@tap.test(timeout=60)
def a_reader_that_asks_without_end_is_slowed_down_and_others_are_not():
    root_only()
    cluster, agent = start("--control-group", GROUP)
    flood = (become([GROUP]) + "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rb'); f.readline()\n"
             "s.setblocking(False); end = time.monotonic() + 3; count = 0; data = b''; sent = b''\n"
             "print('begun', flush=True)\n"
             "while time.monotonic() < end:\n"
             "    sent = sent or b'{\"op\":\"info\"}\\n' * 50\n"
             "    try: sent = sent[s.send(sent):]\n"
             "    except BlockingIOError: pass\n"
             "    try: count += s.recv(1 << 20).count(b'\\n')\n"
             "    except BlockingIOError: time.sleep(0.001)\n"
             "print(count)")
    began = time.monotonic()
    flooders = [subprocess.Popen([sys.executable, "-c", flood, agent.control], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in flooders:
        tap.cleanup(process.wait)
        tap.cleanup(process.kill)
        process.stdout.readline()
    for _ in range(10):
        tap.equal(agent.run("tags", "a=b").returncode, 0, "its own user is served meanwhile")
    counts = [int(process.communicate(timeout=LIMIT)[0]) for process in flooders]
    took = time.monotonic() - began
    tap.note(f"{counts} answers in {took:.2f} s")
    tap.check(all(count > 0 for count in counts), f"each has its turn: {counts}")
    tap.check(sum(counts) <= 1000 * (took + 1) + 10, f"at most 1000 a second, and 1000 ahead: {sum(counts)} in {took:.2f} s")


@tap.test(timeout=60)
def readers_cannot_take_all_places():
    root_only()
    cluster, agent = start("--control-group", GROUP)
    crowd = (become([GROUP]) + "all = []\n"
             "for _ in range(80):\n"
             "    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(20); all.append(s)\n"  # with a time limit it would not wait for a place in the queue
             "print(sum(b'busy' in s.makefile('rb').readline() for s in all), flush=True)\n"
             "sys.stdin.read()")
    process = subprocess.Popen([sys.executable, "-c", crowd, agent.control], stdout=subprocess.PIPE, text=True,
                               stdin=subprocess.PIPE)
    tap.cleanup(process.wait)
    tap.cleanup(process.kill)
    tap.equal(process.stdout.readline().strip(), str(80 - 24), "how many were refused")
    tap.equal(agent.run("stepdown", "default").returncode, 0, "its own user gets in")


@tap.test(timeout=60)
def requests_sent_in_one_go_are_all_answered_in_order():
    cluster, agent = start()
    client, answers = connect(agent)
    answers.readline()
    client.sendall(b"".join(b'{"op":"history","scope":%d}\n{"op":"x%d"}\n' % (i, i) for i in range(300)))
    for i in range(300):
        tap.equal(json.loads(answers.readline())["error"]["code"], "invalid", f"history {i}")
        tap.equal(json.loads(answers.readline())["error"]["code"], "unknown-op", f"unknown {i}")


@tap.test(timeout=60)
def what_is_sent_behind_the_beginning_of_a_stream_ends_it_not():
    cluster, agent = start()
    client, answers = connect(agent)
    answers.readline()
    begin = b'{"op":"monitor","types":["user-event"]}\n'
    client.sendall(begin + b"x" * (4096 - len(begin)))
    tap.check("newest" in json.loads(answers.readline()), "the stream begins")
    client.sendall(b"y" * 9000)
    agent.run("event", "e")
    tap.equal(json.loads(answers.readline())["name"], "e", "it goes on")


def memory_kb(agent):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


@tap.test(timeout=60)
def a_stream_that_nobody_reads_costs_nothing_and_its_end_tells_what_was_missed():
    cluster, agent = start()
    client, answers = connect(agent)
    answers.readline()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(b'{"op":"monitor","types":["member-update"]}\n')
    tap.check("newest" in json.loads(answers.readline()), "the stream begins")
    sender, replies = connect(agent)
    replies.readline()
    for number in range(4096):  # fills the ring once: from here on nothing may grow
        sender.sendall(b'{"op":"tags","set":{"n":"%d","x":"%s"}}\n' % (number, b"x" * 300))
        replies.readline()
    before = memory_kb(agent)
    for number in range(4200):
        sender.sendall(b'{"op":"tags","set":{"n":"%d","x":"%s"}}\n' % (number, b"y" * 300))
        tap.check("error" not in json.loads(replies.readline()), "the agent answers others")
    grown = memory_kb(agent) - before
    tap.note(f"grown by {grown} KiB")
    tap.check("sanitize" in os.environ.get("MODE_CFLAGS", "") or grown < 1024, f"grown by {grown} KiB")
    seen = [json.loads(line)["seq"] for line in answers]  # what was in the socket, then the end
    tap.equal(seen, sorted(set(seen)), "in order, once")
    again, answers = connect(agent)
    answers.readline()
    again.sendall(b'{"op":"monitor","since":%d}\n' % (seen[-1] if seen else 0))
    oldest = json.loads(answers.readline())["oldest"]
    tap.check(oldest > (seen[-1] if seen else 0) + 1, "whoever comes back is told that events are missing")
    tap.equal(json.loads(answers.readline())["seq"], oldest, "and goes on with the oldest there is")


if __name__ == "__main__":
    tap.main(parallel=4)
