"""The guard in scripts: `bellwether fence`."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run


def scratch():
    folder = tempfile.TemporaryDirectory(prefix="bw-e2e-")
    tap.cleanup(folder.cleanup)
    return pathlib.Path(folder.name)


def token(term, member=1):
    return f"{term:016x}{member:016x}"


def answers(result):
    return json.loads(result.stdout)


@tap.test
def usage_mistakes_give_2():
    for words, part in [
        ([], "FILE"),
        (["g", "12"], "'12'"),
        (["g", token(1).upper().replace("0", "A")], "not a token"),
        (["g", token(1), "--"], "CMD"),
        (["--json", "g", token(1), "true"], "--json"),
        (["--tmeout", "1", "g"], "--timeout"),
        (["--timeout", "soon", "g"], "soon"),
        (["--stale-exit", "0", "g"], "--stale-exit"),
        (["--stale-exit", "126", "g"], "--stale-exit"),
        (["g", "--json", token(1), "--", "true"], "--json"),
        (["g", "--", "true"], "'true' is not a token"),
    ]:
        result = run("fence", *words)
        tap.equal((result.returncode, result.stdout), (2, ""), f"{words}: {result.stderr}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


@tap.test
def options_stand_anywhere_before_the_command():
    guard = scratch() / "guard"
    result = run("fence", guard, token(5), "--json")
    tap.equal((result.returncode, answers(result)["newest"]), (0, token(5)), "behind the token")
    tap.equal(run("fence", guard, "--stale-exit", "7", token(4)).returncode, 7, "between the two")
    tap.equal(run("fence", guard, token(5), "--timeout", "3", "--", "echo", "--json").stdout, "--json\n", "CMD has its own")
    tap.equal(run("fence", guard, token(5), "echo", "--json").stdout, "--json\n", "without dashes, too")
    for words in (["--", guard, token(6), "--", "echo", "x"], [guard, "--", token(6), "echo", "x"]):
        tap.equal(run("fence", *words).stdout, "x\n", f"{words}")


@tap.test
def older_tokens_are_refused():
    guard = scratch() / "guard"
    result = run("fence", guard)
    tap.equal((result.returncode, result.stdout, str(guard) in result.stderr), (1, "", True), "nothing has passed yet")
    result = run("fence", "--json", guard)
    tap.equal((result.returncode, answers(result)), (1, {"guard": str(guard), "token": None, "passed": False, "newest": None,
                                                         "result": "not-found"}), "JSON of nothing")
    tap.equal(list(guard.parent.iterdir()), [], "who only asks makes no file")
    tap.equal(run("fence", guard, token(5)).returncode, 0, "the first one")
    tap.equal(run("fence", guard, token(5)).returncode, 0, "the same reign")
    tap.equal(run("fence", guard, token(5, 2)).returncode, 0, "the same term, a larger id")
    result = run("fence", guard, token(5))
    tap.equal((result.returncode, result.stdout), (1, ""), "an older one")
    for part in (token(5), token(5, 2), str(guard)):
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")
    tap.equal(run("fence", "--stale-exit", "42", guard, token(4)).returncode, 42, "--stale-exit")
    tap.equal(run("fence", guard).stdout, token(5, 2) + "\n", "the newest one")
    tap.equal(answers(run("fence", "--json", guard, token(4))),
              {"guard": str(guard), "token": token(4), "passed": False, "newest": token(5, 2), "result": "stale"}, "JSON")
    tap.equal(answers(run("fence", "--json", guard, token(6))),
              {"guard": str(guard), "token": token(6), "passed": True, "newest": token(6), "result": "ok"}, "JSON")
    tap.equal(answers(run("fence", "--json", guard)),
              {"guard": str(guard), "token": None, "passed": False, "newest": token(6), "result": "ok"}, "JSON, asked")
    tap.equal(os.stat(guard).st_mode & 0o777, 0o600, "mode")


@tap.test
def unusable_file_lets_nothing_through():
    folder = scratch()
    (folder / "guard").write_text("something else\n")
    for path, part in [(folder / "guard", "damaged"), (folder, "directory"), (folder / "no" / "guard", "No such file")]:
        result = run("fence", path, token(9), "--", "touch", folder / "done")
        tap.equal(result.returncode, 5, f"{path}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")
    tap.check(not (folder / "done").exists(), "nothing was run")
    tap.equal((folder / "guard").read_text(), "something else\n", "untouched")


@tap.test
def command_runs_inside_with_its_token():
    folder = scratch()
    guard = folder / "guard"
    result = run("fence", guard, token(3), "--", "sh", "-c", 'echo "$BELLWETHER_TOKEN $1"; exit 7', "sh", "--json")
    tap.equal((result.returncode, result.stdout), (7, f"{token(3)} --json\n"), "its code, its output, its options")
    tap.equal(run("fence", guard, token(3), "sh", "-c", "exit 3").returncode, 3, "without --")
    result = run("fence", guard, token(2), "--", "touch", folder / "done")
    tap.equal((result.returncode, (folder / "done").exists()), (1, False), "an older one is not run")
    tap.equal(run("fence", guard, token(3), "--", "/no/such/program").returncode, 127, "not found")
    tap.equal(run("fence", guard, token(3), "--", str(folder)).returncode, 126, "not to be run")


@tap.test(timeout=60)
def others_wait_until_the_last_one_inside_has_ended():
    folder = scratch()
    guard = folder / "guard"
    script = 'echo in; (read line; echo out) & exit 0'  # the one inside leaves a child behind
    first = subprocess.Popen([BELLWETHER, "fence", guard, token(3), "--", "sh", "-c", 'exec 3<&0; ' + script.replace(
        "read line", "read line <&3")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment())
    tap.cleanup(first.stdout.close)
    tap.equal(first.stdout.readline(), "in\n", "it is inside")
    tap.equal(first.wait(LIMIT), 0, "it has ended, its child has not")
    result = run("fence", "--timeout", "0", guard, token(4))
    tap.equal(result.returncode, 4, "busy")
    tap.check("inside" in result.stderr, result.stderr)
    tap.equal(run("fence", "--timeout", "0.2", guard, token(4)).returncode, 4, "busy for longer")
    tap.equal(run("fence", guard).stdout, token(3) + "\n", "one may look")
    second = subprocess.Popen([BELLWETHER, "fence", guard, token(4), "--", "echo", "second"], stdout=subprocess.PIPE,
                              text=True, env=clean_environment())
    first.stdin.close()
    tap.equal(second.communicate(timeout=LIMIT)[0], "second\n", "now the other one")
    tap.equal(run("fence", guard, token(3)).returncode, 1, "and the first one's reign is over")


@tap.test(timeout=60)
def killed_in_the_middle_it_remembers():
    guard = scratch() / "guard"
    largest = 0
    for term in range(1, 40):
        process = subprocess.Popen([BELLWETHER, "fence", guard, token(term)], stderr=subprocess.DEVNULL,
                                   env=clean_environment())
        time.sleep(0.0005 * (term % 12))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            largest = term
        if largest > 1:
            tap.equal(run("fence", guard, token(largest - 1)).returncode, 1, f"older than {largest}")
    tap.equal(run("fence", guard, token(40)).returncode, 0, "not damaged")


@tap.test(timeout=60)
def deposed_leader_is_refused():
    """A leader is stopped between its look at the lease and its write; when it goes on, another one has written."""
    cluster = Cluster()
    tap.cleanup(cluster.close)
    cluster.start(3)
    old = cluster.wait_leader()
    guard = cluster.path("guard")
    reign = old.ask("leader", "default")["scopes"][0]
    tap.equal(run("fence", guard, reign["token"]).returncode, 0, "the leader writes")
    old.signal(signal.SIGSTOP)
    others = [agent for agent in cluster.agents.values() if agent is not old]
    new = cluster.wait(lambda: next((a.reign() for a in others if a.reign() and a.reign()[1] != old.name), None), LIMIT,
                       "a successor")
    tap.check(new[0] > reign["token"], f"{new[0]} > {reign['token']}")
    tap.equal(run("fence", guard, new[0]).returncode, 0, "the successor writes")
    tap.equal(run("fence", guard, reign["token"]).returncode, 1, "the old one, that knows nothing of it, does not")
    old.signal(signal.SIGCONT)


if __name__ == "__main__":
    tap.main()
