"""tests/vectors/protocol-N are never edited once they are in a release: tests/vectors/README.md says what freezes them.

As a program, by `make vectors`: copies today's known answers to the newest protocol's folder, unless a release has it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import tap

SOURCE = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
VECTORS = SOURCE / "tests" / "vectors"
NAMES = ("beacons.json", "digests.json", "frames.json", "identity.json", "messages.json", "packets.json", "ranks.json")


def protocol():
    return int(re.search(r"^#define BW_PROTOCOL (\d+)u", (SOURCE / "gossip/frames.h").read_text(encoding="utf-8"), re.MULTILINE)[1])


def git(*words):
    """What it prints; None where there is no git, no history, or no such thing in it."""
    try:
        done = subprocess.run(["git", "-C", str(SOURCE), *words], capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def releases():
    return (git("tag", "--list", "v[0-9]*", "--sort=version:refname") or b"").decode().split()


def released(folder, name):
    """(tag, content) of the first release that has the file; None: no release has."""
    for tag in releases():
        content = git("show", f"{tag}:tests/vectors/{folder}/{name}")
        if content is not None:
            return tag, content
    return None


def problem(folder, name, present, current, first):
    """What is wrong with one file; first: as released() says."""
    if first is not None:
        return None if present == first[1] else f"{folder}/{name} is not what {first[0]} was released with: it is never edited"
    if folder != f"protocol-{protocol()}":
        return f"{folder}/{name} is in no release here, and not the newest protocol's: are all tags fetched?"
    return None if present == current else f"{folder}/{name} is not today's {name}: make vectors, or, if that was released, fetch the tags"


def content(path):
    return path.read_bytes() if path.is_file() else None


@tap.test
def each_protocol_version_has_its_known_answers():
    for number in range(1, protocol() + 1):
        folder = VECTORS / f"protocol-{number}"
        tap.equal([name for name in NAMES if not (folder / name).is_file()], [], f"missing in {folder.name}")


@tap.test
def what_a_release_has_is_never_edited():
    if git("rev-parse", "HEAD") is None:
        tap.skip("no git history: what was released cannot be told")
    folders = sorted(path.name for path in VECTORS.glob("protocol-*"))
    problems = [problem(folder, name, content(VECTORS / folder / name), content(VECTORS / name), released(folder, name))
                for folder in folders for name in NAMES]
    tap.equal([text for text in problems if text], [], "tests/vectors")


@tap.test
def a_planted_edit_is_caught():
    newest = f"protocol-{protocol()}"
    tap.check("is never edited" in problem(newest, "frames.json", b"new", b"new", ("v1", b"old")), "released")
    tap.check(problem(newest, "frames.json", b"old", b"new", ("v1", b"old")) is None, "released, and today's have grown")
    tap.check("make vectors" in problem(newest, "frames.json", b"old", b"new", None), "not released, and not today's")
    tap.check("tags" in problem("protocol-0", "frames.json", b"old", b"new", None), "an earlier one that no release has")


def freeze():
    folder = VECTORS / f"protocol-{protocol()}"
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        if released(folder.name, name) is None:
            shutil.copyfile(VECTORS / name, folder / name)


if __name__ == "__main__":
    if sys.argv[1:] == ["--copy"]:
        freeze()
    else:
        tap.main()
