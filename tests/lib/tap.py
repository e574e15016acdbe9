"""Tests that speak TAP: one line per test, so that `make check` counts each of them. Standard library only.

    import tap

    @tap.test
    def forms_of_five():
        tap.equal(len(members), 5, "members")

    @tap.test(timeout=60)
    def survives_a_kill():
        tap.cleanup(process.kill)
        if os.geteuid() != 0:
            tap.skip("needs root")

    if __name__ == "__main__":
        tap.main()

Test functions run in order of definition. A program runs all of them, or those whose name contains one of its
arguments; --list prints the names. Each has a hard time limit, in seconds. main(exclusive=True) lets no other exclusive
program of this build tree run at the same time: for tests that measure time. main(parallel=N) runs N tests at a time, each in a process of
its own: for tests that wait most of their time.
"""

import concurrent.futures
import fcntl
import faulthandler
import os
import re
import signal
import subprocess
import sys
import time
import traceback

DEFAULT_TIMEOUT = 30

_tests = []
_cleanups = []


class Skip(BaseException):
    """Raised by skip(). Not an Exception, so that no test swallows it; nor is TimeUp."""


class TimeUp(BaseException):
    """The test's time limit is over."""


def test(function=None, *, timeout=DEFAULT_TIMEOUT, name=None):
    """Registers a test function; usable bare or with arguments."""

    def register(target):
        _tests.append((name or target.__name__.replace("_", " "), target, timeout))
        return target

    return register(function) if function else register


def skip(why):
    raise Skip(why)


def cleanup(function, *args, **kwargs):
    """Calls function when the test that runs has ended, however it ended; last registered, first called."""
    _cleanups.append((function, args, kwargs))


def note(text):
    """Diagnostic lines that belong to the test that runs."""
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def check(condition, what="condition"):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def wait_until(condition, timeout, what, interval=0.02):
    """Polls until condition() is true and returns what it gave; fails after timeout seconds, naming what."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(interval)


def _on_alarm(_signal, _frame):
    raise TimeUp()


def _attempt(function):
    """Runs function; returns None, or the text of what went wrong."""
    try:
        function()
    except TimeUp:
        return "the time limit is over\n" + traceback.format_exc()
    except (Exception, SystemExit):
        return traceback.format_exc()
    return None


def _clean():
    problems = []
    while _cleanups:
        function, args, kwargs = _cleanups.pop()
        problem = _attempt(lambda: function(*args, **kwargs))
        if problem:
            problems.append("cleaning up: " + problem)
    return problems


def _run(function, timeout):
    """Returns (problems, why skipped)."""
    why = None
    # Should the test hang where no exception reaches it, the program ends with a trace of where.
    faulthandler.dump_traceback_later(timeout + 20, exit=True)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        problem = _attempt(function)
    except Skip as skipped:
        problem, why = None, str(skipped) or "no reason given"
    signal.setitimer(signal.ITIMER_REAL, 10)  # for cleaning up
    problems = ([problem] if problem else []) + _clean()
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()
    return problems, why


def _wait_for_turn():
    path = os.environ.get("BW_TEST_LOCK")
    if not path:
        return None
    os.makedirs(os.path.dirname(path), exist_ok=True)
    lock = open(path, "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _apart(number):
    """Runs one test in a process of its own; returns what it printed, as if it had been run here."""
    process = subprocess.run([sys.executable, sys.argv[0], f"--only={number}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             text=True, errors="replace", check=False)
    lines = [line for line in process.stdout.splitlines() if line != "1..1"]
    results = [line for line in lines if re.match(r"(not )?ok 1 - ", line)]
    if len(results) == 1 and results[0].startswith("ok ") == (process.returncode == 0):
        return lines
    lines = ["# " + line for line in lines]
    return [f"not ok 1 - {_tests[number][0]}", f"# its process ended with {process.returncode}", *lines]


def _main_parallel(chosen, count):
    failed = 0
    print(f"1..{len(chosen)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(count) as executor:
        for number, lines in enumerate(executor.map(_apart, [_tests.index(test) for test in chosen]), 1):
            failed += any(line.startswith("not ok ") for line in lines)
            print("\n".join(re.sub(r"^((?:not )?ok) 1 ", rf"\1 {number} ", line) for line in lines), flush=True)
    sys.exit(1 if failed else 0)


def _chosen(words):
    only = [int(word.removeprefix("--only=")) for word in words if word.startswith("--only=")]
    if only:
        return [_tests[number] for number in only]
    return [t for t in _tests if not words or any(w in t[0] or w in t[1].__name__ for w in words)]


def main(exclusive=False, parallel=1):
    words = [word for word in sys.argv[1:] if word != "--list"]
    chosen = _chosen(words)
    if "--list" in sys.argv[1:]:
        print("\n".join(t[0] for t in chosen))
        sys.exit(0)
    if not chosen:
        print("no such test; --list prints the names", file=sys.stderr)
        sys.exit(2)
    if parallel > 1 and len(chosen) > 1:
        _main_parallel(chosen, parallel)
    lock = _wait_for_turn() if exclusive else None
    signal.signal(signal.SIGALRM, _on_alarm)
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, (name, function, timeout) in enumerate(chosen, 1):
        start = time.monotonic()
        problems, why = _run(function, timeout)
        failed += bool(problems)
        line = f"{'not ok' if problems else 'ok'} {number} - {name}"
        print(line + (f" # SKIP {why}" if why and not problems else ""), flush=True)
        note(f"{time.monotonic() - start:.2f} s")
        for problem in problems:
            note(problem)
    if lock:
        lock.close()
    sys.exit(1 if failed else 0)
