"""Leadership that moves because somebody wants it to: transfer; its exit codes and JSON."""

import json
import time

import tap
from cluster import LIMIT, Cluster, run


def new_cluster(count=0, *words, **more):
    cluster = Cluster(**more)
    tap.cleanup(cluster.close)
    if count:
        cluster.start(count, *words)
    return cluster


@tap.test
def usage_mistakes_give_2():
    for words, part in [
        (["transfer"], "SCOPE"),
        (["transfer", "default"], "--to"),
        (["transfer", "default", "n2", "--to", "n2"], "'n2'"),
        (["transfer", "--to", "n2"], "SCOPE"),
    ]:
        result = run(*words)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{words}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")
    cluster = new_cluster()
    tap.equal(run("transfer", "default", "--to", "n2", "--control", cluster.path("nobody")).returncode, 3, "no agent")


@tap.test(timeout=60)
def transfer_moves_the_lead_to_whom_it_names():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    first, second = cluster.followers(leader)
    at = time.monotonic()
    result = leader.run("transfer", "default", "--to", first.name, "--timeout", 5, "--json")
    tap.equal(result.returncode, 0, result.stderr)
    tap.equal(json.loads(result.stdout), {"scope": "default", "to": first.name, "id": first.id}, "JSON")
    tap.equal(leader.run("leader", "default").stdout.strip(), first.name, "when the command returns it leads")
    tap.note(f"the command took {time.monotonic() - at:.3f} s")
    new_token, name, _ = cluster.wait_reign(above=token)
    tap.equal(name, first.name, "known to all")
    for agent in cluster.living():
        tap.equal(agent.wait_event("leader-lost", token=token).object["reason"], "resigned", f"why, for {agent.name}")
        tap.equal(agent.events("member-left", "member-dead", "member-suspect"), [], "nobody has gone")
    result = first.run("transfer", "default", "--to", second.id[:12])
    tap.equal((result.returncode, result.stdout), (0, ""), "by the beginning of an id, without waiting")
    tap.equal(cluster.wait_reign(above=new_token)[1], second.name, "which one")
    for agent in cluster.living():
        tap.equal(agent.run("transfer", "default", "--to", second.name).returncode, 0, "it leads already: nothing to do")


@tap.test(timeout=60)
def transfer_that_cannot_be_is_refused_with_the_reason():
    cluster = new_cluster(2)
    leader = cluster.wait_leader()
    follower = cluster.followers(leader)[0]
    cluster.add("gated", "--scope", "default:gate", "--join", leader.addr).start().wait_ready()
    cluster.add("watcher", "--observer", "--join", leader.addr).start().wait_ready()
    cluster.wait_view(4)
    token = leader.reign()[0]
    for agent, words, code, parts in [
        (follower, ["default", "--to", "gated"], 5, [leader.name, leader.addr, "run the command there"]),
        (cluster.agents["watcher"], ["default", "--to", follower.name], 1, ["does not stand"]),
        (leader, ["nowhere", "--to", follower.name], 1, ["'nowhere'"]),
        (leader, ["default", "--to", "nobody"], 1, ["'nobody'"]),
        (leader, ["default", "--to", "gated"], 5, ["gated", "not ready"]),
        (leader, ["default", "--to", "watcher"], 5, ["watcher", "not stand"]),
    ]:
        result = agent.run("transfer", *words)
        tap.equal(result.returncode, code, f"{agent.name} {words}")
        tap.check(all(part in result.stderr for part in parts), f"{parts} in {result.stderr!r}")
    follower.kill()
    leader.wait_event("member-dead", name=follower.name)
    result = leader.run("transfer", "default", "--to", follower.name)
    tap.equal((result.returncode, "not alive" in result.stderr), (5, True), result.stderr)
    tap.equal(leader.reign()[0], token, "nothing has changed")


@tap.test(timeout=60)
def transfer_to_one_that_does_not_claim_tells_who_leads_instead():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    hung = cluster.followers(leader)[0]
    hung.signal(19)  # SIGSTOP
    result = leader.run("transfer", "default", "--to", hung.name, "--timeout", LIMIT)
    hung.signal(18)  # SIGCONT
    tap.equal((result.returncode, hung.name in result.stderr), (1, True), result.stderr)
    name = cluster.wait_reign(above=token)[1]
    tap.check(name != hung.name, f"{name} leads")


