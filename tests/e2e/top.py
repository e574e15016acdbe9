"""top on terminals: what it shows, its keys, small and resized ones, an agent that comes and goes, names that mean harm, a clean end."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import termios
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run


def built_without():
    return "without ncurses" in run("top", "--control", "/nowhere").stderr


def new_cluster(count=3, *words):
    if built_without():
        tap.skip("built without ncurses (Debian: libncurses-dev)")
    cluster = Cluster()
    tap.cleanup(cluster.close)
    cluster.start(count, *words)
    cluster.wait_leader()
    return cluster


class Screen:
    """top in a terminal of tmux's."""

    number = 0

    def __init__(self, agent, columns=80, lines=24, *words, **environment):
        if not shutil.which("tmux"):
            tap.skip("needs tmux")
        Screen.number += 1
        self.socket = agent.cluster.path(f"tmux-{Screen.number}")
        tap.cleanup(self.tmux, "kill-server", check=False)
        variables = [f"{name}={value}" for name, value in {"LC_ALL": "C.UTF-8", **environment}.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines, "env", "-u", "NO_COLOR", *variables, "sh", "-c",
                  '"$@"; echo "ended with $?"; cat', "sh", BELLWETHER, "top", *words, "--control", agent.control)

    def tmux(self, *words, check=True):
        return subprocess.run(["tmux", "-S", self.socket, *map(str, words)], check=check, capture_output=True, text=True,
                              timeout=LIMIT, env=clean_environment(LC_ALL="C.UTF-8", TERM="xterm")).stdout

    def lines(self):
        return self.tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def wait(self, condition, what):
        try:
            return tap.wait_until(lambda: condition(self.lines()), LIMIT, what, 0.05)
        except AssertionError:
            tap.note("\n".join(self.lines()))
            raise

    def wait_text(self, *parts):
        return self.wait(lambda lines: all(part in "\n".join(lines) for part in parts), f"{parts}")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def row(self, name):
        """The words of the member's line."""
        found = [line.split() for line in self.lines() if re.match(rf"{re.escape(name)}\s+(alive|suspect|dead|left)", line)]
        return found[0] if found else []


def rows(lines):
    return [line.split()[0] for line in lines if re.match(r"\S+\s+(alive|suspect|dead|left)\b", line)]


@tap.test(timeout=60)
def members_leaders_and_events_are_shown_and_a_kill_changes_them():
    cluster = new_cluster(3)
    leader = cluster.wait_leader()
    watched = cluster.followers(leader)[0]
    screen = Screen(watched)
    screen.wait_text(f"bellwether {watched.name} in e2e", "3 alive", "q quit", "EVENTS", "token " + watched.reign()[0])
    tap.equal(rows(screen.lines()), ["n1", "n2", "n3"], "the members, by name")
    tap.check("default" in screen.row(leader.name), f"what the leader leads: {screen.row(leader.name)}")
    other = cluster.followers(leader)[1]
    screen.wait(lambda lines: "ms" in screen.row(other.name), "the round trip")
    tap.equal(max(len(line) for line in screen.lines()) <= 80, True, "80 columns")
    token = watched.reign()[0]
    leader.kill()
    cluster.wait_reign(above=token)
    screen.wait(lambda lines: screen.row(leader.name)[1:2] == ["dead"], "it is dead")
    screen.wait_text("1 dead", f"leads default, token {watched.reign()[0]}", "token " + watched.reign()[0])
    screen.keys("q")
    screen.wait_text("ended with 0")
    tap.check("EVENTS" not in "\n".join(screen.lines()), "the screen is as before")


@tap.test(timeout=60)
def suspicion_is_shown_while_it_lasts():
    cluster = new_cluster(3, "--set", "suspicion_alpha=20")
    screen = Screen(cluster.agents["n1"])
    screen.wait_text("3 alive")
    cluster.agents["n3"].signal(signal.SIGSTOP)
    screen.wait(lambda lines: re.search(r"n3 +suspect .*by \d, \d+\.\d of \d+\.\d s", "\n".join(lines)), "accusers and time")
    cluster.agents["n3"].signal(signal.SIGCONT)
    screen.wait(lambda lines: screen.row("n3")[1:2] == ["alive"], "it has refuted")


