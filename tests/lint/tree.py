"""The tree is whole: every file is in the build, every link and example of the documents is true, the command is a
program."""

import pathlib
import re
import tempfile

import house
import tap

TREE_PARTS = house.LAYERS + ["include", "examples", "man", "model", "packaging", "python"]


def makefiles():
    parts = [path for part in TREE_PARTS for path in sorted((house.SOURCE / part).rglob("local.mk"))]
    return "\n".join(path.read_text() for path in [house.SOURCE / "Makefile.am", *parts])


def unlisted(files, text):
    """Files that the makefiles do not name; a C test may be named as its program, without .c."""
    words = set(text.replace("\\\n", " ").split())
    return [f for f in files if f not in words and not (f.startswith("tests/") and f.removesuffix(".c") in words)]


@tap.test
def every_source_is_in_the_build():
    patterns = ("*.c", "*.h", "*.py", "*.sh", "*.key", "*.json", "*.html", "*.pml", "*.cpp", "*.in")
    files = [path for part in TREE_PARTS for pattern in patterns for path in sorted((house.SOURCE / part).rglob(pattern))]
    names = [str(path.relative_to(house.SOURCE)) for path in files + documents()]
    tap.equal(unlisted(names, makefiles()), [], "in no local.mk, so missing from a release")


@tap.test
def planted_source_is_missed():
    text = "a_sources = base/one.c \\\n\tbase/one.h\nc_tests += tests/unit/two"
    tap.equal(unlisted(["base/one.c", "base/one.h", "tests/unit/two.c"], text), [])
    tap.equal(unlisted(["base/planted.c", "base/tests.c"], text), ["base/planted.c", "base/tests.c"])


def documents():
    return [*sorted(house.SOURCE.glob("*.md")), *sorted((house.SOURCE / "docs").rglob("*.md"))]


