"""Agents that know no address find each other on a LAN, and nobody else: hosts made of network namespaces on bridges."""

import json
import os
import pathlib
import subprocess
import sys
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run
from namespaces import Network, command, why_not

GROUP, PORT = "239.255.66.87", "7948"
HELPER = str(pathlib.Path(__file__).resolve().parent / "beacons.py")


class Lan(Network):
    """Hosts on bridges: on[number] says on which. Host n has 10.111.B.n and fd00:111:B::n on bridge B, as far as families says."""

    def __init__(self, on, families="46"):
        self.on, self.families = on, families
        super().__init__(len(on))

    @staticmethod
    def address(number, bridge=1):
        return f"10.111.{bridge}.{number}"

    @staticmethod
    def address6(number, bridge=1):
        return f"fd00:111:{bridge}::{number:x}"

    @staticmethod
    def _batch(lines, *words):
        """Many commands of ip in one process."""
        subprocess.run(["ip", *words, "-batch", "-"], input="\n".join(lines), check=True, capture_output=True, text=True,
                       timeout=20)

    def _make(self, count):
        hub = f"{self.prefix}hub"
        self.made = [hub, *(self.host(number) for number in self.on)]
        self._batch([f"netns add {name}" for name in self.made])
        bridges = sorted({bridge for on in self.on.values() for bridge in on})
        if bridges:
            self._batch([line for bridge in bridges
                         for line in (f"link add br{bridge} type bridge", f"link set br{bridge} up")], "-n", hub)
        for number, on in self.on.items():
            if "6" in self.families:
                self.set(number, "ipv6/conf/default/accept_dad", 0)
            self._batch(["link set lo up"], "-n", self.host(number))
            for bridge in on:
                self.plug(number, bridge)

    def set(self, number, path, value):
        command(*self.inside(number), "sh", "-c", f"echo {value} > /proc/sys/net/{path}")

    def plug(self, number, bridge):
        hub, host, eth, port = f"{self.prefix}hub", self.host(number), f"eth{bridge}", f"to{number}x{bridge}"
        self._batch([f"link add {port} type veth peer name {eth} netns {host}", f"link set {port} master br{bridge} up"],
                    "-n", hub)
        lines = [f"link set {eth} up"]
        if "6" in self.families:
            lines.insert(0, f"address add {self.address6(number, bridge)}/64 dev {eth} nodad")
        if "4" in self.families:
            lines.insert(0, f"address add {self.address(number, bridge)}/24 dev {eth}")
        self._batch(lines, "-n", host)

    def close(self):
        subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(f"netns del {name}" for name in self.made),
                       check=False, capture_output=True, text=True, timeout=20)
        self.made = []

    def helper(self, number, *words):
        """A program in beacons.py on that host."""
        process = subprocess.Popen([*self.inside(number), sys.executable, HELPER, *map(str, words)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        tap.cleanup(process.wait)
        tap.cleanup(process.kill)
        return process

    def beacon(self, number, group, source, data, times=1):
        answer(self.helper(number, "send", group, PORT, "eth1", source, data, times))


def answer(process):
    """The last line that it prints."""
    out, _ = process.communicate(timeout=LIMIT)
    return json.loads(out.splitlines()[-1])


def lan(on, families="46"):
    reason = why_not()
    if reason:
        tap.skip(reason)
    network = Lan(on, families)
    tap.cleanup(network.close)
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return network, cluster


def add(cluster, network, number, *words):
    agent = cluster.add(f"n{number}", "--discover", *words, prefix=network.inside(number))
    agent.anywhere = True
    return agent


def discover(network, number, *words):
    return subprocess.run([*network.inside(number), BELLWETHER, "discover", *words], capture_output=True, text=True,
                          timeout=LIMIT, env=clean_environment(), check=False)


def wait_log(agent, text):
    return agent.cluster.wait(lambda: [line for line in agent.log() if text in line.text], LIMIT, f"{agent.name}: {text}")


# ------------------------------------------------------------------ finding each other

def three_find_each_other(families):
    network, cluster = lan({1: [1], 2: [1], 3: [1]}, families)
    agents = [add(cluster, network, number).start() for number in (1, 2, 3)]
    for agent in agents:
        agent.wait_ready()
    ready = max(agent.events("ready")[0].at for agent in agents)
    cluster.wait_view(3)
    met = max(event.at for agent in agents for event in agent.events("member-alive"))
    tap.note(f"IPv{' and IPv'.join(families)}: one cluster {met - ready:.3f} s after the last one was ready")
    for agent in agents:
        agent.wait_event("converged", since=met - 1)
    return agents


@tap.test(timeout=60)
def three_agents_find_each_other_by_ipv4():
    agents = three_find_each_other("4")
    tap.check(all(agent.addr.startswith("10.111.1.") for agent in agents), "IPv4 addresses")


@tap.test(timeout=60)
def three_agents_find_each_other_by_ipv6():
    agents = three_find_each_other("6")
    tap.check(all(agent.addr.startswith("[fd00:111:1::") for agent in agents), "IPv6 addresses")


@tap.test(timeout=60)
def three_agents_find_each_other_by_both():
    three_find_each_other("46")


@tap.test(timeout=90)
def a_member_of_two_networks_brings_their_members_together():
    network, cluster = lan({1: [1], 2: [1], 3: [2], 4: [2], 5: [1, 2]}, "4")
    # Host 5 is the router between both; TTL 1 keeps beacons from passing it.
    network.set(5, "ipv4/ip_forward", 1)
    for number, bridge in ((1, 1), (2, 1), (3, 2), (4, 2)):
        command("ip", "-n", network.host(number), "route", "add", "default", "via", network.address(5, bridge))
    sides = [[add(cluster, network, number).start() for number in numbers] for numbers in ((1, 2), (3, 4))]
    for side in sides:
        cluster.wait_view(2, agents=side)
    tap.check(all(len(agent.view()) == 2 for side in sides for agent in side), "a beacon passed the router")
    add(cluster, network, 5).start().wait_ready()
    cluster.wait_view(5)


@tap.test(timeout=60)
def many_agents_on_one_host_start_at_once():
    network, cluster = lan({1: [1], 2: [1]}, "4")
    count = 12
    listener = network.helper(2, "record", GROUP, PORT, "eth1", 8, 1000)
    tap.check(json.loads(listener.stdout.readline())["listening"], "the listener")
    agents = [cluster.add(f"m{number}", "--discover", "--bind", "0.0.0.0:0", "--observer", prefix=network.inside(1))
              for number in range(count)]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.wait_ready()
    cluster.wait_view(count)
    heard = answer(listener)
    tap.note(f"{count} agents, 8 s: {len(heard)} beacons")
    # Without hush and stretching each would have sent three by then.
    tap.check(0 < len(heard) <= 2 * count, f"{len(heard)} beacons")


@tap.test(timeout=60)
def agents_find_each_other_on_loopback():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    group = f"239.255.77.{os.getpid() % 250 + 1}:{20000 + os.getpid() % 20000}"
    for number in (1, 2):
        cluster.add(f"n{number}", f"--discover={group}", "--bind", "127.0.0.1:0").start().wait_ready()
    cluster.wait_view(2)
    heard = run("discover", "--group", group, "--interface", "lo", "--timeout", "0.2", "--json")
    tap.equal(sorted(json.loads(heard.stdout)), ["clusters", "unknown"], "its form")


# ------------------------------------------------------------------ who is not joined

@tap.test(timeout=60)
def another_key_or_label_is_shown_and_not_joined():
    network, cluster = lan({1: [1], 2: [1], 3: [1], 4: [1]}, "4")
    other = cluster.path("other")
    with open(other, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
        file.write(run("keygen").stdout)
    first = add(cluster, network, 1).start().wait_ready()
    listening = [subprocess.Popen([*network.inside(4), BELLWETHER, "discover", "--json", "--timeout", "4", *words],
                                  stdout=subprocess.PIPE, text=True, env=clean_environment())
                 for words in (["--key-file", cluster.key], ["--key-file", other], [])]
    time.sleep(0.5)
    add(cluster, network, 2, "--key-file", other).start().wait_ready()
    third = add(cluster, network, 3, "--cluster", "stage").start().wait_ready()
    wait_log(first, "announces a cluster that our keys do not open")
    wait_log(first, "announces another cluster, 'stage'")
    wait_log(third, "announces a cluster that our keys do not open")
    with_key, with_other, without = [answer(process) for process in listening]
    tap.equal([agent.ask("members")["members"][0]["name"] for agent in (first, third)], ["n1", "n3"], "alone")
    tap.equal([len(agent.ask("members")["members"]) for agent in cluster.living()], [1, 1, 1], "members")
    labels = {found["cluster"]: {member["name"]: member["addr"] for member in found["members"]}
              for found in with_key["clusters"]}
    tap.equal(labels["stage"], {"n3": third.addr}, "seen with the key")
    tap.equal([found["from"] for found in with_key["unknown"]], [network.address(2)], "not seen into")
    tap.equal([found["members"][0]["name"] for found in with_other["clusters"]], ["n2"], "with the other key")
    tap.equal((without["clusters"], network.address(2) in [found["from"] for found in without["unknown"]]), ([], True),
              "without a key")


def recorded_beacon():
    """A dead member's beacon that nobody living has heard: of an agent that was alone with the listener. And a stranger on host 3."""
    network, cluster = lan({1: [1], 2: [1], 3: [1]}, "4")
    listener = network.helper(2, "record", GROUP, PORT, "eth1", 10, 1)
    tap.check(json.loads(listener.stdout.readline())["listening"], "the listener")
    dead = add(cluster, network, 1).start().wait_ready()
    data = answer(listener)[0]["hex"]
    dead.kill()
    return network, cluster, data


@tap.test(timeout=90)
def a_recorded_beacon_costs_one_small_probe_and_a_unicast_one_nothing():
    network, cluster, data = recorded_beacon()
    living = add(cluster, network, 3).start().wait_ready()
    time.sleep(0.3)

    def probes(send):
        at_dead = network.helper(1, "count", network.address(1), 7947, 0.5)
        tap.check(json.loads(at_dead.stdout.readline())["listening"], "the counter")
        send()
        return answer(at_dead)

    command("ip", "-n", network.host(2), "address", "add", "192.0.2.9/32", "dev", "eth1")
    tap.equal(probes(lambda: network.beacon(2, network.address(3), network.address(2), data)), [], "sent to it alone")
    tap.equal(probes(lambda: network.beacon(2, GROUP, "192.0.2.9", data)), [], "from off the link")
    sizes = probes(lambda: network.beacon(2, GROUP, network.address(2), data, times=5))
    tap.note(f"a beacon of 384 bytes, five times: datagrams of {sizes} bytes")
    tap.equal(len(sizes), 1, "probes of the dead one")
    tap.check(3 * (sizes[0] + 48) <= 384 + 48, "three of them, with the headers of IPv6 and UDP, are no more than the beacon")
    tap.equal(living.view(), {"n3"}, "and nothing is believed")


def cost(agent):
    """Resident bytes, and seconds of CPU time so far."""
    status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text(encoding="ascii")
    stat = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024
    return resident, (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@tap.test(timeout=90)
def ten_thousand_junk_beacons_a_second_change_nothing():
    network, cluster = lan({1: [1], 2: [1], 3: [1], 4: [1]}, "4")
    for number in (1, 2):
        add(cluster, network, number).start().wait_ready()
    cluster.wait_view(2)
    agents = cluster.living()
    resident, cpu = cost(agents[0])
    flood = network.helper(4, "flood", GROUP, PORT, "eth1", 10000, 5)
    time.sleep(1)
    third = add(cluster, network, 3).start().wait_ready()
    cluster.wait_view(3)
    met = max(event.at for agent in cluster.living() for event in agent.events("member-alive"))
    sent = answer(flood)
    after = cost(agents[0])
    tap.note(f"{sent['sent'] / sent['seconds']:.0f} junk beacons a second for {sent['seconds']:.1f} s: an agent's CPU "
             f"{(after[1] - cpu) / sent['seconds'] * 100:.1f} %, memory {after[0] - resident:+d} bytes; a third was found "
             f"{met - third.events('ready')[0].at:.3f} s after its start")
    tap.check("sanitize" in os.environ.get("MODE_CFLAGS", "") or after[0] - resident < 1 << 20, "memory")
    tap.equal([agent.events("member-dead") for agent in cluster.living()], [[], [], []], "nobody was held for dead")
    tap.check(len([line for line in agents[0].log() if "keys do not open" in line.text]) <= 1, "told once of one sender")


# ------------------------------------------------------------------ networks that come and go

@tap.test(timeout=90)
def an_interface_that_comes_back_is_used_again():
    network, cluster = lan({1: [1], 2: [1]}, "4")
    link = ("ip", "-n", network.host(1), "link", "set", "eth1")
    first = add(cluster, network, 1).start().wait_ready()
    command(*link, "down")
    wait_log(first, "no interface is fit for discovery")
    second = add(cluster, network, 2).start().wait_ready()
    time.sleep(1.5)  # its first beacons are gone
    tap.equal(first.view() | second.view(), {"n1", "n2"}, "who is there")
    tap.check(len(first.view()) == len(second.view()) == 1, "they cannot have met")
    at = time.monotonic()
    command(*link, "up")
    cluster.wait_view(2)
    tap.note(f"found {max(agent.events('member-alive')[-1].at for agent in (first, second)) - at:.3f} s after it was up")


@tap.test(timeout=90)
def an_interface_that_is_added_is_used():
    network, cluster = lan({1: [1], 2: [2]}, "4")
    add(cluster, network, 1).start().wait_ready()
    add(cluster, network, 2).start().wait_ready()
    time.sleep(0.5)
    network.plug(2, 1)
    cluster.wait_view(2)


@tap.test(timeout=60)
def virtual_interfaces_are_left_out_unless_they_are_named():
    network, cluster = lan({1: []}, "4")
    host = network.host(1)
    command("ip", "-n", host, "link", "add", "bridge7", "type", "bridge")
    command("ip", "-n", host, "address", "add", "10.112.1.1/24", "dev", "bridge7")
    command("ip", "-n", host, "link", "set", "bridge7", "up")
    first = add(cluster, network, 1).start().wait_ready()
    told = wait_log(first, "no interface is fit for discovery")[0].text
    tap.check("bridge7 is virtual" in told and "lo is loopback" in told, told)
    unfit = discover(network, 1, "--timeout", "1")
    tap.equal((unfit.returncode, "bridge7 is virtual" in unfit.stderr), (1, True), unfit.stderr)
    for name in ("m1", "m2"):
        cluster.add(name, "--discover-interface", "bridge7", "--bind", "0.0.0.0:0", prefix=network.inside(1)).start()
    cluster.wait_view(2, agents=[cluster.agents["m1"].wait_ready(), cluster.agents["m2"].wait_ready()])


# ------------------------------------------------------------------ how it is told

@tap.test
def mistakes_are_told():
    for words, text in [
        (["discover", "--group", "224.0.0.1"], "239.255.0.0/16"),
        (["discover", "--group", "ff12::1"], "239.255.0.0/16"),
        (["discover", "--timeout", "0"], "above zero"),
        (["discover", "--interface", "an-interface-with-a-long-name"], "ip link"),
        (["discover", "here"], "'here'"),
        (["agent", "--discover=10.0.0.1"], "239.255.0.0/16"),
        (["agent", "--discover", "239.255.1.2"], "--discover=239.255.1.2"),
        (["agent", "--discover-interface", "a b"], "ip link"),
    ]:
        told = run(*words)
        tap.equal(told.returncode, 2, f"{words}: {told.stderr}")
        tap.check(text in told.stderr, f"{words}: {told.stderr}")
    told = run("discover", "--interface", "nosuch7", "--timeout", "1")
    tap.equal((told.returncode, "none of the interfaces" in told.stderr), (1, True), told.stderr)


@tap.test(timeout=60)
def the_configuration_file_can_say_it():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    port = 20000 + (os.getpid() + 7) % 20000
    for number, lines in ((1, "discover = :{}"), (2, "discover = 239.255.66.87:{}\ndiscover-interface = lo")):
        path = cluster.path(f"conf{number}")
        pathlib.Path(path).write_text(lines.format(port) + "\nbind = 127.0.0.1:0\n", encoding="ascii")
        agent = cluster.add(f"n{number}", "--config", path)
        agent.anywhere = True
        agent.start().wait_ready()
    cluster.wait_view(2)


if __name__ == "__main__":
    tap.main(parallel=4)
