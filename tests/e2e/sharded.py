"""Sharded coordinators: docs/recipes/sharded.md, with real agents."""

import json
import pathlib
import subprocess

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
SHARDS = 16


def machine(cluster, agent):
    directory = pathlib.Path(cluster.path("bin"))
    directory.mkdir(exist_ok=True)
    if not (directory / "bellwether").exists():
        (directory / "bellwether").symlink_to(BELLWETHER)
    return clean_environment(BELLWETHER_CONTROL=agent.control, PATH=f"{directory}:/usr/local/bin:/usr/bin:/bin")


def put(cluster, agent, key):
    process = subprocess.Popen([EXAMPLES / "shard-put", cluster.path("store"), key], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=machine(cluster, agent), text=True)
    tap.cleanup(lambda: process.poll() is not None or process.kill())
    return process, process.stdout.readline().split()


def leaders(agent):
    answer = json.loads(agent.run("leader", "--json").stdout)
    return {scope["scope"]: (scope["leader"], scope["token"]) for scope in answer["scopes"]}


def all_led(agents, names):
    views = [leaders(agent) for agent in agents]
    led = len(views[0]) == SHARDS and all(leader in names for leader, _ in views[0].values())
    return views[0] if led and all(view == views[0] for view in views) else None


@tap.test(timeout=60)
def a_zombie_coordinator_writes_nothing_over_its_successors():
    cluster = Cluster(profile="lan")  # nobody's lease runs out because the machine is busy: shards would move
    tap.cleanup(cluster.close)
    agents = cluster.start(3, "--scope", f"orders/0..{SHARDS - 1}:spread")
    observer = cluster.add("watcher", "--observer", "--join", agents[0].addr).start().wait_ready()
    pathlib.Path(cluster.path("store")).mkdir()
    names = {agent.name: agent for agent in agents}
    before = tap.wait_until(lambda: all_led([*agents, observer], names), LIMIT, "each shard has a leader, known to all")
    owner = json.loads(observer.run("owner", "customer-4711", "--scopes", "orders", "--json").stdout)
    shard = f"orders/{0x118a1af9eb0af3bd % SHARDS}"  # docs/PROTOCOL.md
    tap.equal((owner["scope"], owner["shards"], owner["leader"], owner["token"]), (shard, SHARDS, *before[shard]), "the owner")
    for agent in agents:
        tap.equal(agent.run("owner", "customer-4711", "--scopes", "orders").stdout.strip(), owner["leader"], "all agree")
    old = names.pop(owner["leader"])
    other = next(iter(names.values()))
    process, said = put(cluster, other, "customer-4711")
    tap.equal((process.wait(LIMIT), said), (3, [old.name]), "who does not lead the shard says who does")
    zombie, said = put(cluster, old, "customer-4711")
    tap.equal(said, ["epoch", owner["token"]], "it has begun its work")
    old.kill()
    after = tap.wait_until(lambda: all_led([*names.values(), observer], names), LIMIT, "its shards have new leaders")
    for scope, (leader, token) in before.items():
        tap.check(leader == old.name or after[scope] == (leader, token), f"{scope} did not move")
        tap.check(leader != old.name or after[scope][1] > token, f"{scope} has a larger epoch")
    writer, said = put(cluster, names[after[shard][0]], "customer-4711")
    writer.communicate("new", LIMIT)
    tap.equal((writer.returncode, said), (0, ["epoch", after[shard][1]]), "its successor writes")
    zombie.communicate("old", LIMIT)
    tap.equal(zombie.returncode, 1, "the zombie is refused")
    lines = pathlib.Path(cluster.path("store"), shard.replace("/", "-")).read_text(encoding="utf-8").splitlines()
    tap.equal([json.loads(line)["value"] for line in lines], ["new"], "what the store has")
    refused = observer.run("owner", "k", "--scopes", "nothing")
    tap.equal(refused.returncode, 1, "no such scopes")


if __name__ == "__main__":
    tap.main()
