"""What the lint tests share: where the tree is, which C files are in it, which layer is left of which."""

import os
import pathlib
import shlex
import subprocess

SOURCE = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BW_BUILD_DIR") or SOURCE)

# From left to right: a file may include its own layer and what stands left of it ...
LAYERS = ["base", "crypto", "gossip", "election", "node", "sim", "tools", "tests"]
# ... but election does not know gossip: only node sees both machines.
NEVER = {"election": {"gossip"}}
# The pure part: no I/O, no clock, no chance, no memory but from the caller's allocator.
CORE = ["base", "crypto", "gossip", "election"]


def may_include(layer, other):
    left = LAYERS[: LAYERS.index(layer) + 1]
    return other in left and other not in NEVER.get(layer, set())


def c_files(root=SOURCE, layers=None):
    """The .c and .h files of the layers (of all but the tests, unless told), with the public headers."""
    chosen = layers if layers is not None else [layer for layer in LAYERS if layer != "tests"] + ["include", "examples"]
    return sorted(
        path for layer in chosen for path in (root / layer).rglob("*.[ch]") if path.is_file() and not hidden(path, root)
    )


def hidden(path, root):
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def nm(path, *options):
    """The symbols of an object file or library."""
    command = [*shlex.split(os.environ.get("NM") or "nm"), "-P", *options, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in output.splitlines() if line.strip()}