@tap.test(timeout=60)
def better_candidate_gets_the_lead_after_the_hold_down():
    cluster = new_cluster(2, "--scope", "default:preempt=2500")
    leader = cluster.wait_leader()
    token = leader.reign()[0]
    better = cluster.add("better", "--scope", "default:priority=200,preempt=2500", "--join", leader.addr)
    begin = better.start().wait_ready() and time.monotonic()
    new_token, name, known = cluster.wait_reign(above=token)
    tap.equal(name, "better", "who leads")
    tap.check(known - begin > 2.3, f"not before the hold-down: {known - begin:.2f} s")
    tap.equal(leader.wait_event("self-deposed", token=token).object["reason"], "preempted", "why")
    tap.equal(better.run("priority", "default", "50").returncode, 0, "it is to be the last choice now")
    name = cluster.wait_reign(above=new_token)[1]
    tap.check(name != "better", f"{name} leads")


@tap.test
def preempt_is_checked():
    cluster = new_cluster()
    for value in ("maybe", "-1", "86400001", ""):
        result = run("agent", "--scope", f"default:preempt={value}", "--key-file", cluster.key)
        tap.equal((result.returncode, "preempt is never, or" in result.stderr), (2, True), result.stderr)


@tap.test(timeout=60)
def bully_lets_the_best_one_lead_whenever_it_is_there():
    cluster = new_cluster()
    first = cluster.add("n1", "--scope", "default:mode=bully,priority=1").start().wait_ready()
    for number in (2, 3):
        cluster.add(f"n{number}", "--scope", f"default:mode=bully,priority={number}", "--join", first.addr).start().wait_ready()
    best = cluster.agents["n3"]
    cluster.wait(lambda: (best.reign() or (0, 0))[1] == "n3", LIMIT, "the best one leads")
    token = best.reign()[0]
    [scope] = first.ask("leader", "default")["scopes"]
    tap.equal((scope["mode"], scope["leader"]), ("bully", "n3"), "JSON")
    best.kill()
    token, name, _ = cluster.wait_reign(above=token)
    tap.equal(name, "n2", "who follows it")
    best.start().wait_ready()
    _, name, _ = cluster.wait_reign(above=token)
    tap.equal(name, "n3", "and gives way to it")


@tap.test
def settings_that_break_a_promise_are_refused_with_the_numbers():
    cluster = new_cluster()
    for scope, parts in [
        ("db:lease=20000", ["'db'", "lease=20000", "9500", "alone"]),
        ("db:lease=100", ["lease=100", "stagger_ms"]),
        ("db:min_ack=9", ["min_ack=9", "5", "successor_count"]),
    ]:
        words = ["--name", "n", "--bind", "127.0.0.1:0", "--state-dir", cluster.path("state"), "--control",
                 cluster.path("socket"), "--profile", "local", "--set", "stagger_ms=100", "--log-format", "text"]
        result = run("agent", "--scope", scope, "--key-file", cluster.key, *words)
        tap.check(result.returncode in (1, 2), f"{result.returncode}")
        tap.check(all(part in result.stderr for part in parts), f"{parts} in {result.stderr!r}")


@tap.test(timeout=60)
def min_view_forbids_to_lead_among_fewer():
    cluster = new_cluster(2, "--scope", "default:min_view=3")
    first = cluster.agents["n1"]
    tap.equal(first.run("wait", "--converged", "--members", "2", "--timeout", "20").returncode, 0, "two of them")
    tap.equal(first.run("leader", "default", "--wait=2").returncode, 4, "do not have a leader")
    third = cluster.add("n3", "--scope", "default:min_view=3", "--join", first.addr).start().wait_ready()
    token, name, _ = cluster.wait_reign()
    for agent in cluster.followers(cluster.agents[name])[:1]:
        agent.kill()
    reason = cluster.agents[name].wait_event("self-deposed", token=token).object["reason"]
    tap.equal(reason, "view-too-small", "why")
    tap.check(third.addr, "three was enough")


if __name__ == "__main__":
    tap.main(parallel=4)
