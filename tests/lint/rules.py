"""Every rule of the protocols is hit by a test: no rule of base/rules.h is without its coverage mark. Runs last."""

import os
import pathlib
import re
import tempfile

import house
import tap

RULE = re.compile(r"^\s+X\(([A-Z0-9_]+),", re.MULTILINE)


def rules():
    """The names in the rule lists, in order."""
    headers = sorted((house.SOURCE / "base").glob("rules*.h"))
    return [name for path in headers for name in RULE.findall(path.read_text(encoding="utf-8"))]


def marked(directory, programs=None):
    """The names that the programs left in the directory; of all programs, unless told which."""
    files = sorted(path for path in directory.glob("*") if programs is None or path.name in programs)
    return {line for path in files for line in path.read_text(encoding="utf-8").split()}


def programs():
    """How the programs that exist now name their files: marks of one that was removed do not count."""
    names = os.environ.get("BW_RULE_PROGRAMS")
    return None if names is None else {"-".join(name.split("/")[-2:]) for name in names.split()}


@tap.test
def every_rule_is_hit_by_a_test():
    directory = os.environ.get("BW_RULE_MARKS")
    if not directory:
        tap.skip("runs within make check only")
    missing = [name for name in rules() if name not in marked(pathlib.Path(directory), programs())]
    tap.check(not missing, "never hit:\n" + "\n".join(missing))


@tap.test
def rules_are_found_and_named_once():
    names = rules()
    tap.check(len(names) > 0, "no rule was found in base/rules*.h")
    twice = sorted({name for name in names if names.count(name) > 1})
    tap.check(not twice, "listed twice: " + ", ".join(twice))


@tap.test
def marks_of_removed_programs_do_not_count():
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        (directory / "unit-present").write_text("REFUTE\n")
        (directory / "unit-removed").write_text("SUSPECT\n")
        tap.equal(marked(directory, {"unit-present"}), {"REFUTE"})
        tap.equal(marked(directory), {"REFUTE", "SUSPECT"})


if __name__ == "__main__":
    tap.main()
