"""Real agents for tests: started on loopback with their own folders, watched through their logs, always ended.

    with Cluster() as cluster:
        cluster.start(5)
        leader = cluster.wait_leader()
        leader.kill()

Each line of an agent's log is stamped with this process's monotonic clock when it arrives.
"""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

BELLWETHER = os.environ.get("BELLWETHER") or str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "bellwether")
LIMIT = 30  # seconds that anything may take before a test gives up; nothing is expected to come near

Line = collections.namedtuple("Line", "at text object")  # object: None if the line is no JSON


def clean_environment(**more):
    """Nothing of the user's settings reaches what is tested."""
    names = ("BELLWETHER_CONTROL", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "STATE_DIRECTORY", "NOTIFY_SOCKET", "NO_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    return {**environment, **more}


def run(*words, timeout=LIMIT, program=BELLWETHER, cwd=None, **more):
    """Runs the command to its end."""
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=timeout,
                          env=clean_environment(**more), stdin=subprocess.DEVNULL, cwd=cwd)


class Agent:
    """One agent, over its restarts."""

    def __init__(self, cluster, name, words, prefix=()):
        self.cluster, self.name, self.words, self.prefix = cluster, name, list(map(str, words)), list(prefix)
        self.control = cluster.path(name + ".sock")
        self.state = cluster.path(name + ".state")
        self.addr = None
        self.anywhere = False  # bound to all addresses, as by default
        self.program = BELLWETHER  # of the next start, and what asks it
        self.id = None
        self.process = None
        self.lines = []
        self.changed = cluster.changed
        self.threads = []

    # -- life --

    def start(self, *more):
        words = self.prefix + [self.program, "agent", "--name", self.name, "--state-dir", self.state, "--control",
                               self.control, "--log-format", "json", *self.words, *map(str, more)]
        if not any(str(word).startswith("--key-file") for word in words):
            words += ["--key-file", self.cluster.key]
        if "--bind" not in words and not self.anywhere:
            words += ["--bind", self.addr or "127.0.0.1:0"]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=clean_environment(), start_new_session=True)
        with self.changed:
            self.lines = []
        thread = threading.Thread(target=self._read, args=(self.process.stderr, self.lines), daemon=True)
        thread.start()
        self.threads.append(thread)
        return self

    def _read(self, stream, lines):
        for raw in stream:
            at = time.monotonic()
            text = raw.decode("utf-8", "replace").rstrip("\n")
            try:
                found = json.loads(text)
            except ValueError:
                found = None
            with self.changed:
                lines.append(Line(at, text, found if isinstance(found, dict) else None))
                self.changed.notify_all()
        stream.close()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        """Returns when."""
        at = time.monotonic()
        os.kill(self.process.pid, number)
        return at

    def kill(self):
        at = self.signal(signal.SIGKILL)
        self.process.wait()
        return at

    def end(self):
        """Whatever it does: it is gone afterwards."""
        if self.running():
            self.process.kill()
        if self.process is not None:
            self.process.wait()
        for thread in self.threads:
            thread.join(5)

    def wait_exit(self, timeout=LIMIT):
        return self.process.wait(timeout)

    # -- what it has logged --

    def log(self):
        with self.changed:
            return list(self.lines)

    def events(self, *types):
        """Stamped objects with a type, all or of these types."""
        return [line for line in self.log()
                if line.object and "type" in line.object and (not types or line.object["type"] in types)]

    def errors(self):
        return [line.object["msg"] for line in self.log() if line.object and line.object.get("level") == "error"]

    def wait_event(self, *types, timeout=LIMIT, since=0.0, **fields):
        """The first event of these types with these fields that arrived after `since`."""
        def found():
            for line in self.events(*types):
                if line.at > since and all(line.object.get(key) == value for key, value in fields.items()):
                    return line
            return None
        return self.cluster.wait(found, timeout, f"{self.name}: {'/'.join(types)} {fields}")

    def wait_ready(self, timeout=LIMIT):
        line = self.cluster.wait(lambda: (self.events("ready") or [None])[-1] or (not self.running() and self.log()),
                                 timeout, f"{self.name} ready")
        if isinstance(line, list):
            raise AssertionError(f"{self.name} ended: {[entry.text for entry in line]}")
        self.addr, self.id = line.object["addr"], line.object["id"]
        return self

    def view(self):
        """Names that its events say are alive or suspect."""
        alive = set()
        for line in self.events():
            kind, name = line.object["type"], line.object.get("name")
            if kind == "member-alive":
                alive.add(name)
            elif kind in ("member-dead", "member-left"):
                alive.discard(name)
        return alive

    def reign(self, scope="default"):
        """(token, leader, at) that it believes in, or None."""
        reign = None
        for line in self.events("leader-elected", "leader-lost"):
            event = line.object
            if event["scope"] != scope:
                continue
            if event["type"] == "leader-elected":
                reign = (event["token"], event["leader"], line.at)
            elif reign and reign[0] == event["token"]:
                reign = None
        return reign

    # -- asking it --

    def run(self, *words, **more):
        return run(*words, "--control", self.control, program=self.program, **more)

    def ask(self, *words):
        answer = self.run(*words, "--json")
        return json.loads(answer.stdout)

    def status_of(self, name):
        return {member["name"]: member["status"] for member in self.ask("members")["members"]}.get(name)


