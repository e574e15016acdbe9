"""The example that the README shows: two of it find each other, elect a leader, and one leaves orderly."""

import base64
import os
import pathlib
import signal
import socket
import subprocess
import tempfile

import tap

EMBED = pathlib.Path(os.environ["BW_BUILD_DIR"]) / "examples" / "embed"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Member:
    def __init__(self, directory, name, *addresses):
        self.output = pathlib.Path(directory, name + ".out")
        command = [EMBED, name, pathlib.Path(directory, "key"), *addresses]
        with open(self.output, "wb") as file:
            self.process = subprocess.Popen(command, stdout=file)
        tap.cleanup(self.process.wait)
        tap.cleanup(self.process.kill)

    def said(self, line):
        return line in [text.strip() for text in self.output.read_text().splitlines()]


def directory_with_key():
    directory = tempfile.TemporaryDirectory()
    tap.cleanup(directory.cleanup)
    pathlib.Path(directory.name, "key").write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    return directory.name


@tap.test(timeout=60)
def two_find_each_other_elect_and_one_leaves():
    directory = directory_with_key()
    first_address = f"127.0.0.1:{free_port()}"
    first = Member(directory, "first", first_address)
    second = Member(directory, "second", f"127.0.0.1:{free_port()}", first_address)
    for member, other in [(first, "second"), (second, "first")]:
        tap.wait_until(lambda m=member, o=other: m.said(f"member-alive {o}"), 10, f"{other} is seen")
    leaders = ["first", "second"]
    led = tap.wait_until(lambda: [n for n in leaders if all(m.said(f"leader-elected {n} default") for m in (first, second))],
                         20, "both know one leader")
    tap.note(f"leader: {led}")
    second.process.send_signal(signal.SIGTERM)
    tap.equal(second.process.wait(10), 0, "exit code")
    tap.wait_until(lambda: first.said("member-left second"), 10, "the leave is known")


@tap.test
def wrong_use_is_said():
    directory = directory_with_key()
    run = subprocess.run([EMBED], capture_output=True, text=True, timeout=10, check=False)
    tap.equal(run.returncode, 2, "exit code")
    tap.check("usage" in run.stderr, run.stderr)
    pathlib.Path(directory, "key").write_text("too short\n")
    run = subprocess.run([EMBED, "n", f"{directory}/key", "127.0.0.1:0"], capture_output=True, text=True, timeout=10,
                         check=False)
    tap.equal(run.returncode, 1, "exit code")
    tap.check("32 bytes in base64" in run.stderr, run.stderr)


if __name__ == "__main__":
    tap.main()
