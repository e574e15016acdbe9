"""docs/QUICKSTART.md and docs/TUNING.md, step by step in one shell, as a newcomer would type it; each step must show what the document says.

Above a block of commands stands `<!-- run -->`, or `<!-- run: until it shows -->`, if it is to be repeated until the block of output
behind it, `<!-- shows -->`, fits. In the output an ellipsis stands for anything, and any blanks for any others; below
`<!-- shows: figures may differ -->` a figure for any figure."""

import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import tap
from cluster import BELLWETHER, LIMIT, clean_environment

SOURCE = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BLOCK = re.compile(r"<!-- run(: until it shows)? -->\n```sh\n(.*?)```\n(?:<!-- shows(: figures may differ)? -->\n```\n(.*?)```\n)?",
                   re.DOTALL)

Step = collections.namedtuple("Step", "commands shows repeat figures")


def text_of(name):
    return (SOURCE / "docs" / name).read_text(encoding="utf-8")


def steps(text):
    return [Step(commands, shows, bool(repeat), bool(figures)) for repeat, commands, figures, shows in BLOCK.findall(text)]


def fits(shows, output, figures=False):
    """Whether each line of the document's output stands in what came, in this order."""
    lines = iter(output.splitlines())
    return all(any(re.fullmatch(pattern(line, figures), without_figures(found) if figures else found.rstrip()) for found in lines)
               for line in shows.splitlines())


def without_figures(line):
    """Words with a digit in them, but for a unit behind it, and lone dashes are figures."""
    return " ".join("#" if re.fullmatch(r"-|[0-9]+(\.[0-9]+)?(/[0-9]+)?(ms|s|us|m)?", word) else word
                    for word in re.sub(r"([0-9]) (us|ms|s)\b", r"\1\2", line).split())


def pattern(line, figures=False):
    if figures:
        return re.escape(without_figures(line))
    words = [".*".join(re.escape(part) for part in word.split("…")) for word in line.split()]
    return r"\s*".join(words) if "…" in line else r"\s+".join(words)


class Shell:
    """One bash that keeps its variables and its children from step to step."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="bw-quickstart-")
        tap.cleanup(shutil.rmtree, self.place, ignore_errors=True)
        path = f"{pathlib.Path(BELLWETHER).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(["bash", "-u"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, cwd=self.place, env=clean_environment(PATH=path), start_new_session=True)
        tap.cleanup(self.end)

    def run(self, commands):
        """What the commands print, and their exit code."""
        self.process.stdin.write(f"{{\n{commands}\n}} </dev/null; echo \"(done $?)\"\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            done = re.search(r"\(done (\d+)\)\n", line)
            if done:  # behind what a command in the background has begun to say, maybe
                return "".join(lines) + line[:done.start()], int(done[1])
            lines.append(line)
        raise AssertionError("the shell ended: " + "".join(lines))

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def follow(shell, step):
    end = time.monotonic() + LIMIT
    while True:
        output, code = shell.run(step.commands)
        if fits(step.shows, output, step.figures):
            tap.equal(code, 0, f"exit code of\n{step.commands}{output}")
            return
        if not step.repeat or time.monotonic() > end:
            raise AssertionError(f"{step.commands}shows\n{output}\ninstead of\n{step.shows}")
        time.sleep(0.1)


def follow_all(text):
    shell = Shell()
    begin = time.monotonic()
    for step in steps(text):
        follow(shell, step)
    tap.note(f"{len(steps(text))} steps in {time.monotonic() - begin:.1f} s")
    return shell


@tap.test(timeout=240)
def the_quick_start_shows_what_it_says():
    own = "127.%d.%d.1" % (100 + os.getpid() % 100, os.getpid() // 100 % 250)  # so that two runs on one host do not meet
    shell = follow_all(text_of("QUICKSTART.md").replace("127.0.0.1", own))
    tap.equal(os.listdir(shell.place), [], "left behind")


@tap.test(timeout=240)
def the_tables_of_tuning_are_the_simulators():
    follow_all(text_of("TUNING.md"))


@tap.test
def nothing_stands_beside_the_steps():
    for name, count in (("QUICKSTART.md", 10), ("TUNING.md", 8)):
        text = text_of(name)
        tap.equal(len(re.findall(r"<!-- run", text)), len(steps(text)), f"{name}: blocks that are read")
        tap.equal(len(re.findall(r"^```sh$", text, re.MULTILINE)), len(steps(text)), f"{name}: blocks that are run")
        tap.equal(len(re.findall(r"<!-- shows", text)), len([step for step in steps(text) if step.shows]), f"{name}: outputs")
        tap.check(len(steps(text)) > count, f"{name}: its steps")


@tap.test
def other_output_is_noticed():
    for shows, output, wanted in [("n3\n", "n3\n", True), ("n3\n", "n2\n", False), ("a … b\n", "a x  y b\n", True),
                                  ("a\nb\n", "b\na\n", False), ("n… leads …\n", "n2 died x\n", False), ("", "any", True),
                                  ("token … is older\n", "token 0123 is older\n", True)]:
        tap.equal(fits(shows, output), wanted, (shows, output))
    for shows, output, wanted in [("acts 1.46 s 3/3\n", "  acts  159 ms 20/20\n", True), ("acts 1.46 s\n", "acts - \n", True),
                                  ("acts 1.46 s\n", "knows 1.46 s\n", False), ("a 1 2\n", "a 1\n", False),
                                  ("crash:n1@30s\n", "crash:n1@31s\n", False)]:
        tap.equal(fits(shows, output, figures=True), wanted, (shows, output))


if __name__ == "__main__":
    tap.main()
