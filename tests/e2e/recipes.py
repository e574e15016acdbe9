"""The recipes, as they stand in examples/, with real agents."""

import configparser
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

WORKER = r'''
import os, signal, sys, time
assert sys.argv[2:] == ["--foreground"], sys.argv
name = os.environ["MACHINE"]
def note(what):
    with open(sys.argv[1], "a") as file:
        file.write(f"{time.monotonic()} {name} {what}\n")
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.2), note("stops"), os._exit(0)))
note(f"begins-{os.getpid()}")
while True:
    note("lives")
    time.sleep(0.005)
'''


def start(count):
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return cluster, cluster.start(count, "--observer")


def machine(cluster, agent, **more):
    """The environment of a program beside the agent, with `bellwether` on its path."""
    directory = os.path.join(cluster.directory, "bin")
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "bellwether")
    if not os.path.exists(path):
        os.symlink(BELLWETHER, path)
    return clean_environment(BELLWETHER_CONTROL=agent.control, MACHINE=agent.name,
                             PATH=directory + os.pathsep + os.environ["PATH"], **more)


def notes(path):
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file.read().splitlines()]


@tap.test(timeout=60)
def a_cron_job_runs_on_one_machine():
    cluster, agents = start(3)
    log = cluster.path("log")
    job = ["sh", "-c", 'echo "$MACHINE $BELLWETHER_SCOPE" >>"$0"', log]
    for night in (1, 2):
        processes = [subprocess.Popen([EXAMPLES / "cron-once", "report", *job], start_new_session=True, stderr=subprocess.PIPE,
                                      env=machine(cluster, agent, CRON_ONCE_WAIT="1", CRON_ONCE_HOLD="1.5")) for agent in agents]
        for process in processes:
            tap.cleanup(lambda it=process: it.poll() is not None or it.kill())
        told = [process.communicate(timeout=LIMIT)[1] for process in processes]
        tap.equal(([process.returncode for process in processes], told), ([0, 0, 0], [b""] * 3), "nothing to complain of, or to mail")
        tap.equal(len(notes(log)), night, "it ran once each night")
    tap.equal({line[1] for line in notes(log)}, {"cron/report"}, "its scope")


@tap.test(timeout=60)
def a_cron_job_that_fails_is_tried_on_another_machine():
    cluster, agents = start(2)
    log = cluster.path("log")
    job = ["sh", "-c", 'echo "$MACHINE" >>"$0"; test "$(wc -l <"$0")" -ge 2', log]
    processes = [subprocess.Popen([EXAMPLES / "cron-once", "report", *job],
                                  env=machine(cluster, agent, CRON_ONCE_WAIT="10", CRON_ONCE_HOLD="0.1")) for agent in agents]
    for process in processes:
        tap.cleanup(lambda it=process: it.poll() is not None or it.kill())
    tap.equal(sorted(process.wait(LIMIT) for process in processes), [0, 1], "one failed, and cron tells of it")
    tap.equal(len({line[0] for line in notes(log)}), 2, "on both machines")


class Unit(threading.Thread):
    """What systemd does with Restart=always."""

    def __init__(self, words, environment):
        super().__init__(daemon=True)
        self.words, self.environment = words, environment
        self.process, self.stopped, self.codes = None, False, []

    def run(self):
        while not self.stopped:
            self.process = subprocess.Popen(self.words, env=self.environment, start_new_session=True, stderr=subprocess.DEVNULL)
            self.codes.append(self.process.wait())
            time.sleep(0.1)  # RestartSec, in a hurry

    def stop(self):
        self.stopped = True
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.join(LIMIT)


def unit():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(EXAMPLES / "singleton.service")
    return parser["Service"]


@tap.test(timeout=60)
def one_daemon_runs_in_the_cluster():
    service = unit()
    tap.equal((service["Restart"], service["KillMode"]), ("always", "mixed"), "what this test does in systemd's place")
    cluster, agents = start(3)
    log, script = cluster.path("log"), cluster.path("worker.py")
    pathlib.Path(log).touch()
    pathlib.Path(script).write_text(WORKER, encoding="utf-8")
    words = []
    for word in shlex.split(service["ExecStart"]):
        words += {"/usr/local/bin/bellwether": [BELLWETHER], "/usr/local/bin/worker": [sys.executable, script, log]}.get(word, [word])
    tap.check(words[0] == BELLWETHER and script in words, f"{words}")
    units = {agent.name: Unit(words, machine(cluster, agent)) for agent in agents}
    for each in units.values():
        each.start()
        tap.cleanup(each.stop)

    def begun():
        return [(line[1], int(line[2].split("-")[1])) for line in notes(log) if line[2].startswith("begins")]

    def wait_begun(count):
        return tap.wait_until(lambda: len(begun()) >= count and begun()[count - 1], LIMIT, f"worker number {count}")

    _, pid = wait_begun(1)
    os.kill(pid, signal.SIGKILL)  # the worker crashes
    name, _ = wait_begun(2)
    units[name].stop()  # systemctl stop
    tap.check(["stops"] == [line[2] for line in notes(log) if line[2] == "stops"], "it stopped orderly")
    name, _ = wait_begun(3)
    cluster.agents[name].kill()
    wait_begun(4)
    spans = {}
    number = -1
    for at, who, what in notes(log):
        if what.startswith("begins"):
            number += 1
            spans[number] = [who, float(at), float(at)]
        tap.equal(who, spans[number][0], "only the newest is alive")
        spans[number][2] = float(at)


@tap.test
def the_unit_is_one_that_systemd_takes():
    if shutil.which("systemd-analyze") is None:
        tap.skip("no systemd-analyze")
    cluster = Cluster()
    tap.cleanup(cluster.close)
    text = (EXAMPLES / "singleton.service").read_text(encoding="utf-8")
    path = pathlib.Path(cluster.path("singleton.service"))
    path.write_text(text.replace("/usr/local/bin/bellwether ", "/bin/sh ").replace("bellwether.service", "basic.target"),
                    encoding="utf-8")
    result = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=LIMIT, check=False)
    lines = [line for line in (result.stdout + result.stderr).splitlines() if "singleton" in line]
    tap.equal(lines, [], "no complaints")


if __name__ == "__main__":
    tap.main()
