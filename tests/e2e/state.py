"""The state directory through the command: whatever stands there that is not this agent's own whole state, the agent says
which file it is and what to do, exits with 1, and leaves it as it was."""

import hashlib
import os
import shutil
import signal
import socket
import struct

import tap
from cluster import LIMIT, Cluster, run


class Home:
    """One agent that has led once, and its state."""

    def __init__(self):
        self.cluster = Cluster(label="home")
        tap.cleanup(self.cluster.close)
        self.agent = self.cluster.add("one").start().wait_ready()
        self.agent.wait_event("self-elected")
        self.agent.signal(signal.SIGTERM)
        tap.equal(self.agent.wait_exit(), 0, "exit code")
        self.file = os.path.join(self.agent.state, "state")
        self.whole = self.read()

    def read(self):
        with open(self.file, "rb") as file:
            return file.read()

    def write(self, data):
        with open(self.file, "wb") as file:
            file.write(data)

    def agent_words(self, label="home", name="one"):
        return ["agent", "--name", name, "--state-dir", self.agent.state, "--control", self.cluster.path("other.sock"),
                "--key-file", self.cluster.key, "--cluster", label, "--bind", "127.0.0.1:0", "--profile", "local"]

    def refused(self, what, *needles, label="home"):
        answer = run(*self.agent_words(label))
        tap.equal(answer.returncode, 1, f"{what}: exit code ({answer.stderr})")
        for needle in needles:
            tap.check(needle in answer.stderr, f"{what}: {needle!r} in {answer.stderr!r}")

    def starts_with_its_id(self):
        before = self.agent.id
        self.agent.start().wait_ready()
        tap.equal(self.agent.id, before, "id")
        self.agent.end()


@tap.test(timeout=60)
def torn_state_is_refused_at_every_size():
    home = Home()
    size = len(home.whole)
    for torn in sorted({0, 1, 7, 8, 23, 24, size // 2, size - 17, size - 16, size - 1}):
        home.write(home.whole[:torn])
        home.refused(f"{torn} of {size} bytes", home.file, "restore it from a backup, or move it away")
        tap.equal(len(home.read()), torn, "it is left as it was")
    home.write(home.whole + b"\0")
    home.refused("a byte too many", home.file, "move it away")
    home.write(home.whole)
    home.starts_with_its_id()


@tap.test(timeout=60)
def flipped_bit_is_refused_wherever_it_is():
    home = Home()
    for at in range(0, len(home.whole), 9):
        flipped = bytearray(home.whole)
        flipped[at] ^= 0x10
        home.write(flipped)
        home.refused(f"bit flipped in byte {at}", home.file, "move it away")
        tap.equal(home.read(), bytes(flipped), "it is left as it was")


@tap.test(timeout=60)
def other_cluster_s_state_is_refused():
    home = Home()
    home.refused("another label", home.file, "another cluster", "move it away", label="elsewhere")
    tap.equal(home.read(), home.whole, "it is left as it was")
    home.starts_with_its_id()


@tap.test(timeout=60)
def older_or_newer_format_is_refused_as_such():
    home = Home()
    for number in (1, 4):  # 2 and 3 are read
        other = bytearray(home.whole[:-16])
        other[7] = number
        digest = hashlib.blake2b(other, digest_size=16).digest()
        home.write(bytes(other) + digest)
        home.refused(f"format {number}", home.file, "another version", "move the file away")


@tap.test(timeout=60)
def what_is_no_plain_file_is_refused():
    home = Home()
    os.unlink(home.file)
    os.mkdir(home.file)
    home.refused("a directory", home.file, "plain file")
    os.rmdir(home.file)
    os.symlink("/etc/passwd", home.file)
    home.refused("a symbolic link", home.file, "plain file")
    os.unlink(home.file)
    os.mkfifo(home.file)
    home.refused("a pipe", home.file, "plain file")
    os.unlink(home.file)
    with open(home.file, "wb") as file:
        file.truncate(1 << 30)
    home.refused("a gigabyte", home.file, "larger than any valid one")


@tap.test(timeout=60)
def directory_that_is_none_is_refused():
    home = Home()
    plain = home.cluster.path("plain")
    with open(plain, "wb"):
        pass
    for path in (plain, os.path.join(plain, "below")):
        home.agent.state = path
        home.refused(path, path, "choose a directory")


@tap.test(timeout=60)
def second_agent_on_the_directory_is_refused():
    home = Home()
    home.agent.start().wait_ready()
    home.refused("a second agent", home.agent.state, "another agent", "stop that one")
    tap.check(home.agent.running(), "the first one runs on")
    home.agent.kill()
    home.agent.start().wait_ready(LIMIT)  # the lock of one that was killed is no obstacle


@tap.test(timeout=60)
def restarted_member_finds_the_others_without_its_seed():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    seed, member, other = cluster.start(3)
    member.signal(signal.SIGTERM)
    tap.equal(member.wait_exit(), 0, "exit code")
    seed.kill()  # the only address that it is told to join
    member.start().wait_ready()
    cluster.wait(lambda: {"n2", "n3"} <= member.view() & other.view(), LIMIT, "n2 and n3 know each other")
    remembered = socket.inet_aton("127.0.0.1")
    port = struct.pack(">H", int(other.addr.rpartition(":")[2]))
    tap.equal(member.run("leave").returncode, 0, "leave")
    tap.equal(member.wait_exit(), 0, "exit code")
    with open(os.path.join(member.state, "state"), "rb") as file:
        tap.check(port + remembered not in file.read(), "who was told to leave has forgotten the others")


def leading(agents):
    return [agent for agent in agents if agent.run("is-leader").returncode == 0]


@tap.test(timeout=90)
def a_copied_state_directory_is_noticed():
    cluster = Cluster(profile="lan")  # nobody's lease runs out because the machine is busy
    tap.cleanup(cluster.close)
    agents = cluster.start(3)
    copied = tap.wait_until(lambda: leading(agents), LIMIT, "a leader")[0]
    others = [agent for agent in agents if agent is not copied]
    twin = cluster.add("twin", "--name", copied.name, "--join", others[0].addr)
    shutil.copytree(copied.state, twin.state)
    twin.start().wait_ready()
    tap.equal(twin.id, copied.id, "one id")
    copied.wait_event("member-twice", own=True, addr=twin.addr)
    twin.wait_event("member-twice", own=True, addr=copied.addr)
    cluster.wait(lambda: any(agent.events("member-twice") for agent in others), LIMIT, "and those that heard both")
    for agent in (copied, twin):
        said = [line.object for line in agent.lines if line.object and "this agent runs twice" in line.object.get("msg", "")]
        tap.equal([line["level"] for line in said[:1]], ["error"], "the log says it loudly")
        tap.equal(agent.run("is-leader").returncode, 1, "it does not lead")
        answer = agent.run("doctor", "--json")
        tap.check("its state directory was copied" in answer.stdout, answer.stdout)
    tap.wait_until(lambda: len(leading(others)) == 1, LIMIT, "one of the others leads")


@tap.test(timeout=60)
def other_name_with_the_state_keeps_the_id():
    home = Home()
    agent = home.cluster.add("renamed")
    agent.state = home.agent.state
    agent.start().wait_ready()
    tap.equal(agent.id, home.agent.id, "id")


if __name__ == "__main__":
    tap.main()
