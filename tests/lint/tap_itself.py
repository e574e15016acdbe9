"""The test machinery itself: a failure is seen as one, in C and in Python."""

import os
import pathlib
import subprocess
import sys
import tempfile

import house
import tap

PY_SAMPLE = """
import sys, time
sys.path.insert(0, %r)
import tap

@tap.test
def passes():
    tap.equal(1, 1)

@tap.test
def fails():
    tap.cleanup(print, "# cleaned")
    tap.equal(1, 2, "one")

@tap.test
def is_skipped():
    tap.skip("for a reason")

@tap.test(timeout=0.2)
def hangs():
    try:
        time.sleep(60)
    except Exception:
        pass

tap.main(parallel=%d)
"""


def run_c(*arguments, timeout_s="60"):
    program = house.BUILD / "tests" / "lint" / "tap_sample"
    environment = {**os.environ, "BW_TEST_TIMEOUT_S": timeout_s}
    environment.pop("BW_RULE_MARKS", None)
    return subprocess.run([program, *arguments], capture_output=True, text=True, env=environment, check=False)


def run_py(*arguments, parallel=1):
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "sample.py")
        path.write_text(PY_SAMPLE % (str(house.SOURCE / "tests" / "lib"), parallel))
        command = [sys.executable, str(path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@tap.test
def c_tests_pass_and_skip():
    result = run_c("good")
    tap.equal(result.returncode, 0, "exit code")
    tap.equal(result.stdout.splitlines(), ["1..2", "ok 1 - good: passes", "# prepared 1",
                                           "ok 2 - good: is skipped # SKIP for a reason"])


@tap.test
def c_tests_fail():
    result = run_c("bad")
    tap.equal(result.returncode, 1, "exit code")
    lines = result.stdout.splitlines()
    tap.equal([line for line in lines if not line.startswith("#")],
              ["1..2", "not ok 1 - bad: fails twice", "not ok 2 - bad: stops at fatal"])
    tap.equal(len([line for line in lines if line.startswith("# tap_sample.c:")]), 3, "failed assertions")


@tap.test
def a_c_test_that_hangs_is_ended():
    result = run_c("hangs", timeout_s="1")
    tap.equal(result.returncode, 1, "exit code")
    tap.check("not ok 1 - endless: hangs" in result.stdout and "Bail out!" in result.stdout, result.stdout)


@tap.test
def a_c_test_is_chosen_by_name():
    tap.equal(run_c("--list").stdout.splitlines()[0], "good: passes")
    tap.equal(run_c("passes").stdout.splitlines(), ["1..1", "ok 1 - good: passes"])
    tap.equal(run_c("no such name").returncode, 2, "exit code")


def check_py(result):
    tap.equal(result.returncode, 1, "exit code")
    lines = result.stdout.splitlines()
    tap.equal([line for line in lines if not line.startswith("#")],
              ["1..4", "ok 1 - passes", "not ok 2 - fails", "ok 3 - is skipped # SKIP for a reason",
               "not ok 4 - hangs"])
    tap.check("# cleaned" in lines, "what was registered for cleaning up was called")
    tap.check("# the time limit is over" in lines, "the reason is given")


@tap.test
def python_tests_pass_fail_skip_and_end():
    check_py(run_py())


@tap.test
def several_at_a_time_say_the_same_in_the_same_order():
    check_py(run_py(parallel=3))
    result = run_py("passes", parallel=3)
    tap.equal((result.returncode, result.stdout.splitlines()[:2]), (0, ["1..1", "ok 1 - passes"]), "one of them")


@tap.test
def a_test_whose_process_dies_has_failed():
    tap.equal(run_py("fails", "passes", parallel=2).returncode, 1, "exit code")
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "sample.py")
        path.write_text(PY_SAMPLE.replace("tap.equal(1, 1)", "import os; os._exit(0)") % (str(house.SOURCE / "tests" / "lib"), 2))
        result = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    tap.check("not ok 1 - passes" in result.stdout and result.returncode == 1, result.stdout)


@tap.test
def a_python_test_is_chosen_by_name():
    tap.equal(run_py("passes").returncode, 0, "exit code")
    tap.equal(run_py("no such name").returncode, 2, "exit code")


if __name__ == "__main__":
    tap.main()
