"""The operator's hand on running members: tags, forget."""

import signal

import tap
from cluster import LIMIT, Cluster, run


def form(count, *words, **more):
    cluster = Cluster(**more)
    tap.cleanup(cluster.close)
    cluster.start(count, *words)
    return cluster, [cluster.agents[f"n{number}"] for number in range(1, count + 1)]


def tags_of(agent, name):
    return {member["name"]: member["tags"] for member in agent.ask("members")["members"]}[name]


@tap.test
def usage_mistakes_give_2():
    for words, part in [
        (["tags", "zone"], "NAME=VALUE"),
        (["tags", "=a"], "NAME=VALUE"),
        (["tags", "--delte", "zone"], "--delete"),
        (["forget"], "NAME"),
        (["forget", "n1", "n2"], "'n2'"),
        (["rtt"], "NAME"),
        (["rtt", "a", "b", "c"], "'c'"),
        (["reachability", "n1"], "'n1'"),
        (["why"], "NAME"),
        (["why", "n1", "n2"], "'n2'"),
    ]:
        result = run(*words)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{words}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


@tap.test(timeout=60)
def tags_change_while_the_agent_runs():
    cluster, agents = form(3, "--tag", "role=web", profile="lan")  # nobody seems dead because the machine is busy
    first, second = agents[0], agents[1]
    result = first.run("tags", "zone=a b", "role=db", "empty=")
    tap.equal((result.returncode, sorted(result.stdout.splitlines())), (0, ["empty=", "role=db", "zone=a b"]), "printed")
    second.wait_event("member-update", name="n1")
    first.wait_event("member-update", name="n1")
    cluster.wait(lambda: tags_of(second, "n1") == {"role": "db", "zone": "a b", "empty": ""}, LIMIT, "tags at n2")
    tap.equal(first.ask("tags", "--delete", "zone", "--delete", "none", "more=1"),
              {"tags": {"role": "db", "empty": "", "more": "1"}}, "with --json")
    cluster.wait(lambda: tags_of(agents[2], "n1") == {"role": "db", "empty": "", "more": "1"}, LIMIT, "tags at n3")
    tap.equal(second.ask("tags"), {"tags": {"role": "web"}}, "without arguments they are shown")
    for word, code in [("x=" + "y" * 600, 5), ("bad\nname=1", 5)]:
        tap.equal(first.run("tags", word).returncode, code, f"exit code of {word[:12]!r}")
    result = first.run("tags", "long=" + 600 * "x")
    tap.equal((result.returncode, "of 512 bytes together" in result.stderr), (5, True), f"a long value: {result.stderr}")
    tap.equal(first.ask("tags")["tags"], {"role": "db", "empty": "", "more": "1"}, "refused whole")
    tap.equal([agent.events("member-dead") for agent in agents], [[], [], []], "nobody was held for dead")


@tap.test(timeout=60)
def a_dead_member_is_forgotten():
    cluster, agents = form(3)
    first, second, third = agents
    tap.equal(first.run("forget", "n3").returncode, 5, "it lives")
    tap.equal(first.run("forget", "nobody").returncode, 1, "unknown")
    third.kill()
    first.wait_event("member-dead", name="n3")
    second.wait_event("member-dead", name="n3")
    tap.equal(first.run("forget", third.id[:12]).returncode, 0, "by the beginning of its id")
    left = second.wait_event("member-left", name="n3").object
    tap.equal((left["by"], left["own"]), ("n1", False), "who did it")
    tap.equal(first.wait_event("member-left", name="n3").object["own"], True, "on the agent itself")
    tap.equal((first.status_of("n3"), second.status_of("n3")), ("left", "left"), "status")
    tap.equal(first.run("forget", "n3").returncode, 0, "again")
    third.start("--join", first.addr).wait_ready()
    own = next(member for member in third.ask("members")["members"] if member["name"] == "n3")
    first.wait_event("member-alive", name="n3", incarnation=own["incarnation"])
    cluster.wait(lambda: second.status_of("n3") == "alive", LIMIT, "it is back")


