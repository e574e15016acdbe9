"""The peer-to-peer example: four of it count primes together; the leader dies, the next one sleeps, and the work goes on."""

import pathlib
import signal
import subprocess

import tap
from example import EXAMPLES, Member, directory_with_key, free_port

LIMIT, PRIMES = 2000000, 148933
RESULT = f"primes below {LIMIT}: {PRIMES}"
PIECES = 64


class Peer(Member):
    def __init__(self, directory, name, seed=None):
        self.name, self.address = name, f"127.0.0.1:{free_port()}"
        super().__init__("peers", directory, name, self.address, str(LIMIT), *([seed] if seed else []))

    def lines(self, word):
        return [line.split() for line in self.output.read_text().splitlines() if line.split()[:1] == [word]]

    def works(self):
        return [(int(words[1]), words[2]) for words in self.lines("work")]

    def believes(self):
        """The last (leader, token) that it was told of."""
        return next(((words[1], words[2]) for words in reversed(self.lines("leader-elected"))), None)


def start(count):
    directory = directory_with_key()
    peers = [Peer(directory, "p1")]
    peers += [Peer(directory, f"p{i}", peers[0].address) for i in range(2, count + 1)]
    return directory, peers


def wait_leader(peers, above=""):
    """(The leader, its token) when all of them believe in it and all have begun to work under it."""
    def agreed():
        found = {peer.believes() for peer in peers}
        if len(found) != 1 or None in found:
            return None
        name, token = found.pop()
        return (name, token) if token > above and all(token in {it for _, it in peer.works()} for peer in peers) else None
    name, token = tap.wait_until(agreed, 20, f"all work under one leader above {above}")
    return next(peer for peer in peers if peer.name == name), token


def tokens_rise(peer):
    tokens = [token for _, token in peer.works()]
    tap.equal(tokens, sorted(tokens), f"{peer.name} works for nobody older than before")


@tap.test(timeout=60)
def the_work_goes_on_when_the_leader_dies_and_the_next_one_sleeps():
    directory, peers = start(4)
    dead, first = wait_leader(peers)
    dead.process.kill()
    living = [peer for peer in peers if peer is not dead]
    asleep, second = wait_leader(living, first)
    asleep.process.send_signal(signal.SIGSTOP)
    _, third = wait_leader([peer for peer in living if peer is not asleep], second)
    asleep.process.send_signal(signal.SIGCONT)
    for peer in living:
        tap.wait_until(lambda it=peer: it.said(RESULT), 30, f"{peer.name} knows the result")
        tokens = [token for _, token in peer.works()]
        tap.equal(tokens, sorted(tokens), f"{peer.name} works for nobody older than before")
    tap.equal({token for peer in peers for _, token in peer.works()}, {first, second, third}, "who slept hands out nothing more")
    tap.wait_until(lambda: asleep.believes() and asleep.believes()[1] == third, 20, "it follows")
    done = [piece for peer in peers for piece, _ in peer.works()]
    tap.equal(set(done), set(range(PIECES)), "all pieces")
    tap.note(f"{len(done) - PIECES} of {PIECES} pieces were begun twice")
    late = Peer(directory, "late", living[0].address)
    tap.wait_until(lambda: late.said(RESULT), 20, "who comes late is told")
    tap.equal(late.works(), [], "nothing was left to do")
    for peer in [late, *living]:
        peer.process.send_signal(signal.SIGTERM)
        tap.equal(peer.process.wait(10), 0, "exit code")


@tap.test
def wrong_use_is_said():
    directory = directory_with_key()
    key = pathlib.Path(directory, "key")
    for words, code, text in [([], 2, "usage"), (["n", key, "127.0.0.1:0", "63"], 2, "LIMIT"),
                              (["n", "/dev/null", "127.0.0.1:0", "100"], 1, "base64")]:
        run = subprocess.run([EXAMPLES / "peers", *words], capture_output=True, text=True, timeout=10, check=False)
        tap.equal(run.returncode, code, f"exit code of {words}")
        tap.check(text in run.stderr, run.stderr)


if __name__ == "__main__":
    tap.main()
