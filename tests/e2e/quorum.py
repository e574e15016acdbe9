"""Quorum mode with real agents: a majority leads, a minority does not, and voters come and go."""

import json
import os
import pathlib
import re
import subprocess

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

SCOPE = "default"
WORDS = ("--scope", SCOPE + ":mode=quorum,voters=n1+n2+n3")


def new_cluster(count, *words):
    cluster = Cluster()
    tap.cleanup(cluster.close)
    cluster.start(count, *words)
    return cluster


def scope_at(agent):
    return agent.ask("leader", SCOPE)["scopes"][0]


def wait_leaderless(cluster, agent, reason):
    cluster.wait(lambda: agent.reign() is None, 10, f"{agent.name} knows no leader")
    cluster.wait(lambda: scope_at(agent)["reason"] == reason, 10, f"{agent.name} says {reason}")
    found = scope_at(agent)
    tap.equal((found["leader"], found["token"], found["lease_ms"], found["mode"]), (None, None, None, "quorum"), "JSON")
    tap.equal(agent.run("is-leader", SCOPE).returncode, 1, "is-leader")
    result = agent.run("leader", SCOPE)
    tap.check(result.returncode == 1 and result.stderr, f"{result.returncode}, {result.stderr!r}")
    return result.stderr


@tap.test
def mistakes_are_refused_with_the_reason():
    for option, part in (
        ("a:mode=quorum", "voters=NAME"),
        ("a:voters=n1+n2", "mode=quorum"),
        ("a:mode=quorum,voters=n1++n2", "names of members"),
        ("a:mode=quorum,voters=n1+n2+n1", "different"),
        ("a:mode=majority", "bully or quorum"),
        ("a:mode=quorum,voters=" + "+".join(f"n{i}" for i in range(17)), "1 to 16"),
    ):
        result = run("agent", "--scope", option)
        tap.equal((result.returncode, part in result.stderr), (2, True), f"{option}: {result.stderr}")
    for words, part in ((["voters"], "SCOPE"), (["voters", "db", "swap"], "add or remove"),
                        (["voters", "db", "add"], "whom"), (["voters", "db", "add", "n1", "n2"], "'n2'")):
        result = run(*words)
        tap.equal((result.returncode, part in result.stderr), (2, True), f"{words}: {result.stderr}")


@tap.test(timeout=60)
def a_majority_leads_and_a_minority_does_not():
    cluster = new_cluster(3, *WORDS)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    found = scope_at(leader)
    tap.equal((found["mode"], found["leader"], found["role"]), ("quorum", leader.name, "leader"), "at the leader")
    tap.check(0 < found["lease_ms"] <= 600, f"lease {found['lease_ms']} ms")
    died = leader.kill()
    first, second = cluster.followers(leader)
    new_token, name, known = cluster.wait_reign(above=token)
    tap.note(f"killed: another led {known - died:.2f} s later")
    tap.check(known - died >= 0.3, "not before the promise to the dead one was over")
    last = cluster.agents[name]
    other = second if last is first else first
    other.kill() # one of three is left
    deposed = last.wait_event("self-deposed", token=new_token)
    tap.equal(deposed.object["reason"], "lease-expired", "why")
    reason = wait_leaderless(cluster, last, "no-majority")
    tap.check("majority" in reason, reason)
    tap.equal(last.run("wait", "--leader=" + SCOPE, "--timeout", "0.2").returncode, 4, "wait")
    other.start().wait_ready()
    tap.equal(scope_at(other)["reason"], "abstains", "a restarted voter")
    tap.check(cluster.wait_reign(above=new_token)[0] > new_token, "a majority again: a leader again")
    leader.start().wait_ready()
    cluster.wait_view(3)
    token, name, _ = cluster.wait_reign(above=new_token)
    again = cluster.agents[name]
    tap.equal(again.run("stepdown", SCOPE, "--for", "30").returncode, 0, "stepdown")
    tap.check(cluster.wait_reign(above=token)[1] != name, "another one leads")


