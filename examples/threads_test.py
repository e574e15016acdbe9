"""The example with threads: the work goes on under the leader's token alone, ends with the lead, and no memory is left."""

import pathlib
import re
import signal
import subprocess

import tap
from example import EXAMPLES, Member, directory_with_key, free_port


def tokens(member):
    return re.findall(r"^works under ([0-9a-f]{32})$", member.output.read_text(), re.MULTILINE)


def ends_well(member):
    member.process.send_signal(signal.SIGTERM)
    tap.equal(member.process.wait(10), 0, "exit code")
    tap.check(member.said("left, with 0 bytes in use"), member.output.read_text())


@tap.test(timeout=60)
def who_leads_works_and_the_next_one_with_a_larger_token():
    directory = directory_with_key()
    address = f"127.0.0.1:{free_port()}"
    first = Member("threads", directory, "first", address)
    tap.wait_until(lambda: tokens(first), 20, "the first one works")
    second = Member("threads", directory, "second", f"127.0.0.1:{free_port()}", address)
    tap.wait_until(lambda: second.said("leader-elected first default"), 20, "the second one knows who leads")
    tap.equal(tokens(second), [], "works without the lead")
    ends_well(first)
    tap.wait_until(lambda: tokens(second), 20, "the second one works")
    tap.check(tokens(first)[-1] < tokens(second)[0], "its token is larger")
    tap.equal(len(tokens(first)), 1, "one reign")
    ends_well(second)


@tap.test(timeout=60)
def a_killed_one_is_succeeded():
    directory = directory_with_key()
    address = f"127.0.0.1:{free_port()}"
    first = Member("threads", directory, "first", address)
    tap.wait_until(lambda: tokens(first), 20, "the first one works")
    second = Member("threads", directory, "second", f"127.0.0.1:{free_port()}", address)
    tap.wait_until(lambda: second.said("leader-elected first default"), 20, "the second one knows who leads")
    first.process.kill()
    tap.wait_until(lambda: tokens(second), 20, "the second one works")
    tap.check(tokens(first)[-1] < tokens(second)[0], "its token is larger")
    ends_well(second)


@tap.test
def wrong_use_is_said():
    key = pathlib.Path(directory_with_key(), "key")
    for words, code, text in [([], 2, "usage"), (["n", key, "127.0.0.1:x"], 2, "usage"), (["n", "/none", "127.0.0.1:0"], 2, "usage"),
                              (["n", "/dev/null", "127.0.0.1:0"], 1, "key")]:
        run = subprocess.run([EXAMPLES / "threads", *words], capture_output=True, text=True, timeout=10, check=False)
        tap.equal(run.returncode, code, f"exit code of {words}")
        tap.check(text in run.stderr, run.stderr)


if __name__ == "__main__":
    tap.main()
