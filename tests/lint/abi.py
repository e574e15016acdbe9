"""What programs built against a released header rely on in memory is as it was: sizes and offsets of all public structs, and the
values of enums. tests/lint/abi.txt has them (64-bit, System V). A program's struct whose first field is `size`, which the library
is told, may grow at its end, and enums may be continued; anything else needs a new SONAME. `make abi` writes the file anew."""

import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
import tempfile

import house
import tap

sys.path.insert(0, str(house.SOURCE / "man"))
import headers  # noqa: E402

KNOWN = house.SOURCE / "tests" / "lint" / "abi.txt"
ENUMS = {"BW_PARAMS": None, "BW_ERRORS": "BW_ERR_", "BW_EVENTS": "BW_EVENT_", "BW_LOSSES": "BW_LOSS_", "BW_WHY_NOTS": "BW_WHY_NOT_",
         "BW_VACANCIES": "BW_VACANCY_", "BW_EVIDENCES": "BW_EVIDENCE_", "BW_BOUNDS": "BW_BOUND_"}


def lines_of(header):
    """What a C program has to print: pairs of a name and an expression."""
    for struct in header.structs:
        if struct.fields[0][0] != "size":  # else it may grow
            yield f"struct {struct.name}", f"sizeof(struct {struct.name})"
        for name in ([] if struct.name != "bw_params" else headers.listed(header.text, "BW_PARAMS")) + [f[0] for f in struct.fields]:
            if (struct.name, name) != ("bw_params", "reserved"):
                yield f"{struct.name}.{name}", f"offsetof(struct {struct.name}, {name})"
    for match in re.finditer(r"^enum (bw_\w+) \{([^}]*)\};", header.text, re.MULTILINE):
        text = re.sub(r"/\*.*?\*/", "", match[2], flags=re.DOTALL)
        for name in re.findall(r"\b(BW_[A-Z_0-9]+)\b(?!\()", text):
            if not name.endswith(("_COUNT", "_")) and "_ORDINAL_" not in name:
                yield name, name
    for macro, prefix in ENUMS.items():
        for name in headers.listed(header.text, macro) if prefix else []:
            yield prefix + name, prefix + name


def measured():
    program = ["#include <bellwether/bellwether.h>", "#include <stdio.h>", "int main(void) {"]
    for header in headers.public(house.SOURCE):
        program += [f'    printf("%s %d\\n", "{name}", (int){value});' for name, value in lines_of(header)]
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(temporary, "abi.c")
        source.write_text("\n".join([*program, "}", ""]))
        compiler = [word for word in shlex.split(os.environ.get("CC") or "cc") if word != "ccache"]
        subprocess.run([*compiler, "-std=c11", "-I", house.SOURCE / "include", source, "-o", source.with_suffix("")], check=True)
        return subprocess.run([source.with_suffix("")], check=True, capture_output=True, text=True).stdout.splitlines()


@tap.test
def what_was_released_lies_where_it_lay():
    if platform.machine() not in ("x86_64", "aarch64"):
        tap.skip("abi.txt is of 64-bit machines that lay structs out as x86_64 does")
    known, now = KNOWN.read_text().splitlines(), measured()
    tap.check(len(known) > 300, "abi.txt is short")
    tap.equal(sorted(set(known) - set(now)), [], "gone or moved: a program that was built before would break")
    tap.equal(sorted(set(now) - set(known)), [], "new: add it with `make abi`")


@tap.test
def a_planted_struct_is_measured():
    text = """/** @file planted.h
 *  x
 */
#define BW_LOSSES(X) \\
    X(ONE, "one")  \\
    X(TWO, "two")
enum bw_mode {
    BW_MODE_A, /**< BW_NOT_ME */
    BW_MODE_B
};
/** Grows. */
struct bw_grows {
    size_t size;
    void (*on_it)(void *context, int what); /**< called */
};
/** Does not. */
struct bw_fixed {
    char name[BW_NAME_MAX + 1];
    uint8_t a[4][2];
};
"""
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "planted.h")
        path.write_text(text)
        tap.equal([name for name, _ in lines_of(headers.Header(path))],
                  ["bw_grows.size", "bw_grows.on_it", "struct bw_fixed", "bw_fixed.name", "bw_fixed.a", "BW_MODE_A", "BW_MODE_B",
                   "BW_LOSS_ONE", "BW_LOSS_TWO"])


if __name__ == "__main__":
    if "--write" in sys.argv:
        KNOWN.write_text("\n".join(measured()) + "\n")
    else:
        tap.main()