@tap.test(timeout=60)
def keys_sort_filter_scroll_and_explain():
    cluster = new_cluster(3, "--tag", "role=db")
    cluster.agents["n3"].run("tags", "role=web")
    cluster.wait(lambda: "role=web" in cluster.agents["n1"].run("members").stdout, LIMIT, "n1 has heard of the tag")
    cluster.agents["n3"].kill()
    cluster.agents["n1"].wait_event("member-dead", name="n3")
    screen = Screen(cluster.agents["n1"])
    screen.wait_text("1 dead", "sort: name")
    screen.keys("r")
    screen.wait(lambda lines: rows(lines) == ["n3", "n2", "n1"], "reversed")
    screen.keys("r", "s")
    screen.wait(lambda lines: rows(lines) == ["n3", "n1", "n2"], "by status, what is in trouble first")
    screen.wait_text("sort: status")
    screen.keys("s", "s", "s", "/", "w", "e", "b")
    screen.wait(lambda lines: rows(lines) == ["n3"], "filtered by a tag, as it is typed")
    screen.keys("BSpace", "BSpace", "BSpace", "x", "y", "z", "Enter")
    screen.wait_text("no member fits", "filter: xyz")
    screen.keys("Escape")
    screen.wait(lambda lines: rows(lines) == ["n1", "n2", "n3"], "no filter")
    screen.keys("?")
    screen.wait_text("accusers, and how much of its time")
    screen.keys("x")
    screen.wait_text("SUSPICION", "EVENTS")
    screen.tmux("resize-window", "-x", 60, "-y", 4)
    screen.wait(lambda lines: rows(lines) == ["n1"], "room for one")
    screen.keys("Down")
    screen.wait(lambda lines: rows(lines) == ["n2"], "one down")
    screen.keys("Down", "Down", "Down", "Down")
    screen.wait(lambda lines: rows(lines) == ["n3"], "not beyond the end")
    screen.keys("Up", "Up")
    screen.wait(lambda lines: rows(lines) == ["n1"], "and up again")


@tap.test(timeout=60)
def sizes_from_tiny_to_wide():
    cluster = new_cluster(3, "--tag", "role=db")
    screen = Screen(cluster.agents["n1"], 140, 40)
    screen.wait_text("ADDRESS", "TAGS", "role=db", cluster.agents["n2"].addr)
    for columns, lines in ((80, 24), (40, 10), (12, 5), (3, 3), (2, 2), (100, 8)):
        screen.tmux("resize-window", "-x", columns, "-y", lines)
        screen.wait(lambda shown: len(shown) == lines and shown[0].startswith(" bellwether"[:columns]) and shown[-1].startswith("q") and
                    (columns < 12 or "n1" in "\n".join(shown)), f"drawn in {columns}x{lines}")
    screen.wait(lambda shown: rows(shown) == ["n1", "n2", "n3"], "it is still there")
    screen.keys("q")
    screen.wait_text("ended with 0")


@tap.test(timeout=60)
def agent_that_goes_and_comes_back():
    cluster = new_cluster(3)
    agent = cluster.agents["n1"]
    screen = Screen(agent, 80, 50)
    screen.wait_text("3 alive")
    agent.signal(signal.SIGSTOP)
    screen.wait_text("the agent has not answered for")
    screen.keys("?")
    screen.wait_text("reverse the order")  # keys work all the same
    screen.keys("x")
    agent.signal(signal.SIGCONT)
    screen.wait_text("bellwether n1 in e2e")
    agent.kill()
    screen.wait_text("the agent has gone - trying again", "-- the agent has gone --")
    tap.equal(rows(screen.lines()), ["n1", "n2", "n3"], "what was known stays")
    agent.start().wait_ready()
    screen.wait_text("bellwether n1 in e2e", "3 alive", "-- the agent was started again --")
    cluster.agents["n2"].kill()
    screen.wait(lambda lines: screen.row("n2")[1:2] == ["dead"], "it is live again")


