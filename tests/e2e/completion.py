"""Completion as shells do it: the scripts are sourced, and words are completed by them; what members are called does no harm."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

BIN = os.path.dirname(BELLWETHER)


def script(shell, folder):
    result = run("completion", shell)
    tap.equal((result.returncode, result.stderr), (0, ""), f"completion {shell}")
    path = pathlib.Path(folder, f"completion.{shell}")
    path.write_text(result.stdout, encoding="utf-8")
    return str(path)


def new_cluster():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return cluster


def need(program):
    if not shutil.which(program):
        tap.skip(f"needs {program}")


def environment(**more):
    return clean_environment(PATH=BIN + ":" + os.environ["PATH"], **more)


def split(line):
    """As bash splits it: '=' is a word of its own."""
    words = []
    for word in line.split(" "):
        words += [part for part in re.split("(=)", word) if part] if word.startswith("--") and "=" in word else [word]
    return words + [""] if line.endswith("=") else words


def complete_in_bash(path, *lines, **more):
    """For each line what bash would offer for its last word."""
    quoted = [" ".join("'" + word.replace("'", "'\\''") + "'" for word in split(line)) for line in lines]
    program = f"source {path}\n" + "".join(
        f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _bellwether; printf '%s\\x1f' \"${{COMPREPLY[@]}}\"; echo\n"
        for words in quoted)
    result = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, timeout=LIMIT, check=False,
                            env=environment(**more))
    tap.equal((result.returncode, result.stderr), (0, ""), "bash")
    return [[word for word in line.split("\x1f") if word] for line in result.stdout.splitlines()]


def commands():
    return [line.split()[0] for line in run("help").stdout.splitlines() if re.match(r"^  [a-z]", line)]


def options(command):
    return set(re.findall(r"^ {2,8}(?:-\S(?: \S+)?, )?(--[a-z][a-z-]*)", run(command, "--help").stdout, re.M))


@tap.test
def scripts_are_well_formed():
    cluster = new_cluster()
    for shell in ("bash", "zsh", "fish"):
        path = script(shell, cluster.directory)
        if shutil.which(shell):
            result = subprocess.run([shell, "-n", path], capture_output=True, text=True, timeout=LIMIT, check=False)
            tap.equal((result.returncode, result.stderr), (0, ""), f"{shell} -n")
        else:
            tap.note(f"{shell} is not installed: not looked at")


@tap.test
def mistakes():
    for words, part in [([], "bash, zsh or fish"), (["fihs"], "did you mean 'fish'?"), (["bash", "zsh"], "'zsh'")]:
        result = run("completion", *words)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{words}")
        tap.check(part in result.stderr, result.stderr)


@tap.test
def bash_completes_commands_options_and_values():
    path = script("bash", new_cluster().directory)
    names = commands()
    lines = {
        "bellwether ": names + ["--help", "--version"],
        "bellwether memb": ["members"],
        "bellwether re": [name for name in names if name.startswith("re")],
        "bellwether members --st": ["--status"],
        "bellwether members --status ": ["alive", "suspect", "dead", "left"],
        "bellwether members --status de": ["dead"],
        "bellwether members --status=de": ["dead"],
        "bellwether members --status=": ["alive", "suspect", "dead", "left"],
        "bellwether members --color=n": ["never"],
        "bellwether members --color ": [],
        "bellwether keys ": ["list", "add", "use", "remove"],
        "bellwether completion z": ["zsh"],
        "bellwether agent --profile l": ["local", "lan"],
        "bellwether agent --log-level w": ["warn"],
        "bellwether agent --check": ["--check-config"],
        "bellwether agent --set probe_interval": ["probe_interval_ms="],
        "bellwether monitor --type member-d": ["member-dead"],
        "bellwether monitor --json --type self-": ["self-elected", "self-deposed"],
        "bellwether help lea": ["leader", "leave"],
        "bellwether ready db ": ["yes", "no"],
        "bellwether ready --ttl 5 db y": ["yes"],
        "bellwether run --scope db -- tes": [word for word in subprocess.run(
            ["bash", "-c", "compgen -c tes"], capture_output=True, text=True, check=False,
            env=environment()).stdout.split()],
        "bellwether nonsense ": [],
    }
    for line, found in zip(lines, complete_in_bash(path, *lines)):
        tap.equal(found, lines[line], line)


@tap.test
def bash_offers_each_option_that_help_lists():
    names = commands()
    path = script("bash", new_cluster().directory)
    for name, found in zip(names, complete_in_bash(path, *[f"bellwether {name} --" for name in names])):
        listed = options(name) - {"--usage", "--version"}
        tap.check("--help" in listed, f"options of {name}: {listed}")
        tap.equal(set(found), listed, name)


@tap.test
def files_and_folders():
    cluster = new_cluster()
    path = script("bash", cluster.directory)
    pathlib.Path(cluster.directory, "a file").touch()
    os.mkdir(os.path.join(cluster.directory, "a folder"))
    lines = [f"bellwether timeline {cluster.directory}/a", f"bellwether agent --state-dir {cluster.directory}/a"]
    found = complete_in_bash(path, *lines)
    tap.equal(sorted(found[0]), [f"{cluster.directory}/a file", f"{cluster.directory}/a folder"], "files")
    tap.equal(found[1], [f"{cluster.directory}/a folder"], "folders")


def start_hostile(cluster):
    """Members and scopes with names that a shell would expand."""
    trap = os.path.join(cluster.directory, "trap")
    first = cluster.add("n1", "--scope", "db", "--scope", "orders/0..1", "--scope", f"x$(touch {trap})").start().wait_ready()
    cluster.add("evil", "--name", f"`touch {trap}`", "--join", first.addr).start().wait_ready()
    cluster.add("n2", "--join", first.addr).start().wait_ready()
    cluster.wait_view(3)
    tap.wait_until(lambda: {"db", "default"} <= {entry["scope"] for entry in first.ask("leader")["scopes"]}, LIMIT, "scopes")
    return first, trap


@tap.test(timeout=60)
def names_come_from_the_agent_and_are_not_expanded():
    cluster = new_cluster()
    path = script("bash", cluster.directory)
    first, trap = start_hostile(cluster)
    lines = ["bellwether leader ", "bellwether leader ord", "bellwether why ", "bellwether transfer db --to n",
             "bellwether wait --leader=d"]
    found = complete_in_bash(path, *lines, BELLWETHER_CONTROL=first.control)
    tap.equal(found, [["db", "default", "orders/0", "orders/1"], ["orders/0", "orders/1"], ["n1", "n2"], ["n1", "n2"],
                      ["db", "default"]], "what is offered")
    tap.check(not os.path.exists(trap), "nothing was executed")
    begin = time.monotonic()
    first.signal(19)
    tap.equal(complete_in_bash(path, "bellwether leader ", BELLWETHER_CONTROL=first.control), [[]], "of a stopped agent")
    tap.check(time.monotonic() - begin < 10, "it does not wait for long")
    first.signal(18)
    tap.equal(run("completion", "scopes", "--control", "x").returncode, 2, "no such option")
    tap.equal(run("completion", "members", BELLWETHER_CONTROL="/nowhere").returncode, 3, "no agent")


def type_at(words, typed):
    """Types at an interactive shell; waits until it shows the wanted text."""
    child, master = pty.fork()
    if child == 0:
        os.execvpe(words[0], words, environment(TERM="xterm", PS1="> "))
    tap.cleanup(lambda: (os.kill(child, 9), os.waitpid(child, 0), os.close(master)))
    shown = b""
    end = time.monotonic() + LIMIT
    for part, until in typed:
        os.write(master, part)
        while until not in shown:
            tap.check(time.monotonic() < end, f"{until!r} in {shown!r}")
            if select.select([master], [], [], 0.1)[0]:
                shown += os.read(master, 4096)
        shown = shown[shown.index(until) + len(until):]


@tap.test
def interactive_bash():
    path = script("bash", new_cluster().directory)
    type_at(["bash", "--norc", "--noprofile", "-i"],
            [(b"bind 'set enable-bracketed-paste off'; source " + path.encode() + b"; echo rea''dy\n", b"ready\r\n"),
             (b"bellwether memb\t", b"bellwether members "), (b"--stat\t", b"--status "), (b"susp\t", b"suspect ")])


@tap.test
def interactive_zsh():
    need("zsh")
    path = script("zsh", new_cluster().directory)
    type_at(["zsh", "-f", "-i"],
            [(b"autoload -U compinit; compinit -D -u; source " + path.encode() + b"; echo rea''dy\n", b"ready\r\n"),
             (b"bellwether memb\t", b"ers"), (b"--statu\t", b"s"), (b"susp\t", b"ect")])


@tap.test
def fish_completes():
    need("fish")
    cluster = new_cluster()
    path = script("fish", cluster.directory)

    def complete(line, **more):
        result = subprocess.run(["fish", "--no-config", "-c", f"source {path}; complete -C '{line}'"], capture_output=True,
                                text=True, timeout=LIMIT, check=False, env=environment(HOME=cluster.directory, **more))
        tap.equal((result.returncode, result.stderr), (0, ""), f"fish: {line}")
        return sorted(row.split("\t")[0] for row in result.stdout.splitlines())
    tap.equal(complete("bellwether memb"), ["members"], "a command")
    tap.equal(complete("bellwether members --stat"), ["--status"], "an option")
    tap.equal(complete("bellwether members --status su"), ["suspect"], "a value")
    tap.equal(complete("bellwether keys "), ["add", "list", "remove", "use"], "an operand")
    tap.equal(complete("bellwether ready db "), ["no", "yes"], "the second operand")
    first, trap = start_hostile(cluster)
    tap.equal(complete("bellwether why ", BELLWETHER_CONTROL=first.control), ["n1", "n2"], "members")
    tap.check(not os.path.exists(trap), "nothing was executed")


if __name__ == "__main__":
    tap.main()
