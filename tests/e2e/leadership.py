"""What can be asked about who leads: history, and what two leaders that met leave behind."""

import json
import signal

import tap
from cluster import Cluster, run


def new_cluster(count=0, *words):
    cluster = Cluster(profile="lan")  # nobody's lease runs out because the machine is busy
    tap.cleanup(cluster.close)
    if count:
        cluster.start(count, *words)
    return cluster


def history(agent, *words):
    result = agent.run("history", *words, "--json")
    tap.equal(result.returncode, 0, f"{agent.name}: history")
    return {entry["scope"]: entry["history"] for entry in json.loads(result.stdout)["scopes"]}


@tap.test(timeout=60)
def history_tells_who_led_and_why_it_ended():
    cluster = new_cluster(2)
    leader = cluster.wait_leader()
    other = cluster.followers(leader)[0]
    token = leader.reign()[0]
    tap.equal(leader.run("stepdown", "default", "--for", "600").returncode, 0, "stepdown")
    new_token = cluster.wait_reign(above=token)[0]
    for agent in (leader, other):
        first, second = history(agent, "default")["default"]
        tap.equal(set(first), {"number", "type", "leader", "leader_id", "term", "token", "from", "until", "reason"}, "fields")
        tap.equal((first["number"], first["type"], first["leader"], first["leader_id"], first["token"], first["reason"]),
                  (1, "reign", leader.name, leader.id, token, "resigned"), "the first reign")
        tap.check(first["from"] < first["until"] <= second["from"], f"times {first} {second}")
        tap.equal(first["from"], agent.wait_event("leader-elected", token=token).object["time"], "as the event says")
        tap.equal((second["leader"], second["token"], second["until"], second["reason"]),
                  (other.name, new_token, None, None), "the second, which lasts")
    table = leader.run("history").stdout
    for part in ("ENDED", "resigned", "leads", token, new_token):
        tap.check(part in table, f"{part} in {table}")
    tap.equal(leader.run("history", "nowhere").returncode, 1, "no such scope")
    tap.equal(leader.run("history", "a", "b").returncode, 2, "two scopes")


@tap.test(timeout=60)
def two_leaders_that_meet_are_told_once_on_both_sides():
    cluster = new_cluster()
    agents = [cluster.add(name).start().wait_ready() for name in ("a", "b")]
    for agent in agents:
        agent.wait_event("self-elected")
    tokens = {agent.reign()[0]: agent for agent in agents}
    tap.equal(agents[0].run("join", agents[1].addr).returncode, 0, "join")
    winner, loser = max(tokens), min(tokens)
    for agent in agents:
        event = agent.wait_event("split-brain-healed").object
        tap.equal((event["scope"], event["leader"], event["token"], event["other"]),
                  ("default", tokens[winner].name, winner, loser), f"what {agent.name} is told")
        tap.check(event["overlap_ms"] is None or event["overlap_ms"] > 0, f"overlap {event['overlap_ms']}")
        kept = [entry for entry in history(agent)["default"] if entry["type"] == "split-brain-healed"]
        tap.equal([(entry["token"], entry["other"], entry["overlap_ms"], entry["time"]) for entry in kept],
                  [(winner, loser, event["overlap_ms"], event["time"])], f"what {agent.name} keeps")
        tap.check("both reigned" in agent.run("history", "default").stdout, "the table says it")
    tap.check(any(agent.events("split-brain-healed")[0].object["overlap_ms"] for agent in agents), "it was measured")
    cluster.wait_reign(above="")
    tap.equal([len(agent.events("split-brain-healed")) for agent in agents], [1, 1], "once each")


