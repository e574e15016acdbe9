"""Hosts made of network namespaces on one bridge, which can be cut off silently: their packets are dropped, nobody is told."""

import os
import shutil
import subprocess

NETWORK = "10.111.7"


def command(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=20)


def why_not():
    """None if namespaces can be made here, else the reason."""
    if os.geteuid() != 0:
        return "needs root: network namespaces"
    for program in ("ip", "nft"):
        if not shutil.which(program):
            return f"needs {program} (Debian: iproute2, nftables)"
    name = f"bwprobe{os.getpid()}"
    made = command("ip", "netns", "add", name, check=False)
    if made.returncode != 0:
        return f"no network namespaces here: {made.stderr.strip()}"
    rules = command("ip", "netns", "exec", name, "nft", "add", "table", "inet", "probe", check=False)
    command("ip", "netns", "del", name, check=False)
    return f"no nftables here: {rules.stderr.strip()}" if rules.returncode != 0 else None


class Network:
    """count hosts, all on a bridge that stands in a namespace of its own, so that nothing of the machine's is touched."""

    def __init__(self, count):
        self.prefix = f"bw{os.getpid()}"
        self.made = []
        try:
            self._make(count)
        except BaseException:
            self.close()
            raise

    def _namespace(self, name):
        command("ip", "netns", "add", name)
        self.made.append(name)
        command("ip", "-n", name, "link", "set", "lo", "up")

    def _make(self, count):
        hub = f"{self.prefix}hub"
        self._namespace(hub)
        command("ip", "-n", hub, "link", "add", "bridge", "type", "bridge")
        command("ip", "-n", hub, "link", "set", "bridge", "up")
        for number in range(1, count + 1):
            host = self.host(number)
            self._namespace(host)
            command("ip", "-n", hub, "link", "add", f"to{number}", "type", "veth", "peer", "name", "eth", "netns", host)
            command("ip", "-n", hub, "link", "set", f"to{number}", "master", "bridge", "up")
            command("ip", "-n", host, "address", "add", f"{self.address(number)}/24", "dev", "eth")
            command("ip", "-n", host, "link", "set", "eth", "up")

    def host(self, number):
        return f"{self.prefix}h{number}"

    @staticmethod
    def address(number):
        return f"{NETWORK}.{number}"

    def inside(self, number):
        """Words that run what follows on that host."""
        return ["ip", "netns", "exec", self.host(number)]

    def cut(self, number):
        """Drops all that comes in or goes out there. One command, one instant."""
        rules = ("add table inet cut; "
                 "add chain inet cut in { type filter hook input priority 0; policy drop; }; "
                 "add chain inet cut out { type filter hook output priority 0; policy drop; }")
        command(*self.inside(number), "nft", rules)

    def heal(self, number):
        command(*self.inside(number), "nft", "delete table inet cut")

    def close(self):
        for name in reversed(self.made):
            command("ip", "netns", "del", name, check=False)
        self.made = []
