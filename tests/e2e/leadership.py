"""What can be asked about who leads: history, and what two leaders that met leave behind."""

import json

import tap
from cluster import Cluster


def new_cluster(count=0, *words):
    cluster = Cluster()
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


if __name__ == "__main__":
    tap.main()
