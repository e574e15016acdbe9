"""The demo: it runs, exits with 0, and leaves nothing behind, whatever happens to it."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

import tap
from cluster import BELLWETHER, LIMIT, clean_environment, run


class Demo:
    def __init__(self, *words, **environment):
        self.place = tempfile.mkdtemp(prefix="bw-demo-")
        tap.cleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.process = subprocess.Popen([BELLWETHER, "demo", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, stdin=subprocess.DEVNULL, start_new_session=True,
                                        env=clean_environment(TMPDIR=self.place, **environment))
        tap.cleanup(self.end)
        self.lines = []
        self.reached = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self.reached:
                self.lines.append(line)
                self.reached.notify_all()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.thread.join(LIMIT)
        self.process.stdout.close()
        self.process.stderr.close()
        for pid in self.agents():
            os.kill(pid, signal.SIGKILL)

    def wait_line(self, part):
        with self.reached:
            found = self.reached.wait_for(lambda: any(part in line for line in self.lines), LIMIT)
        tap.check(found, f"{part!r} in the output: {self.lines}")

    def finish(self):
        code = self.process.wait(60)
        self.thread.join(LIMIT)
        return code

    def succeed(self):
        """It tells its whole story, and every step keeps to its limit. A sanitizer's build is slower than its users' are:
        there it must only come to its end."""
        code = self.finish()
        text = "".join(self.lines)
        slow = "-fsanitize" in os.environ.get("MODE_CFLAGS", "")
        done = code == 0 or (slow and code == 1 and "Times: from the signal" in text)
        tap.check(done, f"exit code {code}; {self.process.stderr.read()} {text}")
        return text

    def agents(self):
        """Processes that belong to this demo: its folder stands in their command line."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.place.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def check_nothing_is_left(self):
        tap.wait_until(lambda: not self.agents(), LIMIT, "all its processes are gone")
        tap.equal(os.listdir(self.place), [], "files")


@tap.test(timeout=90)
def demo_tells_its_story_in_plain_lines():
    demo = Demo()
    text = demo.succeed()
    tap.note(text)
    tap.check("\033" not in text, "no colour in a pipe")
    for pattern in (r"n5 +127\.0\.0\.1:\d+ +alive", r"n\d leads with token [0-9a-f]{32}", r"kill -KILL \d+ \(n\d\)",
                    r"n\d leads default no longer", r"this member leads default, token", r"n\d is dead",
                    r"n\d does not take the lead back", r"kill -TERM \d+ \(n\d\)",
                    r"leader's process killed to new leader known by all +[\d.]+ m?s +300 ms",
                    r"leader stopped orderly to new leader known by all +[\d.]+ m?s +50 ms"):
        tap.check(re.search(pattern, text), f"/{pattern}/ in the output")
    tokens = re.findall(r"leads with token ([0-9a-f]{32})", text)
    tap.equal(len(tokens), 3, "reigns")
    tap.equal(tokens, sorted(set(tokens)), "tokens rise")
    demo.check_nothing_is_left()


STEPS = ["first-leader", "takeover", "death", "return", "handover"]


@tap.test(timeout=180)
def demo_prints_its_figures_as_one_object():
    for _ in range(3):  # on a busy machine the lead may change though nobody asks for it
        demo = Demo("--nodes", "3", "--json")
        code = demo.finish()
        tap.equal(len(demo.lines), 1, f"lines: {demo.lines} {demo.process.stderr.read()}")
        told = json.loads(demo.lines[0])
        tap.equal((list(told), told["nodes"], told["directory"], told["controls"]),
                  (["nodes", "passed", "failure", "steps", "directory", "controls"], 3, None, []), "the object")
        demo.check_nothing_is_left()
        if told["failure"] is None and is_as_told(told["steps"]):
            break
        tap.note(f"{told}")
    steps = told["steps"]
    tap.equal([step["step"] for step in steps], STEPS, "steps")
    tap.equal([step["target_ms"] for step in steps], [3000, 300, 2000, 1000, 50], "targets")
    for step in steps:
        tap.equal(list(step), ["step", "what", "took_ms", "target_ms", "passed", "member", "leader", "token"], "a step")
        tap.equal(step["passed"], step["took_ms"] <= 5 * step["target_ms"], f"{step}")
    tap.equal((told["failure"], code, told["passed"]), (None, 1 - told["passed"], all(step["passed"] for step in steps)), "exit code, passed")
    tap.check(is_as_told(steps), f"{steps}")