@tap.test(timeout=60)
def why_a_member_is_dead_can_be_asked():
    cluster, agents = form(3)
    first, third = agents[0], agents[2]
    fine = first.ask("why", "n3")
    tap.equal((fine["status"], fine["suspicion"], fine["forgotten_by"]), ("alive", None, None), "before")
    tap.check("never, as far as" in first.run("why", "n3").stdout, "in words")
    tap.equal(first.run("why", "nobody").returncode, 1, "unknown")
    third.kill()
    for agent in agents[:2]:
        agent.wait_event("member-dead", name="n3")
    answers = [agent.ask("why", "n3") for agent in agents[:2]]
    for answer in answers:
        suspicion = answer["suspicion"]
        tap.equal((answer["status"], suspicion["outcome"]), ("dead", "dead"), "status and outcome")
        tap.check(set(suspicion["accusers"]) <= {"n1", "n2"} and suspicion["accusers"], f"{suspicion}")
        tap.check(0 < suspicion["lasted_ms"] < 30000, f"{suspicion}")
    tap.check(any(answer["suspicion"]["own"] and answer["suspicion"]["evidence"] in ("probe", "refused", "refused-twice")
                  for answer in answers), f"one has seen it itself: {answers}")
    text = first.run("why", "n3").stdout
    tap.check("n3 is dead since" in text and "evidence   " in text, text)
    tap.equal(first.run("forget", "n3").returncode, 0, "forget")
    tap.equal(first.ask("why", third.id[:8])["forgotten_by"], "n1", "forgotten by")


@tap.test(timeout=60)
def round_trips_are_estimated():
    cluster, agents = form(3)
    answer = agents[0].ask("rtt", "n2", "n3")
    tap.equal((answer["from"], answer["to"], answer["measured_ms"]), ("n2", "n3", None), "others")
    tap.equal(answer["estimate_ms"] is None, answer["error_percent"] > 100, f"{answer}")
    known = cluster.wait(lambda: [agents[0].ask("rtt", "n2", "n3")] if agents[0].ask("rtt", "n2", "n3")["estimate_ms"]
                         else None, LIMIT, "an estimate")[0]
    tap.check(0 < known["estimate_ms"] < 1000 and 0 <= known["error_percent"] <= 100, f"{known}")
    agents[0].wait_event("converged")
    own = cluster.wait(lambda: agents[0].ask("rtt", "n2"), LIMIT, "rtt")
    tap.equal((own["from"], own["to"]), ("n1", "n2"), "own")
    tap.check(own["measured_ms"] is None or own["measured_ms"] > 0, f"{own}")
    tap.check("n2 - n3: " in agents[0].run("rtt", "n2", "n3").stdout, "in words")
    tap.equal(agents[0].run("rtt", "n2", "nobody").returncode, 1, "unknown")


@tap.test(timeout=60)
def who_hears_whom_is_shown():
    cluster, agents = form(3)
    cluster.wait(lambda: agents[0].run("reachability").returncode == 0, LIMIT, "everybody has heard everybody")
    answer = agents[1].ask("reachability")
    tap.equal(answer["pending"], False, "pending")
    tap.equal([(row["name"], row["answered"], row["members"], row["unheard"]) for row in answer["members"]],
              [(name, True, 3, []) for name in ("n1", "n2", "n3")], "rows")
    text = agents[0].run("reachability").stdout
    tap.check(text.startswith("NAME") and "n3" in text, text)
    agents[2].signal(signal.SIGSTOP)
    result = agents[0].run("reachability", "--timeout", "10")
    tap.equal(result.returncode, 1, "one does not answer")
    agents[2].signal(signal.SIGCONT)


if __name__ == "__main__":
    tap.main(parallel=4)
