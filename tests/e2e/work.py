"""Commands under `bellwether run`, that write down when they live, by the clock that all processes of this host share."""

import atexit
import signal
import subprocess
import sys
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment

WORK = r'''
import os, signal, subprocess, sys, time
path, name, lasts = sys.argv[1], sys.argv[2], float(sys.argv[3])
words = sys.argv[4:]
def note(what):
    with open(path, "a") as file:
        file.write(f"{time.monotonic()} {name} {what} {os.environ['BELLWETHER_TOKEN']}\n")
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGHUP, signal.SIGINT):
    def hear(number, frame):
        note(f"heard-{number}")
        if number == signal.SIGTERM and "stubborn" not in words:
            if "slow" in words:
                time.sleep(0.4)
            note("stops")
            sys.exit(3)
    signal.signal(number, hear)
if "parent" in words:  # the child in the same group does the same, and hears nothing
    subprocess.Popen([sys.executable, __file__, path, name + "-child", "60", "stubborn"])
end = time.monotonic() + lasts
note("begins")
while time.monotonic() < end:
    note("lives")
    time.sleep(0.005)
note("ends")
'''


SHARED = []  # a cluster for all tests that do no harm to it


def shared():
    if not SHARED:
        SHARED.append(Cluster())
        atexit.register(SHARED[0].close)
        SHARED[0].start(2, "--observer")
    return SHARED[0]


class World:
    """A cluster of its own, or the shared one, and a file that all commands write to."""

    def __init__(self, count=0, *words, cluster=None):
        self.cluster = cluster or (Cluster() if count > 0 else shared())
        if count > 0:
            tap.cleanup(self.cluster.close)
            self.cluster.start(count, *words)
        self.agents = list(self.cluster.agents.values())
        self.scope = f"job-{time.monotonic_ns()}" if count == 0 else "job"
        self.path = self.cluster.path("work.log")
        self.script = self.cluster.path("work.py")
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(WORK)
        open(self.path, "w", encoding="utf-8").close()
        self.runs = []
        tap.cleanup(self.end)

    def work(self, name, lasts=60, *words):
        return [sys.executable, self.script, self.path, name, str(lasts), *words]

    def run(self, agent, *words, scope=None, command=None, **environment):
        """Starts a run beside the agent."""
        command = command or self.work(agent.name)
        process = subprocess.Popen([BELLWETHER, "run", "--scope", scope or self.scope, "--control", agent.control, *words, "--", *command],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=clean_environment(**environment), start_new_session=True)
        tap.cleanup(process.stdout.close)
        tap.cleanup(process.stderr.close)
        self.runs.append(process)
        return process

    def end(self):
        for process in self.runs:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            rows = [line.split() for line in file.read().splitlines()]
        return [(float(row[0]), *row[1:]) for row in rows if len(row) == 4]

    def spans(self):
        """Of each (name, token): when it was first and last seen alive."""
        found = {}
        for at, name, _, token in self.lines():
            first, last = found.get((name, token), (at, at))
            found[(name, token)] = (min(first, at), max(last, at))
        return found

    def wait_work(self, *others_than, timeout=LIMIT):
        """Waits until a command of another name begins; returns (name, token)."""
        return tap.wait_until(lambda: next(((name, token) for _, name, what, token in self.lines()
                                            if what == "begins" and name not in others_than), None),
                              timeout, f"work of another than {others_than}", 0.01)

    def heard(self, name, what):
        return [at for at, who, it, _ in self.lines() if (who, it) == (name, what)]

    def agent(self, name):
        return self.cluster.agents[name]

    def check_apart(self):
        """No two reigns' work lived at one time; tokens rise with time."""
        by_token = {}
        for (_, token), (first, last) in self.spans().items():
            a, b = by_token.get(token, (first, last))
            by_token[token] = (min(a, first), max(b, last))
        spans = sorted((first, last, token) for token, (first, last) in by_token.items())
        for (_, last, old), (first, _, new) in zip(spans, spans[1:]):
            tap.check(last < first, f"{new} began {first - last:.4f} s after the last sign of {old}")
            tap.check(old < new, f"{old} < {new}")
        return spans
