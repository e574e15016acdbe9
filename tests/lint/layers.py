"""A file includes only what stands left of it: base <- crypto <- gossip <- election <- node <- sim, tools <- tests."""

import pathlib
import re
import tempfile

import house
import tap

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

# What the pure part may take from outside. Nothing there does I/O, tells the time or allocates.
CORE_SYSTEM = {"stdalign.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h", "string.h", "math.h"}
LIBRARIES = {
    "crypto": {"sodium.h"},
    "gossip": {"sodium.h"},
    "election": {"sodium.h"},
}
NEVER_SEEN = {"sim": {"ev.h"}}


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def resolve(root, path, name):
    """The source file of ours that is meant, or None (what a build in the tree has made is not one)."""
    for directory in (path.parent, root, root / "include"):
        target = (directory / name).resolve()
        if target.is_file() and root in target.parents and layer_of(root, target) in [*house.LAYERS, "include"]:
            return target
    return None


def layer_of(root, path):
    return path.relative_to(root).parts[0]


def closure(root, path, seen):
    """All names that a file includes, directly or not."""
    names = set()
    for _, name in includes(path):
        names.add(name)
        target = resolve(root, path, name)
        if target and target not in seen:
            seen.add(target)
            names |= closure(root, target, seen)
    return names


def wrong_in(root, path):
    layer = layer_of(root, path)
    where = path.relative_to(root)
    for _, name in includes(path):
        target = resolve(root, path, name)
        if target:
            other = layer_of(root, target)
            if other not in ("include", "build-config.h") and not house.may_include(layer, other):
                yield f"{where} includes {name}: {other} does not stand left of {layer}"
        elif layer in house.CORE and name not in CORE_SYSTEM | LIBRARIES.get(layer, set()):
            yield f"{where} includes {name}: not on the list of what the pure part may use"
    for name in NEVER_SEEN.get(layer, set()) & closure(root, path, set()):
        yield f"{where} includes {name}, if only through other files"


def violations(root):
    root = root.resolve()
    files = [path for layer in house.LAYERS for path in house.c_files(root, [layer])]
    return [text for path in files for text in wrong_in(root, path)]


@tap.test
def files_include_only_what_stands_left_of_them():
    found = violations(house.SOURCE)
    tap.check(not found, "\n".join(found))


def planted(layer, line):
    """The violations of a file with one line, in a tree that has each layer and our public headers."""
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary).resolve()
        for part in house.LAYERS:
            (root / part).mkdir()
            (root / part / "planted_target.h").write_text("")
        (root / "include" / "bellwether").mkdir(parents=True)
        for header in house.c_files(house.SOURCE, ["include"]):
            (root / "include" / "bellwether" / header.name).write_text(header.read_text())
        (root / "node" / "sees_ev.h").write_text("#include <ev.h>\n")
        (root / "build-config.h").write_text("")
        (root / layer / "planted.c").write_text(line + "\n")
        return violations(root)


@tap.test
def planted_violations_are_caught():
    for layer, line in [
        ("election", '#include "gossip/planted_target.h"'),
        ("gossip", '#include "../election/planted_target.h"'),
        ("base", '#  include "crypto/planted_target.h"'),
        ("node", '#include "sim/planted_target.h"'),
        ("sim", '#include "tools/planted_target.h"'),
        ("sim", "#include <ev.h>"),
        ("sim", '#include "node/sees_ev.h"'),
        ("tools", '#include "tests/planted_target.h"'),
        ("base", "#include <sodium.h>"),
        ("gossip", "#include <stdio.h>"),
        ("election", "#include <time.h>"),
        ("crypto", "#include <stdlib.h>"),
        ("gossip", '#include "build-config.h"'),
    ]:
        tap.check(planted(layer, line), f"not caught in {layer}: {line}")


@tap.test
def what_is_allowed_is_not_reported():
    for layer, line in [
        ("election", '#include "planted_target.h"'),
        ("gossip", '#include "base/planted_target.h"'),
        ("node", '#include "gossip/planted_target.h"\n#include "election/planted_target.h"\n#include <time.h>'),
        ("tests", '#include "sim/planted_target.h"'),
        ("sim", "#include <stdio.h>"),
        ("tools", '#include "build-config.h"'),
        ("gossip", "#include <bellwether/types.h>"),
    ]:
        tap.check(not planted(layer, line), f"wrongly reported in {layer}: {line}")


if __name__ == "__main__":
    tap.main()
