"""The same failures with keepalived and etcd (Debian: keepalived, etcd-server, etcd-client), on the same machine, for
failover.py --rivals. Each yields how long it took until the next one held what the first one had held."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from cluster import clean_environment
from namespaces import Network, command, why_not

LIMIT = 120
HOSTS = 3
ADDRESS = "10.111.7.100/24"

KEEPALIVED = """global_defs {{
    router_id {name}
    vrrp_notify_fifo {fifo}
    script_user root
    enable_script_security
}}
vrrp_instance bench {{
    state BACKUP
    interface eth
    virtual_router_id 51
    priority {priority}
    advert_int 1
    virtual_ipaddress {{
        {address}
    }}
}}
"""


class Lines:
    """Lines of several sources, each stamped when it arrives."""

    def __init__(self):
        self.changed = threading.Condition()
        self.lines = []

    def follow(self, source, stream):
        threading.Thread(target=self._read, args=(source, stream), daemon=True).start()

    def _read(self, source, stream):
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                with self.changed:
                    self.lines.append((time.monotonic(), source, line.strip()))
                    self.changed.notify_all()

    def wait(self, since, wanted):
        """The first line after `since` for which wanted(source, text) holds: (when, source)."""
        end = time.monotonic() + LIMIT
        with self.changed:
            while True:
                for at, source, text in self.lines:
                    if at > since and wanted(source, text):
                        return at, source
                if time.monotonic() > end:
                    raise SystemExit(f"a rival has not failed over within {LIMIT} s: {self.lines[-5:]}")
                self.changed.wait(0.2)


def spawn(words, **more):
    return subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, start_new_session=True,
                            env=clean_environment(ETCDCTL_API="3"), **more)


def kill_all(process):
    """It and its children at once; all are of one session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# ------------------------------------------------------------------ keepalived

class Keepalived:
    def __init__(self, network, folder, number, lines):
        self.inside, self.number, self.folder = network.inside(number), number, folder
        self.fifo = folder / f"fifo{number}"
        os.mkfifo(self.fifo, 0o600)
        self.keep = os.open(self.fifo, os.O_RDWR)  # so that it never ends
        lines.follow(number, open(self.fifo, encoding="ascii"))  # pylint: disable=consider-using-with
        self.config = folder / f"conf{number}"
        self.config.write_text(KEEPALIVED.format(name=f"h{number}", fifo=self.fifo, priority=100 + number, address=ADDRESS))
        self.process = None

    def start(self):
        pids = [f"--{kind}={self.folder}/{kind}{self.number}" for kind in ("pid", "vrrp_pid")]
        self.process = spawn([*self.inside, "keepalived", "--dont-fork", "--vrrp", f"--use-file={self.config}", *pids],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            kill_all(self.process)
        os.close(self.keep)


def master(_source, text):
    return text.startswith("INSTANCE") and " MASTER " in text


def keepalived(kind, repeats):
    """Crash: all of the process is killed, and its host keeps the address. Cut: its host is cut off."""
    lines = Lines()
    network = Network(HOSTS)
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as name, contextlib.ExitStack() as stack:
        stack.callback(network.close)
        members = {}
        for number in range(1, HOSTS + 1):
            members[number] = Keepalived(network, pathlib.Path(name), number, lines)
            stack.callback(members[number].end)
            members[number].start()
        lines.wait(0, master)
        for _ in range(repeats):
            time.sleep(random.uniform(5, 6))  # until the best one has it again
            last = {source: text for _, source, text in lines.lines}
            leader = max(source for source, text in last.items() if master(source, text))
            at = time.monotonic()
            if kind == "crash":
                kill_all(members[leader].process)
            else:
                network.cut(leader)
            known, _ = lines.wait(at, lambda source, text, old=leader: source != old and master(source, text))
            if kind == "crash":
                command(*network.inside(leader), "ip", "address", "del", ADDRESS, "dev", "eth", check=False)
                members[leader].start()
            else:
                network.heal(leader)
            yield known - at


# ------------------------------------------------------------------ etcd

def etcd(ttl_s, repeats):
    """`etcdctl lock` by three; the one that holds it is killed, with its command."""
    lines = Lines()
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as name, contextlib.ExitStack() as stack:
        port = 23790 + os.getpid() % 1000
        client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
        server = spawn(["etcd", "--data-dir", f"{name}/data", "--listen-client-urls", client, "--advertise-client-urls", client,
                        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
                        f"default={peer}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(kill_all, server)
        end = time.monotonic() + LIMIT
        probe = ["etcdctl", "--endpoints", client, "endpoint", "health"]
        while subprocess.run(probe, env=clean_environment(ETCDCTL_API="3"), capture_output=True, check=False).returncode != 0:
            if time.monotonic() > end:
                raise SystemExit("etcd does not start")
            time.sleep(0.1)
        contenders = {}

        def contend(number):
            process = spawn(["etcdctl", "--endpoints", client, "lock", f"--ttl={ttl_s}", "bench", "--", "sh", "-c",
                             "echo held; exec sleep 1000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            stack.callback(kill_all, process)
            contenders[number] = process
            lines.follow(number, process.stdout)

        for number in range(HOSTS):
            contend(number)
        _, holder = lines.wait(0, lambda _, text: text == "held")
        for repeat in range(repeats):
            time.sleep(random.uniform(1, 1 + ttl_s / 3))
            at = time.monotonic()
            kill_all(contenders[holder])
            known, holder = lines.wait(at, lambda _, text: text == "held")
            contend(HOSTS + repeat)
            yield known - at


def rivals():
    """(what, samples' generator or None, why it is left out)"""
    reason = why_not() or (None if shutil.which("keepalived") else "needs keepalived")
    for kind in ("crash", "cut"):
        yield f"keepalived (advert 1 s), {kind}", None if reason else (lambda repeats, k=kind: keepalived(k, repeats)), reason
    reason = None if shutil.which("etcd") and shutil.which("etcdctl") else "needs etcd-server, etcd-client"
    for ttl_s in (10, 2):
        yield f"etcdctl lock --ttl={ttl_s}, crash", None if reason else (lambda repeats, t=ttl_s: etcd(t, repeats)), reason