def is_as_told(steps):
    """Whom the steps are about, who leads after each, and that tokens rise."""
    if len(steps) < len(STEPS):
        return False
    first, takeover, death, back, handover = steps
    return ([step["member"] for step in steps] == [None] + 3 * [first["leader"]] + [takeover["leader"]] and
            (death["leader"], back["token"]) == (None, takeover["token"]) and
            first["token"] < takeover["token"] < handover["token"])


@tap.test(timeout=120)
def interrupted_and_kept_demos_are_objects_too():
    demo = Demo("--nodes", "3", "--json")
    tap.wait_until(demo.agents, LIMIT, "it has begun")
    demo.process.send_signal(signal.SIGINT)
    tap.equal(demo.finish(), 1, "exit code")
    told = json.loads("".join(demo.lines))
    tap.equal((told["passed"], told["failure"]), (False, "interrupted"), "interrupted")
    demo.check_nothing_is_left()
    result = subprocess.run([BELLWETHER, "demo", "--json"], env=clean_environment(TMPDIR="/nowhere"), capture_output=True, check=False)
    told = json.loads(result.stdout)
    tap.equal((result.returncode, told["passed"], told["failure"]), (1, False, "no temporary folder, or no key in it"), "no place for it")
    demo = Demo("--nodes", "2", "--json", "--keep")
    demo.finish()
    told = json.loads("".join(demo.lines))
    tap.equal([step["target_ms"] for step in told["steps"] if step["step"] == "death"], [6000], "of two nobody confirms")
    tap.check(told["directory"].startswith(demo.place) and len(told["controls"]) == 1, f"{told}")
    run("leave", "--control", told["controls"][0])
    shutil.rmtree(told["directory"])
    demo.check_nothing_is_left()


@tap.test(timeout=120)
def demo_of_fifty_agents_keeps_to_its_limits():
    demo = Demo("--nodes", "50")
    text = demo.succeed()
    tap.note(text[text.find("took"):])
    tap.equal(len(re.findall(r"^n\d\d +127\.0\.0\.1:\d+ +alive", text, re.MULTILINE)), 50, "members in the table")
    demo.check_nothing_is_left()


@tap.test(timeout=60)
def demo_cleans_up_when_interrupted():
    for number, moment in ((signal.SIGINT, "killed"), (signal.SIGTERM, "1. 3 agents")):
        demo = Demo("--nodes", "3")
        demo.wait_line(moment)
        demo.process.send_signal(number)
        tap.equal(demo.finish(), 1, "exit code")
        tap.check("interrupted" in demo.process.stderr.read(), "it says so")
        demo.check_nothing_is_left()


@tap.test(timeout=60)
def killed_demo_takes_its_agents_along():
    demo = Demo("--nodes", "2")
    demo.wait_line("NAME")
    tap.equal(len(demo.agents()), 2, "agents")
    demo.process.kill()
    demo.finish()
    tap.wait_until(lambda: not demo.agents(), LIMIT, "all its processes are gone")


@tap.test(timeout=60)
def kept_cluster_can_be_talked_to_and_stopped_as_it_says():
    demo = Demo("--nodes", "3", "--keep", "--color=always")
    text = demo.succeed()
    tap.check("\033[" in text, "colour if it is wanted")
    tap.equal(len(demo.agents()), 2, "agents: one was stopped in the story")
    control = re.search(r"BELLWETHER_CONTROL=(\S+)", text).group(1)
    path = f"{os.path.dirname(os.path.abspath(BELLWETHER))}:{os.environ['PATH']}"
    names = {"PATH": path, "BELLWETHER_CONTROL": control}
    members = subprocess.run([BELLWETHER, "members", "--status", "alive"], capture_output=True, text=True, check=True,
                             env=clean_environment(**names), timeout=LIMIT)
    tap.equal(members.stdout.count("alive"), 2, "members")
    stop = re.search(r"^ *(for s in .*; rm -r .*)$", text, re.MULTILINE).group(1)
    command = stop.replace("bellwether leave", BELLWETHER + " leave")
    subprocess.run(["sh", "-ec", command], check=True, env=clean_environment(**names), timeout=LIMIT,
                   capture_output=True)
    demo.check_nothing_is_left()


if __name__ == "__main__":
    tap.main()