@tap.test(timeout=90)
def frozen_scope_keeps_its_leader_until_it_is_thawed():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    others = cluster.followers(leader)
    result = others[0].run("freeze", "default", "--json")
    tap.equal((result.returncode, json.loads(result.stdout)),
              (0, {"scope": "default", "frozen": True, "for_ms": None}), "freeze, at a follower")
    for agent in cluster.living():
        event = agent.wait_event("scope-frozen").object
        tap.equal((event["scope"], event["by"], event["left_ms"]), ("default", others[0].name, None), "event")
        scope = agent.ask("leader", "default")["scopes"][0]
        tap.equal((scope["frozen"], scope["frozen_by"], scope["frozen_ms"], scope["leader"]),
                  (True, others[0].name, None, leader.name), "leader --json")
    tap.check(f"frozen by {others[0].name}" in leader.run("leader").stdout, "the table")
    for words in (["stepdown", "default"], ["transfer", "default", "--to", others[0].name]):
        result = leader.run(*words)
        tap.equal(result.returncode, 5, f"{words}")
        tap.check("frozen" in result.stderr, result.stderr)
    leader.kill()
    for agent in others:
        agent.wait_event("leader-lost", token=token)
    result = others[1].run("leader", "default")
    tap.equal((result.returncode, result.stdout), (1, ""), "nobody leads")
    tap.check(f"frozen by {others[0].name}" in result.stderr, result.stderr)
    tap.equal(others[1].run("leader", "--wait=1").returncode, 4, "nor a second later")
    tap.equal(others[1].ask("leader", "default")["scopes"][0]["reason"], "frozen", "reason")
    tap.equal(others[1].run("freeze", "default", "--for", "0.3").returncode, 0, "frozen anew, for a time")
    for agent in others:
        tap.equal(agent.wait_event("scope-thawed").object["by"], "", "over by itself")
    new_token, name, _ = cluster.wait_reign(above=token, agents=others)
    tap.equal(others[0].run("freeze", "default").returncode, 0, "and again")
    others[1].wait_event("scope-frozen", since=others[1].wait_event("scope-thawed").at)
    tap.equal(json.loads(others[1].run("thaw", "default", "--json").stdout), {"scope": "default", "frozen": False}, "thaw")
    tap.check(not cluster.agents[name].ask("leader", "default")["scopes"][0]["frozen"] or
              cluster.agents[name].wait_event("scope-thawed", by=others[1].name), "thawed by the other")
    tap.equal(cluster.agents[name].reign()[0], new_token, "the leader has stayed")
    for words, code in ((["freeze", "nowhere"], 1), (["thaw", "nowhere"], 1), (["freeze"], 2), (["thaw"], 2),
                        (["freeze", "default", "--for", "0"], 2), (["thaw", "a", "b"], 2)):
        tap.equal(others[0].run(*words).returncode, code, f"{words}")


@tap.test(timeout=90)
def freeze_waits_until_the_others_know_if_it_is_told_how_long():
    cluster = new_cluster(3, "--set", "suspicion_alpha=100")
    leader = cluster.wait_leader()
    follower = cluster.followers(leader)[0]
    leader.signal(signal.SIGSTOP)
    result = follower.run("freeze", "default", "--timeout", "2", "--json")
    tap.equal((result.returncode, "told" in result.stderr), (4, True), f"it cannot know: {result.stderr}")
    tap.equal(json.loads(result.stdout), {"scope": "default", "frozen": True, "for_ms": None}, "it is frozen all the same")
    leader.signal(signal.SIGCONT)
    for word in ("freeze", "thaw"):
        tap.equal(follower.run(word, "default", "--timeout", "30").returncode, 0, word)
        for agent in cluster.living():
            tap.equal(agent.ask("leader", "default")["scopes"][0]["frozen"], word == "freeze", f"{word} at {agent.name}")


@tap.test(timeout=60)
def leader_whom_a_guard_refuses_claims_above_its_token():
    cluster = new_cluster(2)
    leader = cluster.wait_leader()
    other = cluster.followers(leader)[0]
    token = leader.reign()[0]
    guard = cluster.path("guard")
    larger = f"{int(token[:16], 16) + 1000:016x}{'f' * 16}"
    tap.equal(run("fence", guard, larger).returncode, 0, "of a cluster that is gone")
    tap.equal(run("fence", guard, token).returncode, 1, "the leader is refused")
    for agent, words, code in ((leader, ["refused", "default"], 2), (leader, ["refused", "default", "12"], 2),
                               (leader, ["refused", "nowhere", larger], 1), (other, ["refused", "default", larger], 5),
                               (leader, ["refused", "default", "f" * 32], 5), (leader, ["refused", "default", token], 0)):
        result = agent.run(*words)
        tap.equal((result.returncode, result.stdout), (code, ""), f"{words}: {result.stderr}")
        tap.check(result.stderr != "", f"{words} says why")
    tap.equal(leader.reign()[0], token, "nothing has changed")
    result = leader.run("refused", "default", run("fence", guard).stdout.strip(), "--json")
    tap.equal((result.returncode, json.loads(result.stdout)),
              (0, {"scope": "default", "token": larger, "own": token, "given_up": True}), "refused")
    above, again, _ = cluster.wait_reign(above=larger)
    tap.equal((again, above > larger), (leader.name, True), "the same leads, above it")
    tap.equal(run("fence", guard, above).returncode, 0, "and passes")
    tap.equal(leader.wait_event("self-deposed").object["reason"], "resigned", "reason")


if __name__ == "__main__":
    tap.main()