@tap.test(timeout=60)
def voters_are_added_and_removed_and_a_witness_votes():
    cluster = new_cluster(3, *WORDS)
    leader = cluster.wait_leader()
    seed = cluster.agents["n1"].addr
    joined = cluster.add("n4", *WORDS, "--observer", "--join", seed).start().wait_ready()
    cluster.wait_view(4)
    gone, stays = [agent for agent in cluster.followers(leader) if agent is not joined]
    result = stays.run("voters", SCOPE, "add", "n4")
    tap.equal((result.returncode, leader.addr in result.stderr), (5, True), f"where the leader is: {result.stderr}")
    tap.equal(leader.run("voters", SCOPE, "remove", "n4").returncode, 1, "it is none yet")
    # It is asked first whether it has the scope: then the change is taken.
    result = cluster.wait(lambda: next(filter(lambda it: it.returncode == 0, [leader.run("voters", SCOPE, "add", "n4", "--json")]), None),
                          10, "the addition")
    tap.equal([v["name"] for v in json.loads(result.stdout)["voters"]], ["n1", "n2", "n3", "n4"], "the new list, by name")
    # Once the change is done the next one is taken.
    cluster.wait(lambda: leader.run("voters", SCOPE, "remove", gone.id[:12]).returncode == 0, 10, "the removal")
    cluster.wait(lambda: {v["id"] for v in joined.ask("voters", SCOPE)["voters"]} ==
                 {agent.id for agent in (leader, stays, joined)}, 10, "the list at the witness")
    gone.kill()
    rows = joined.run("voters", SCOPE).stdout.splitlines()[1:]
    tap.equal([row.split()[0] for row in rows], sorted(agent.name for agent in (leader, stays, joined)), "as a table, by name")
    token = leader.reign()[0]
    tap.equal(cluster.wait_reign(agents=[leader, stays, joined])[1], leader.name, "nothing moved meanwhile")
    leader.kill() # the witness and the one that stays are a majority of the new list, not of the old one
    tap.equal(cluster.wait_reign(above=token, agents=[stays, joined])[1], stays.name, "a witness never leads")


def recipe_words():
    """--scope ... of the recipe's agents, and of its run."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "recipes" / "exclusive.md").read_text(encoding="utf-8")
    agent = re.search(r"^    bellwether agent --name n1 (--scope \S+)$", text, re.MULTILINE)
    work = re.search(r"^    bellwether run (--scope \S+) -- ", text, re.MULTILINE)
    return agent.group(1).split(), work.group(1).split()


@tap.test(timeout=60)
def exclusive_work_runs_where_a_majority_is_and_nowhere_else():
    agent_words, run_words = recipe_words()
    cluster = new_cluster(3, *agent_words)
    log = cluster.path("log")
    work = ["sh", "-c", 'echo "$0 begins $BELLWETHER_TOKEN" >>"$1"; trap "exit 0" TERM; while :; do sleep 0.02; done']
    runs = {}
    for agent in cluster.living():
        words = [BELLWETHER, "run", *run_words, "--control", agent.control, "--grace", "0.2", "--", *work, agent.name, log]
        runs[agent.name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
        tap.cleanup(lambda process=runs[agent.name]: process.poll() is not None or (process.terminate(), process.wait()))

    def begun():
        return pathlib.Path(log).read_text(encoding="utf-8").splitlines() if os.path.exists(log) else []

    first = tap.wait_until(lambda: begun() and begun()[0].split(), LIMIT, "the work begins")
    cluster.agents[first[0]].kill()
    second = tap.wait_until(lambda: len(begun()) > 1 and begun()[1].split(), LIMIT, "it begins elsewhere")
    tap.check(second[0] != first[0] and second[2] > first[2], f"another machine, a larger token: {first}, {second}")
    last = next(agent for agent in cluster.living() if agent.name != second[0])
    last.kill()
    tap.equal(runs[second[0]].wait(LIMIT), 75, "without a majority the work has been ended")
    tap.equal(len(begun()), 2, "and runs nowhere")


if __name__ == "__main__":
    tap.main()
