"""What a hostile member can write about itself and say is harmless wherever it is printed: on terminals, in logs, in the page."""

import json
import re
import signal
import subprocess

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

TURN = "\u202e"  # from here on terminals write from right to left
NAME = f"n2{TURN}</script>'\"=<b>"
TAGS = {"role": f"{TURN}</script><img src=x onerror=alert(1)>", 'quote"': "'\\\"`$(id)", "hide": "a\u200bb\u2028c\ufeff"}
SCOPE = f"s{TURN}<i>"
CONTROL = "\033[31mred\033]0;title\007\n\r\x9b31m\x7f"
# What no terminal may see: control characters, and characters that hide or turn others.
BAD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]")


def cluster_with_a_hostile_member():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    log = open(cluster.path("log"), "wb")  # the last --log-format counts: the victim logs as text, for people
    tap.cleanup(log.close)
    victim = cluster.add("n1", "--observer").start().wait_ready()
    words = [word for name, value in TAGS.items() for word in ("--tag", f"{name}={value}")]
    hostile = cluster.add("n2", "--name", NAME, "--scope", SCOPE, *words, "--join", victim.addr).start().wait_ready()
    watcher = subprocess.Popen([BELLWETHER, "agent", "--name", "n3", "--key-file", cluster.key, "--state-dir",
                                cluster.path("n3.state"), "--control", cluster.path("n3.sock"), "--bind", "127.0.0.1:0",
                                "--profile", "local", "--cluster", "e2e", "--observer", "--join", victim.addr],
                               stderr=log, env=clean_environment())
    tap.cleanup(watcher.wait)
    tap.cleanup(watcher.kill)
    victim.wait_event("leader-elected", scope=SCOPE)
    return cluster, victim, hostile, watcher


def harmless(what, data):
    text = data.decode("utf-8")  # or it fails
    found = BAD.search(text)
    tap.check(found is None, f"{what}: {found and found.group()!r} in {text!r}")
    return text


def output_of(agent, *words):
    result = subprocess.run([BELLWETHER, *words, "--control", agent.control], capture_output=True, timeout=LIMIT, check=False,
                            env=clean_environment(LC_ALL="C.UTF-8"))
    return harmless(f"{words}, standard output", result.stdout) + harmless(f"{words}, standard error", result.stderr)


@tap.test(timeout=90)
def no_command_prints_what_harms():
    cluster, victim, hostile, watcher = cluster_with_a_hostile_member()
    for name, payload in (("e" + TURN, CONTROL), (NAME[:40], TURN + "\u200b"), ("raw", "\udcff\udcfe")):
        tap.equal(hostile.run("event", name, payload).returncode, 0, "event")
    victim.wait_event("user-event", name="raw")
    asking = subprocess.Popen([BELLWETHER, "query", "q", "--timeout", "20", "--node", NAME, "--control", victim.control],
                              stdout=subprocess.PIPE, env=clean_environment())
    tap.cleanup(asking.kill)
    query = hostile.wait_event("query").object["query"]
    tap.equal(hostile.run("respond", query, CONTROL + TURN).returncode, 0, "respond")
    shown = harmless("query", asking.communicate(timeout=LIMIT)[0])
    tap.check("\\x1b[31m" in shown and "<U+202E>" in shown, f"{shown!r}: it is shown, escaped")
    outputs = [output_of(victim, *words) for words in (
        ["members"], ["members", "--status", "alive"], ["leader"], ["leader", SCOPE], ["history"], ["history", SCOPE], ["info"],
        ["info", "-v"], ["doctor"], ["why", NAME], ["rtt", "n1", NAME], ["reachability"], ["voters", SCOPE], ["transfer", SCOPE, "--to", NAME],
        ["stepdown", SCOPE], ["forget", NAME], ["owner", "k", "--scopes", SCOPE], ["is-leader", SCOPE], ["freeze", SCOPE],
        ["thaw", SCOPE], ["ready", SCOPE, "yes"], ["priority", SCOPE, "1"], ["leader", TURN + "\x9b"], ["why", CONTROL])]
    tap.check("<U+202E>" in outputs[0] and "role=" in outputs[0], f"{outputs[0]!r}: the member is shown")
    stream = subprocess.Popen([BELLWETHER, "monitor", "--since", "0", "--control", victim.control], stdout=subprocess.PIPE,
                              env=clean_environment(LC_ALL="C.UTF-8"))
    tap.cleanup(stream.kill)
    lines = []
    while not lines or b"raw" not in lines[-1]:
        lines.append(stream.stdout.readline())
        tap.check(lines[-1] != b"", "the stream goes on")
    shown = harmless("monitor", b"".join(lines))
    tap.check("\\x1b[31mred" in shown, "the payload is shown")
    tap.equal(len(shown.splitlines()), len(lines), "one line an event")
    tap.wait_until(lambda: b"name=raw" in open(cluster.path("log"), "rb").read(), LIMIT, "it is logged")
    watcher.send_signal(signal.SIGTERM)
    watcher.wait(LIMIT)
    with open(cluster.path("log"), "rb") as file:
        log = harmless("the log", file.read())
    tap.check("\\u202E" in log and "user-event" in log, "the log has it")
    for line in log.splitlines():
        tap.check(re.match(r'^([A-Za-z_0-9]+=("([^"\\]|\\.)*"|[^ "]+|\{.*\})( |$))+$', line), f"one event a line: {line!r}")


@tap.test(timeout=90)
def no_page_runs_what_a_member_wrote():
    cluster, victim, hostile, _ = cluster_with_a_hostile_member()
    hostile.run("event", "</script><script>alert(1)", "</script><!--<script>" + TURN)
    victim.wait_event("user-event")
    stream, benign = cluster.path("stream"), cluster.path("benign")
    with open(stream, "w", encoding="utf-8") as file:
        for line in victim.events():
            if "seq" in line.object:
                print(json.dumps(line.object, ensure_ascii=False), file=file)
    with open(stream, encoding="utf-8") as file, open(benign, "w", encoding="utf-8") as to:
        to.write(re.sub(r"[<>/]", "x", file.read()))
    tags = {}
    for path in (stream, benign):
        result = run("timeline", path, "-o", path + ".html")
        tap.equal(result.returncode, 0, result.stderr)
        with open(path + ".html", encoding="utf-8") as file:
            page = file.read()
        if path == stream:
            tap.check("n2\\u202E\\u003c/script\\u003e" in page, "its name is there, escaped")
        tags[path] = [len(re.findall(tag, page, re.I)) for tag in ("<script", "</script", "<!--", "<img", "<b>", "<i>")]
    tap.equal(tags[stream], tags[benign], "the same tags as with harmless text")


if __name__ == "__main__":
    tap.main(parallel=2)
