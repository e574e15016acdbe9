"""The key ring of a running cluster, with real agents, each with a key file of its own."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run


def secret(path, text):
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600), encoding="ascii") as file:
        file.write(text)
    return path


def key_lines(path):
    with open(path, encoding="ascii") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def form(count):
    """Agents n1 ... with copies of one key file, with a comment in each."""
    cluster = Cluster()
    tap.cleanup(cluster.close)
    with open(cluster.key, encoding="ascii") as file:
        text = "# kept by hand\n" + file.read()
    seed = []
    for number in range(1, count + 1):
        name = f"n{number}"
        folder = cluster.path(name)
        os.mkdir(folder)
        agent = cluster.add(name, *seed, "--key-file", secret(os.path.join(folder, "key"), text))
        agent.key = os.path.join(folder, "key")
        agent.start().wait_ready()
        seed = seed or ["--join", agent.addr]
    cluster.wait_view(count)
    return cluster, list(cluster.agents.values())


def keys(agent, *words, stdin=None):
    return subprocess.run([BELLWETHER, "keys", "--control", agent.control, *map(str, words)], capture_output=True, text=True,
                          timeout=2 * LIMIT, env=clean_environment(), input=stdin or "")


def done(agent, *words):
    result = keys(agent, *words)
    tap.equal((result.returncode, result.stderr), (0, ""), " ".join(words))
    return result.stdout


def ids(agent):
    return [key["id"] for key in json.loads(done(agent, "list", "--json"))["keys"]]


def suspicions(cluster):
    return [line.text for agent in cluster.agents.values() for line in agent.events("member-suspect", "member-dead")]


@tap.test(timeout=90)
def keys_are_rotated_while_the_cluster_runs_and_after_a_restart_they_are_there():
    cluster, agents = form(3)
    first, second, third = agents
    old_line = key_lines(first.key)[0]
    old = ids(first)[0]
    new = done(first, "add").strip()
    tap.equal(ids(second), [old, new], "both keys, at another member")
    done(second, "use", new[:8])
    tap.equal(ids(third), [new, old], "the new one first")
    result = keys(third, "remove", new)
    tap.equal(result.returncode, 5, "the key in use is not removed")
    tap.check("in use" in result.stderr, result.stderr)
    tap.equal(keys(third, "remove", new, "--force").returncode, 5, "nor by force")
    done(third, "remove", old)
    for agent in agents:
        tap.equal(ids(agent), [new], f"the ring of {agent.name}")
        lines = key_lines(agent.key)
        tap.equal((len(lines), lines[0] == old_line), (1, False), "the file has the new key alone")
        tap.equal(stat.S_IMODE(os.stat(agent.key).st_mode), 0o600, "its rights")
        with open(agent.key, encoding="ascii") as file:
            tap.check(file.readline() == "# kept by hand\n", "the comment is kept")
        tap.equal(sorted(os.listdir(os.path.dirname(agent.key))), ["key"], "nothing is left beside it")
    tap.equal(suspicions(cluster), [], "nobody was suspected")
    for agent in agents:  # no secret in a log
        tap.equal([line.text for line in agent.log() if lines[0] in line.text or old_line in line.text], [], "the log")
    second.kill()
    second.start("--join", first.addr).wait_ready()
    cluster.wait_view(3)
    tap.equal(ids(second), [new], "after a restart")


@tap.test(timeout=90)
def a_member_that_was_away_gets_in_with_any_key_of_the_ring():
    cluster, agents = form(3)
    first, _, away = agents
    old = ids(first)[0]
    away.kill()
    cluster.wait_view(2, agents=agents[:2])
    new = done(first, "add").strip()
    done(first, "use", new)
    away.start("--join", first.addr).wait_ready()  # it has the old key alone, and the others seal with the new one
    cluster.wait_view(3)
    tap.equal(ids(away), [new, old], "the ring of who was away")
    cluster.wait(lambda: len(key_lines(away.key)) == 2, LIMIT, "its file")


@tap.test(timeout=90)
def a_member_without_any_key_of_the_ring_says_so_and_so_do_the_others():
    cluster, agents = form(2)
    first, away = agents
    old = ids(first)[0]
    away.kill()
    cluster.wait_view(1, agents=[first])
    new = done(first, "add").strip()
    done(first, "use", new)
    done(first, "remove", old)
    away.start("--join", first.addr).wait_ready()
    told = first.wait_event("stranger", reason="drop-key")
    tap.equal(told.object["addr"], away.addr, "whose address")
    cluster.wait(lambda: [line for line in first.log() if "not in our ring" in line.text and away.addr in line.text], LIMIT,
                 "words for people")
    tap.check(first.ask("info")["dropped"]["drop-key"] > 0, "counted")
    shutil.copy(first.key, away.key)
    os.chmod(away.key, 0o600)
    tap.equal(run("reload", "--control", away.control).returncode, 0, "reload")
    cluster.wait_view(2)
    tap.equal(ids(away), [new], "its ring")


@tap.test(timeout=90)
def what_would_cut_members_off_is_refused():
    cluster, agents = form(2)
    first, other = agents
    old = ids(first)[0]
    new = done(first, "add").strip()
    other.signal(signal.SIGSTOP)
    result = keys(first, "use", new, "--timeout", "1")
    other.signal(signal.SIGCONT)
    tap.equal(result.returncode, 5, "use, while one does not answer")
    tap.check("confirmed" in result.stderr, result.stderr)
    cluster.wait_view(2)
    tap.equal(ids(first), [old, new], "nothing has changed")
    tap.equal(keys(first, "add", "AAAA").returncode, 2, "a key as a word")
    same = keys(first, "add", "--file", "-", stdin=key_lines(first.key)[1] + "\n")
    tap.equal(same.returncode, 5, "a key twice")
    tap.equal(keys(first, "add", "--file", "-", stdin="no key\n").returncode, 5, "no key")
    tap.equal(keys(first, "use", "ffff0000ffff0000").returncode, 1, "an unknown key")
    for _ in range(6):
        done(first, "add")
    ninth = keys(first, "add")
    tap.equal(ninth.returncode, 5, "a ninth key")
    tap.check("8 keys" in ninth.stderr, ninth.stderr)


@tap.test(timeout=90)
def who_cannot_write_its_file_does_not_confirm():
    cluster, agents = form(2)
    first, other = agents
    folder = os.path.dirname(other.key)
    moved = folder + ".moved"
    os.rename(folder, moved)
    result = keys(first, "add", "--timeout", "5")
    tap.equal(result.returncode, 4, "not all have confirmed")
    tap.check("n2" in result.stderr and "key file" in result.stderr, result.stderr)
    cluster.wait(lambda: [line for line in other.log() if "cannot be replaced" in line.text], LIMIT, "it says so")
    new = result.stdout.strip()
    result = keys(first, "list", "--timeout", "5")
    rows = [line.split() for line in result.stdout.splitlines()]
    tap.equal((result.returncode, rows[0], [row[-2:] for row in rows[1:]]),
              (4, ["KEY", "HELD", "BY", "IN", "FILES", "OF"], 2 * [["2/2", "1/2"]]), f"the table: {result.stdout}")
    tap.equal(keys(first, "use", new, "--timeout", "2").returncode, 5, "the key is not used")
    os.rename(moved, folder)
    done(first, "use", new, "--timeout", "20")
    rows = [line.split() for line in done(first, "list").splitlines()]
    tap.equal(rows[1], [new, "in", "use", "2/2", "2/2"], "all have it")
    cluster.wait(lambda: len(key_lines(other.key)) == 2, LIMIT, "its file")


@tap.test(timeout=60)
def a_key_file_is_read_again_by_signal_and_by_command():
    cluster, agents = form(1)
    agent = agents[0]
    old = ids(agent)[0]
    with open(agent.key, "a", encoding="ascii") as file:
        file.write(run("keygen").stdout)
    agent.signal(signal.SIGHUP)
    cluster.wait(lambda: [line for line in agent.log() if "the keys are read again" in line.text], LIMIT, "SIGHUP")
    tap.equal(ids(agent)[0], old, "the first key")
    tap.equal(len(ids(agent)), 2, "both keys")
    tap.equal(json.loads(run("reload", "--json", "--control", agent.control).stdout), {"keys_changed": False, "applied": [], "restart": [], "credentials": []}, "reload")
    whole = open(agent.key, encoding="ascii").read()
    secret(agent.key, "# none\n")
    refused = run("reload", "--control", agent.control)
    tap.equal((refused.returncode, refused.stderr.split(": ", 2)[2]), (5, f"key file {agent.key}: there is no key in it; 'bellwether keygen' "
              "makes one (the key file cannot be used: the keys are as they were)\n"), "the reason")
    tap.equal(len(ids(agent)), 2, "both keys, still")
    secret(agent.key, whole)
    done(agent, "add")
    secret(agent.key, run("keygen").stdout)
    refused = run("reload", "--control", agent.control)
    tap.equal(refused.returncode, 5, "an edited file, in a cluster that keeps its ring itself")
    tap.check("keys add" in refused.stderr, refused.stderr)


@tap.test(timeout=60)
def a_reload_that_stops_half_way_says_what_has_changed():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    config = cluster.path("agent.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write("log-level = info\n")
    agent = cluster.add("n1", "--config", config).start().wait_ready()
    agent.key = cluster.key
    with open(config, "a", encoding="ascii") as file:
        file.write("log-level = debug\n" + "".join(f"tag = {name}={name * 150}\n" for name in "abcd"))
    why = "bellwether: the agent refused: a member has at most 32 tags, of 512 bytes together; "
    refused = agent.run("reload")
    tap.equal((refused.returncode, refused.stderr), (5, why + "nothing has changed\n"), "tags alone")
    with open(agent.key, "a", encoding="ascii") as file:
        file.write(run("keygen").stdout)
    refused = agent.run("reload")
    tap.equal((refused.returncode, refused.stderr), (5, why + "changed all the same: keys\n"), "keys and tags")
    tap.equal((len(ids(agent)), agent.ask("members")["members"][0]["tags"]), (2, {}), "so it is")
    with open(config, "w", encoding="ascii") as file:
        file.write("log-level = debug\n")
    tap.equal(agent.ask("reload"), {"keys_changed": False, "applied": ["log-level"], "restart": [], "credentials": []}, "mended")


if __name__ == "__main__":
    tap.main(parallel=3)