def anchors(path):
    """What a link's #part may name: the headings, as the usual renderers of Markdown make names of them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-") for heading in headings}


def dead_links(path):
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", path.read_text(encoding="utf-8"))
    own = [(target, part, path.parent / target if target else path) for target, part in links if not re.match(r"[a-z]+:", target)]
    return [target + (part and "#" + part) for target, part, file in own
            if not file.exists() or part and file.suffix == ".md" and part not in anchors(file)]


@tap.test
def links_of_the_documents_lead_somewhere():
    dead = [f"{path.name}: {target}" for path in documents() for target in dead_links(path)]
    tap.equal(dead, [], "dead links")


def dead_when_installed(path, root, installed):
    """Links that lead to a file of the tree which is not installed beside the document. Headers have a place of their own."""
    targets = [(path.parent / t).resolve() for t in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
               if not re.match(r"[a-z]+:", t)]
    names = [str(target.relative_to(root.resolve())) for target in targets]
    return [name for name in names if not name.startswith(("include/", "tests/")) and
            not any(other == name or other.startswith(name + "/") for other in installed)]


@tap.test
def links_lead_somewhere_when_installed():
    text = makefiles().replace("\\\n", " ")
    installed = set(" ".join(re.findall(r"^(?:nobase_dist_doc_DATA|shown_examples) \+?= (.*)$", text, re.MULTILINE)).split())
    dead = [f"{path.name}: {name}" for path in documents() for name in dead_when_installed(path, house.SOURCE, installed)]
    tap.equal(dead, [], "not installed")


@tap.test
def a_planted_link_to_what_is_not_installed_is_caught():
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        (root / "docs").mkdir()
        path = root / "docs" / "planted.md"
        path.write_text("[a](other.md#head), [b](../x/y.c), [c](https://example.org/x), [d](../include/z.h), [e](data)")
        tap.equal(dead_when_installed(path, root, {"docs/other.md", "docs/data/one"}), ["x/y.c"])


@tap.test
def a_planted_dead_link_is_caught():
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "planted.md")
        path.write_text("# The head: `x`\n[a](planted.md#the-head-x), [b](missing.md), [c](https://example.org/x#y), [d](#head), [e](planted.md#no)")
        tap.equal(dead_links(path), ["missing.md", "#head", "planted.md#no"])


def false_examples(path, root):
    """Code blocks that say they are from a file, and are not: `<!-- from: NAME -->` stands above the block, and a line
    "/* ... */" in it stands for what was left out."""
    blocks = re.findall(r"<!-- from: (\S+) -->\s*```\w*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    return [name for name, text in blocks if not (root / name).is_file() or not within(text, (root / name).read_text())]


def within(block, text):
    at = 0
    for part in re.split(r"^ */\* \.\.\. \*/\n", block, flags=re.MULTILINE):
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@tap.test
def examples_in_the_documents_are_the_tested_files():
    tap.equal([name for path in documents() for name in false_examples(path, house.SOURCE)], [], "differ from the file")


@tap.test
def a_planted_false_example_is_caught():
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        (root / "x.c").write_text("int x;\nint between;\nint y;\n")
        for block, wanted in [("int x;\n", []), ("int x;\n/* ... */\nint y;\n", []), ("int z;\n", ["x.c"]),
                              ("int x;\nint y;\n", ["x.c"]), ("int y;\n/* ... */\nint x;\n", ["x.c"])]:
            (root / "planted.md").write_text(f"<!-- from: x.c -->\n```c\n{block}```\n")
            tap.equal(false_examples(root / "planted.md", root), wanted, block)


def unknown_tests(text):
    """Tests that the text names, as `a_name_of_several_words`, and that nobody runs."""
    names = known_tests()
    return [name for name in re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`", text)
            if name not in names and not name.startswith("bw_")]


def known_tests():
    tests = [path.read_text(encoding="utf-8") for pattern in ("*.c", "*.py")
             for path in sorted((house.SOURCE / "tests").rglob(pattern))]
    known = set(re.findall(r"TAP_TEST\((\w+)\)|@tap\.test[^\n]*\ndef (\w+)", "\n".join(tests)))
    return {name for pair in known for name in pair}


def not_shown(text):
    """Rows of tables whose last column names no test, or what is none."""
    known = known_tests()
    rows = [line for line in text.splitlines() if re.match(r"\| (?!what |---)", line)]
    named = [(row, re.findall(r"`([^`]*)`", row.rstrip().removesuffix("|").rsplit("|", 1)[1])) for row in rows]
    return len(rows), [row for row, names in named if not any(name in known for name in names) or
                       not all(name in known or "/" in name for name in names)]


@tap.test
def tests_that_the_guarantees_name_exist():
    for name in ("GUARANTEES.md", "SECURITY.md"):
        text = (house.SOURCE / "docs" / name).read_text(encoding="utf-8")
        tap.equal(unknown_tests(text), [], f"{name}: no such test")
        count, bare = not_shown(text)
        tap.equal((count > 20, bare), (True, []), f"{name}: rows without a test")


@tap.test
def a_planted_unknown_test_is_caught():
    planted = "`no_such_test_at_all`, `a_planted_unknown_test_is_caught`, `a_stopped_leader_wakes_up_deposed`"
    tap.equal(unknown_tests(planted), ["no_such_test_at_all"])
    rows = ["| fire | nothing | `a_stopped_leader_wakes_up_deposed` |", "| flood | `a_stopped_leader_wakes_up_deposed` | |",
            "| ice | nothing | `no_such` |", "| snow | nothing | `a_stopped_leader_wakes_up_deposed`, `nor_this` |"]
    tap.equal(not_shown("\n".join(["| what | get | test |", "|---|---|---|", *rows])), (4, rows[1:]))


@tap.test
def the_command_is_a_program_and_no_script():
    program = house.BUILD / "tools" / "bellwether"
    if not program.exists():
        tap.skip("built without the command")
    tap.equal(program.read_bytes()[:4], b"\x7fELF", "first bytes of tools/bellwether")


if __name__ == "__main__":
    tap.main()
