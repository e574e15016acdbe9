"""Many agents, and many restarts: the cluster forms, keeps its members and gets its leader back.

The limits are for a busy machine with few cores; each test notes what it took.
"""

import time

import tap
from cluster import LIMIT, Cluster

PATIENCE = 60  # seconds


def form(count, label="e2e", key=None):
    """count agents started at once, each of which knows the first two."""
    cluster = Cluster(profile="lan", label=label, key=key)
    tap.cleanup(cluster.close)
    begin = time.monotonic()
    seeds = []
    for number in range(1, count + 1):
        words = [f"--join={addr}" for addr in seeds]
        agent = cluster.add(f"n{number}", *words).start()
        if number <= 2:
            seeds.append(agent.wait_ready().addr)
    for agent in cluster.living():
        agent.wait_ready(PATIENCE)
    cluster.wait_view(count, timeout=PATIENCE)
    reign = cluster.wait_reign(timeout=PATIENCE)
    tap.note(f"{count} agents have found each other and a leader after {time.monotonic() - begin:.2f} s")
    return cluster, reign


def accused(agents, since=0.0):
    """Members that somebody thought dead."""
    return {line.object["name"] for agent in agents for line in agent.events("member-dead") if line.at > since}


def lose_leader(count):
    cluster, (token, name, _) = form(count)
    leader = cluster.agents[name]
    at = leader.kill()
    new_token, successor, known = cluster.wait_reign(above=token, timeout=PATIENCE)
    tap.note(f"new leader known by all {count - 1} survivors after {known - at:.3f} s")
    tap.check(successor != name and new_token > token, "another one leads with a larger token")
    cluster.wait(lambda: all(name not in agent.view() for agent in cluster.living()), PATIENCE, "all know of its death")
    tap.equal(accused(cluster.living()), {name}, "who was declared dead")
    elected = sum(len(agent.events("self-elected")) for agent in cluster.living())
    tap.equal(elected, 1, "self-elected among the survivors")


@tap.test(timeout=150)
def twenty_agents_form_and_replace_their_leader():
    lose_leader(20)


@tap.test(timeout=200)
def fifty_agents_form_and_replace_their_leader():
    lose_leader(50)


@tap.test(timeout=150)
def two_clusters_with_one_key_never_mix():
    first, reign = form(5, "red")
    second, other = form(5, "blue", key=first.key)
    seeds = {cluster: cluster.agents["n1"].addr for cluster in (first, second)}
    stray = first.add("stray", "--join", seeds[first], "--join", seeds[second]).start().wait_ready()
    for agent in second.living():  # each is told to join the other cluster, and tries to
        tap.equal(agent.run("join", seeds[first]).returncode, 0, "join")
    first.wait_view(6)
    time.sleep(3)  # in which they try in vain
    for cluster, names in ((first, {f"n{number}" for number in range(1, 6)} | {"stray"}),
                           (second, {f"n{number}" for number in range(1, 6)})):
        ids = {agent.id for agent in cluster.living()}
        for agent in cluster.living():
            members = agent.ask("members")
            tap.equal({member["name"] for member in members["members"]}, names, f"{agent.name}'s view")
            tap.equal({member["id"] for member in members["members"]}, ids, f"the ids in {agent.name}'s view")
            met = {line.object["id"] for line in agent.events() if "id" in line.object}
            tap.check(met <= ids, f"{agent.name} has never met others")
    tap.equal(first.wait_reign()[:2], reign[:2], "the first cluster's reign")
    tap.equal(second.wait_reign()[:2], other[:2], "the second one's")
    tap.check(second.agents["n1"].ask("info")["dropped"].get("drop-auth", 0) > 0, "strangers are dropped and counted")
    tap.equal(stray.errors(), [], "errors")


@tap.test(timeout=150)
def an_address_that_another_cluster_takes_over_connects_nobody():
    """As in consul#1062: a member is gone, and an agent of another cluster with the same key and name has its address now."""
    first, _ = form(4, "red")
    gone = first.agents["n4"]
    gone.kill()
    for agent in first.living():
        agent.wait_event("member-dead", name="n4")
    second = Cluster(label="blue", key=first.key)
    tap.cleanup(second.close)
    seed = second.add("n1").start().wait_ready()
    heir = second.add("n4", "--bind", gone.addr, "--join", seed.addr).start().wait_ready()
    second.wait_view(2)
    tap.wait_until(lambda: heir.ask("info")["dropped"].get("drop-auth", 0) > 0, PATIENCE, "it is asked who it is, and drops it")
    ids = {agent.id for agent in second.living()}
    for agent in first.living():
        tap.equal(agent.status_of("n4"), "dead", "it stays dead")
        tap.check(not {member["id"] for member in agent.ask("members")["members"]} & ids, "nobody of the other cluster")
    for agent in second.living():
        tap.equal({member["id"] for member in agent.ask("members")["members"]}, ids, "nobody of the first cluster")


@tap.test(timeout=150)
def rolling_restart_loses_nobody():
    cluster, _ = form(5)
    begin = time.monotonic()
    names = set(cluster.agents)
    identity = {agent.name: agent.id for agent in cluster.living()}
    longest = 0.0
    for name in sorted(names):
        agent = cluster.agents[name]
        rest = [other for other in cluster.living() if other is not agent]
        token = cluster.wait_reign(timeout=PATIENCE)[0] if agent.reign()[1] == name else None
        at = agent.signal(15)
        tap.equal(agent.wait_exit(), 0, f"{name}'s exit code")
        if token is not None:
            longest = max(longest, cluster.wait_reign(above=token, agents=rest)[2] - at)
        words = [f"--join={other.addr}" for other in rest[:2]]
        agent.start(*words).wait_ready()
        cluster.wait_view(5, timeout=PATIENCE)
        cluster.wait_reign(timeout=PATIENCE)
    tap.note(f"five restarts took {time.monotonic() - begin:.2f} s; {longest:.3f} s at most without a leader")
    tap.check(longest < 5, f"a leader was missing for {longest:.2f} s")
    tap.equal(accused(cluster.living(), begin), set(), "members thought dead")
    tap.equal({agent.name: agent.id for agent in cluster.living()}, identity, "ids are kept")
    for agent in cluster.living():
        tap.equal(len(agent.ask("members")["members"]), 5, f"members that {agent.name} knows")


@tap.test(timeout=150)
def restart_storm_is_over_soon():
    count = 10
    cluster, (token, _, _) = form(count)
    identity = {agent.name: agent.id for agent in cluster.living()}
    agents = cluster.living()
    for agent in agents:
        agent.kill()
    begin = time.monotonic()
    for agent in agents:  # with their state, and with the addresses that they had
        agent.start(f"--join={agents[0].addr}", f"--join={agents[1].addr}")
    for agent in agents:
        agent.wait_ready(PATIENCE)
    cluster.wait_view(count, timeout=PATIENCE)
    new_token, _, known = cluster.wait_reign(above=token, timeout=PATIENCE)
    tap.note(f"all {count} are back with a leader after {known - begin:.2f} s")
    tap.equal({agent.name: agent.id for agent in agents}, identity, "ids are kept")
    tap.check(new_token > token, "the token is larger than any before")
    for agent in agents:
        tap.equal(agent.run("wait", "--leader", "--members", count, "--converged", "--timeout", LIMIT).returncode, 0,
                  f"{agent.name} is content")


if __name__ == "__main__":
    tap.main()
