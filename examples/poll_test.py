"""The example without libev: it and the libev example find each other, agree on a leader, and see each other leave."""

import pathlib
import signal
import subprocess

import tap
from example import EXAMPLES, Member, directory_with_key, free_port


@tap.test(timeout=60)
def poll_and_libev_find_each_other_and_agree_on_a_leader():
    directory = directory_with_key()
    address = f"127.0.0.1:{free_port()}"
    first = Member("poll", directory, "first", address)
    second = Member("embed", directory, "second", f"127.0.0.1:{free_port()}", address)
    third = Member("poll", directory, "third", f"127.0.0.1:{free_port()}", address)
    members = {"first": first, "second": second, "third": third}
    for name, member in members.items():
        for other in members:
            tap.wait_until(lambda m=member, o=other: m.said(f"member-alive {o}"), 10, f"{name} sees {other}")
    leader = tap.wait_until(
        lambda: [n for n in members if all(m.said(f"leader-elected {n} default") for m in members.values())], 20,
        "all know one leader")
    tap.note(f"leader: {leader[0]}")
    for name in ("first", "second"):
        members[name].process.send_signal(signal.SIGTERM)
        tap.equal(members[name].process.wait(10), 0, "exit code")
        tap.wait_until(lambda n=name: third.said(f"member-left {n}"), 10, f"{name}'s leave is known")
    tap.wait_until(lambda: third.said("leader-elected third default"), 20, "the last one leads")


@tap.test(timeout=60)
def killed_leader_is_succeeded():
    directory = directory_with_key()
    address = f"127.0.0.1:{free_port()}"
    members = {"first": Member("poll", directory, "first", address)}
    tap.wait_until(lambda: members["first"].said("leader-elected first default"), 20, "it leads alone")
    members["second"] = Member("poll", directory, "second", f"127.0.0.1:{free_port()}", address)
    tap.wait_until(lambda: members["second"].said("leader-elected first default"), 20, "the other one knows")
    members["first"].process.kill()
    tap.wait_until(lambda: members["second"].said("leader-elected second default"), 20, "the other one leads")
    tap.wait_until(lambda: members["second"].said("member-dead first"), 20, "the death is known")


@tap.test
def wrong_use_is_said():
    directory = directory_with_key()
    key = pathlib.Path(directory, "key")
    for words, code, text in [
            ([], 2, "usage"), (["n", key, "127.0.0.1"], 2, "usage"), (["n", key, "::1:7947"], 2, "usage"),
            (["n", key, "192.0.2.1:7947"], 1, "ADDRESS:PORT"), (["n", "/dev/null", "127.0.0.1:0"], 1, "cannot start")]:
        run = subprocess.run([EXAMPLES / "poll", *words], capture_output=True, text=True, timeout=10, check=False)
        tap.equal(run.returncode, code, f"exit code of {words}")
        tap.check(text in run.stderr, run.stderr)


if __name__ == "__main__":
    tap.main()