class Cluster:
    def __init__(self, profile="local", label="e2e", key=None):
        self.directory = tempfile.mkdtemp(prefix="bw-e2e-")
        self.changed = threading.Condition(threading.RLock())
        self.agents = {}
        self.common = ["--profile", profile, "--cluster", label]
        self.key = key or self.path("key")
        if key is not None:
            return
        with open(self.key, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
            file.write(run("keygen").stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for agent in self.agents.values():
            agent.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def add(self, name, *words, prefix=()):
        self.agents[name] = Agent(self, name, [*self.common, *words], prefix)
        return self.agents[name]

    def start(self, count, *words):
        """count agents n1, n2, ... of which the others know the first one."""
        first = self.add("n1", *words).start().wait_ready()
        for number in range(2, count + 1):
            self.add(f"n{number}", *words, "--join", first.addr).start()
        for agent in self.living():
            agent.wait_ready()
        self.wait_view(count)
        return list(self.agents.values())

    def living(self):
        return [agent for agent in self.agents.values() if agent.running()]

    def wait(self, condition, timeout, what):
        """Until condition() is true; it is asked whenever an agent has logged something."""
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not within {timeout} s: {what}\n{self.tail()}")
                self.changed.wait(min(left, 0.2))

    def tail(self):
        return "\n".join(f"  {agent.name}: {line.text}" for agent in self.agents.values() for line in agent.log()[-6:])

    def wait_view(self, count, agents=None, timeout=LIMIT):
        """Until each of the agents sees count members."""
        agents = agents or self.living()
        self.wait(lambda: all(len(agent.view()) == count for agent in agents), timeout, f"{count} members everywhere")

    def wait_reign(self, above="", agents=None, timeout=LIMIT, scope="default"):
        """Until all believe in one reign with a larger token: (token, leader's name, when the last one knew)."""
        agents = agents or self.living()

        def agreed():
            reigns = [agent.reign(scope) for agent in agents]
            if any(reign is None for reign in reigns) or len({reign[:2] for reign in reigns}) != 1:
                return None
            token, name, _ = reigns[0]
            return (token, name, max(reign[2] for reign in reigns)) if token > above else None

        return self.wait(agreed, timeout, f"one reign above {above or 'none'}")

    def wait_leader(self, **more):
        return self.agents[self.wait_reign(**more)[1]]

    def followers(self, leader):
        return [agent for agent in self.living() if agent is not leader]
