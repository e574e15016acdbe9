"""The example that the README shows: two of it find each other, elect a leader, and one leaves orderly."""

import pathlib
import signal
import subprocess

import tap
from example import EXAMPLES, Member, directory_with_key, free_port


@tap.test(timeout=60)
def two_find_each_other_elect_and_one_leaves():
    directory = directory_with_key()
    first_address = f"127.0.0.1:{free_port()}"
    first = Member("embed", directory, "first", first_address)
    second = Member("embed", directory, "second", f"127.0.0.1:{free_port()}", first_address)
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
    run = subprocess.run([EXAMPLES / "embed"], capture_output=True, text=True, timeout=10, check=False)
    tap.equal(run.returncode, 2, "exit code")
    tap.check("usage" in run.stderr, run.stderr)
    pathlib.Path(directory, "key").write_text("too short\n")
    run = subprocess.run([EXAMPLES / "embed", "n", f"{directory}/key", "127.0.0.1:0"], capture_output=True, text=True, timeout=10,
                         check=False)
    tap.equal(run.returncode, 1, "exit code")
    tap.check("32 bytes in base64" in run.stderr, run.stderr)


if __name__ == "__main__":
    tap.main()