@tap.test(timeout=60)
def what_others_are_called_does_no_harm():
    cluster = new_cluster(1)
    first = cluster.agents["n1"]
    name = "\u202eevil\u200b\U0001f41fwürm"
    cluster.add("evil", "--name", name, "--tag", "t=\u2066x", "--join", first.addr).start().wait_ready()
    cluster.wait_view(2)
    first.run("event", "hi", "\x1b]0;owned\x07\x1b[31mred")
    screen = Screen(first, 160, 30)
    screen.wait_text("<U+202E>evil", "t=<U+2066>x", "\\x1b]0;owned\\x07\\x1b[31mred")
    plain = Screen(first, 160, 30, LC_ALL="C")
    plain.wait_text("<U+202E>evil")
    shown = "\n".join(plain.lines())
    tap.check(all(ord(letter) < 128 for letter in shown), "ASCII only, where the terminal has no more")


class Terminal:
    """top on a plain pseudo-terminal: all bytes that it writes, and the terminal's modes."""

    def __init__(self, agent, *words, **environment):
        self.master, self.slave = pty.openpty()
        tap.cleanup(os.close, self.master)
        tap.cleanup(os.close, self.slave)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(["setsid", "-c", BELLWETHER, "top", *words, "--control", agent.control],
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env=clean_environment(**{"TERM": "xterm", "LC_ALL": "C.UTF-8", **environment}))
        tap.cleanup(self.process.kill)
        self.shown = b""

    def read(self, until=None):
        end = time.monotonic() + LIMIT
        while until is None or until not in self.shown:
            tap.check(time.monotonic() < end, f"{until} in {self.shown[-300:]}")
            if select.select([self.master], [], [], 0.1)[0]:
                self.shown += os.read(self.master, 65536)
            elif until is None and self.process.poll() is not None:
                break
        return self.shown


@tap.test(timeout=60)
def terminal_is_restored_however_it_ends():
    agent = new_cluster(1).agents["n1"]
    for how in (b"q", b"\x03", signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        terminal = Terminal(agent)
        terminal.read(b"q quit")
        tap.check(termios.tcgetattr(terminal.slave) != terminal.before, "the terminal is in another mode")
        if isinstance(how, bytes):
            os.write(terminal.master, how)
        else:
            terminal.process.send_signal(how)
        terminal.process.wait(LIMIT)
        shown = terminal.read()
        tap.equal(terminal.process.returncode, 0, f"exit code after {how}")
        tap.equal(termios.tcgetattr(terminal.slave), terminal.before, f"modes after {how}")
        tap.check(shown.rfind(b"\x1b[?1049l") > shown.rfind(b"\x1b[?1049h") > -1, f"the screen after {how}")
        tap.check(shown.rfind(b"\x1b[?12l\x1b[?25h") > -1 or shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l"),
                  f"the cursor after {how}")


@tap.test(timeout=60)
def terminals_of_many_kinds():
    agent = new_cluster(1).agents["n1"]
    colour = re.compile(rb"\x1b\[[0-9;]*3[1-7]m")
    for name, words, environment, coloured in [
        ("xterm-256color", [], {}, True), ("screen", [], {}, True), ("vt100", [], {}, False), ("linux", [], {}, True),
        ("xterm", [], {"NO_COLOR": "1"}, False), ("xterm", ["--color=never"], {}, False)]:
        terminal = Terminal(agent, *words, TERM=name, **environment)
        terminal.read(b"token ")
        os.write(terminal.master, b"q")
        terminal.process.wait(LIMIT)
        tap.equal(terminal.process.returncode, 0, name)
        tap.equal(bool(colour.search(terminal.read())), coloured, f"colour on {name} {words} {environment}")
    for name in ("dumb", "no-such-terminal"):
        terminal = Terminal(agent, TERM=name)
        terminal.process.wait(LIMIT)
        tap.equal((terminal.process.returncode, b"set TERM" in terminal.read()), (1, True), f"{name}: {terminal.shown}")
        tap.equal(termios.tcgetattr(terminal.slave), terminal.before, f"modes of {name}")


@tap.test
def without_a_terminal_or_an_agent():
    agent = new_cluster(1).agents["n1"]
    result = agent.run("top")
    tap.equal((result.returncode, result.stdout), (1, ""), "no terminal")
    tap.check("needs a terminal" in result.stderr, result.stderr)
    result = run("top", "--control", "/nowhere/sock")
    tap.equal((result.returncode, result.stdout), (3, ""), "no agent")
    tap.check("/nowhere/sock" in result.stderr, result.stderr)


if __name__ == "__main__":
    tap.main()
