"""A leader cut off from the network without anybody being told: the lease is what ends its reign, before the next begins."""

import time

import tap
from cluster import LIMIT, Cluster
from namespaces import Network, why_not
from work import World

COUNT = 4


def form():
    reason = why_not()
    if reason:
        tap.skip(reason)
    network = Network(COUNT)
    tap.cleanup(network.close)
    cluster = Cluster()
    tap.cleanup(cluster.close)
    numbers = {}
    for number in range(1, COUNT + 1):
        agent = cluster.add(f"n{number}", "--bind", network.address(number), "--join", network.address(1),
                            prefix=network.inside(number))
        agent.start()
        numbers[agent.name] = number
    for agent in cluster.living():
        agent.wait_ready()
    cluster.wait_view(COUNT)
    return cluster, network, numbers, cluster.wait_leader()


def cut_leader_off():
    cluster, network, numbers, leader = form()
    token = leader.reign()[0]
    network.cut(numbers[leader.name])
    at = time.monotonic()
    rest = cluster.followers(leader)
    new_token, name, known = cluster.wait_reign(above=token, agents=rest)
    deposed = leader.wait_event("self-deposed", token=token)
    elected = cluster.agents[name].wait_event("self-elected", token=new_token)
    tap.note(f"old reign ended after {deposed.at - at:.3f} s, the new one began after {elected.at - at:.3f} s and was "
             f"known by all after {known - at:.3f} s")
    # All stamps are of this process's one clock, taken when a line arrives.
    tap.check(deposed.at < elected.at, "the reigns do not overlap")
    tap.equal(deposed.object["reason"], "lease-expired", "why it ended")
    return cluster, network, numbers, leader, (new_token, name)


@tap.test(timeout=60)
def leader_cut_off_silently_is_succeeded_without_overlap():
    cut_leader_off()


@tap.test(timeout=60)
def a_command_that_is_cut_off_has_ended_before_the_next_one_begins():
    cluster, network, numbers, _ = form()
    world = World(cluster=cluster)
    runs = {agent.name: world.run(agent, command=world.work(agent.name, 60, "stubborn", "parent")) for agent in world.agents}
    name, _ = world.wait_work()
    time.sleep(0.3)
    network.cut(numbers[name])
    tap.equal(runs[name].wait(LIMIT), 75, "its lead was lost")
    children = [agent.name + "-child" for agent in world.agents]
    world.wait_work(name, *children)
    time.sleep(0.1)
    first, second = world.check_apart()[:2]
    tap.note(f"the next one began {second[0] - first[1]:.3f} s after the last sign of the first")


@tap.test(timeout=90)
def leader_cut_off_comes_back_and_one_reign_remains():
    cluster, network, numbers, leader, reign = cut_leader_off()
    rest = cluster.followers(leader)
    for agent in rest:
        agent.wait_event("member-dead", name=leader.name)
    network.heal(numbers[leader.name])
    cluster.wait_view(COUNT)
    token, name, _ = cluster.wait_reign()
    tap.check(token >= reign[0], "the token has not fallen")
    tap.wait_until(lambda: len({agent.ask("members")["digest"] for agent in cluster.living()}) == 1, LIMIT,
                   "all have one view")
    tap.equal(cluster.wait_reign()[:2], (token, name), "the reign holds")


@tap.test(timeout=60)
def follower_cut_off_does_not_move_the_leader():
    cluster, network, numbers, leader = form()
    reign = cluster.wait_reign()[:2]
    follower = cluster.followers(leader)[0]
    rest = [agent for agent in cluster.living() if agent is not follower]
    network.cut(numbers[follower.name])
    for agent in rest:
        agent.wait_event("member-dead", name=follower.name)
    tap.equal(cluster.wait_reign(agents=rest)[:2], reign, "the reign")
    tap.equal(leader.events("self-deposed"), [], "the leader has not been deposed")


if __name__ == "__main__":
    tap.main()
