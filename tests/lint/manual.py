"""The manual is whole and true: mandoc finds nothing in it, it is what `make manual` makes, each option of each command stands in its
page and no other one does, and headers, pages and the library's symbols name the same functions."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import house
import tap

MAN = house.SOURCE / "man"
sys.path.insert(0, str(MAN))
import command_pages  # noqa: E402
import headers  # noqa: E402
import library_pages  # noqa: E402
import manual  # noqa: E402

PROGRAM = os.environ.get("BELLWETHER") or str(house.BUILD / "tools" / "bellwether")


def program():
    if not os.path.exists(PROGRAM):
        tap.skip("built without the command")
    return PROGRAM


def pages(pattern="man[1-8]/*.[1-8]", root=MAN):
    return sorted(root.glob(pattern))


def findings(paths):
    """What mandoc has to say; of pages that are not installed yet it does not know."""
    if shutil.which("mandoc") is None:
        tap.skip("mandoc is not installed")
    ran = subprocess.run(["mandoc", "-Tlint", "-Wstyle", *paths], capture_output=True, text=True, check=False)
    return [line for line in (ran.stdout + ran.stderr).splitlines()
            if "referenced manual not found" not in line and "mandoc.db" not in line and line.strip()]


@tap.test(timeout=60)
def mandoc_finds_nothing():
    tap.check(len(pages()) > 50, "pages")
    tap.equal(findings(pages()), [], "mandoc -Tlint -Wstyle")


@tap.test
def a_planted_mistake_is_found():
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "planted.1")
        path.write_text((MAN / "man1" / "bellwether.1").read_text() + ".Bl -tag\n.Xx\n")
        tap.check(len(findings([path])) >= 2, "found")


@tap.test(timeout=60)
def pages_are_what_is_made():
    with tempfile.TemporaryDirectory() as temporary:
        made = manual.write(house.SOURCE, program(), temporary)
        stale = [name for name, text in made.items() if not (MAN / name).exists() or (MAN / name).read_text() != text]
        tap.equal(stale, [], "run `make manual`")
        for name in ("man3/links", "pages.mk"):
            tap.equal((MAN / name).read_text(), pathlib.Path(temporary, name).read_text(), name + ": run `make manual`")
        others = [str(path.relative_to(MAN)) for path in pages() if str(path.relative_to(MAN)) not in made]
        tap.equal(others, ["man7/bellwether.7"], "pages that nothing makes")


@tap.test
def all_pages_are_installed():
    listed = set(re.findall(r"man/man\S+\.[1-8]\b", (MAN / "pages.mk").read_text()))
    tap.equal(sorted(listed ^ {str(path.relative_to(house.SOURCE)) for path in pages()}), [], "man/pages.mk")


def options_of(text):
    """Long options that a command takes, by its own help. Not the parser that makes the pages."""
    return set(re.findall(r"^\s{1,6}(?:-\w, )?--([a-z][a-z-]*)", text, re.MULTILINE))


def options_in(page):
    return set(re.findall(r"^\.It (?:Fl \w , )?Fl Fl (\S+)", page.read_text(), re.MULTILINE))


@tap.test(timeout=60)
def each_option_stands_in_its_page():
    names = [name for name, _ in command_pages.commands(program())]
    tap.check(len(names) > 35, names)
    for name in names:
        page = MAN / "man1" / f"bellwether-{name}.1"
        tap.check(page.exists(), f"{page.name} is missing: run `make manual`")
        text = subprocess.run([PROGRAM, name, "--help"], check=True, capture_output=True, text=True).stdout
        own = options_of(text.partition("\nExamples:")[0])
        tap.check("help" in own, f"{name}: options are found")
        tap.equal(sorted(options_in(page) ^ own), [], f"{name}: options of the help and of the page")
    listed = re.findall(r"^\.It Xr bellwether-(\S+) 1", (MAN / "man1/bellwether.1").read_text(), re.MULTILINE)
    tap.equal(listed, names, "bellwether(1)")


@tap.test
def the_configuration_page_has_each_option():
    agent = options_of(subprocess.run([program(), "agent", "--help"], check=True, capture_output=True, text=True).stdout)
    page = set(re.findall(r"^\.It Cm (\S+) =", (MAN / "man5/bellwether.conf.5").read_text(), re.MULTILINE))
    tap.equal(sorted(agent ^ page), ["check-config", "config", "help"], "only these cannot stand in the file")


@tap.test
def headers_pages_and_symbols_agree():
    declared = {item.name: item for header in headers.public(house.SOURCE) for item in header.functions}
    mapped = set(re.findall(r"^\s+(bw_\w+);", (house.SOURCE / "libbellwether.map").read_text(), re.MULTILINE))
    tap.equal(sorted(set(declared) ^ mapped), ["bw_config_init", "bw_scope_config_init"], "all but the inline ones are exported")
    text = {path.stem: path.read_text() for path in pages("man3/*.3")}
    for name, page in library_pages.links(house.SOURCE):
        for macro in (f"\n.Nm {name}", f"\n.Fo {name}\n", f"\n.It Fn {name}\n"):
            tap.check(macro in text[page] + "\n", f"{page}(3): no {macro.strip()}")
        tap.check(len(declared[name].doc) > 8, f"{name}: its header says nothing")
    named = {name for page in text.values() for name in re.findall(r"^\.Fo (\w+)$", page, re.MULTILINE)}
    tap.equal(sorted(named ^ set(declared)), [], "functions in pages and headers")


@tap.test
def references_lead_to_pages():
    known = {f"{path.stem} {path.suffix[1:]}" for path in pages()} | {"ev 3"}
    for path in pages():
        for name in re.findall(r"^\.(?:Pq |It )?Xr (\S+ \d)", path.read_text(), re.MULTILINE):
            tap.check(name in known, f"{path.name}: no {name}")


@tap.test
def help_of_all_forms_is_understood():
    found = command_pages.Help("""Usage: bellwether x [OPTION...] A
  or:  bellwether x B
Does this.

 One group:
      --long-name=VALUE[:MORE] Close by
      --very-long-name=VALUE[:AND-MORE-OF-IT]
                             on the next line
  -q, --quiet[=WHEN]         Less
  -h, --help                 Show this

More.
  literal --not-an-option

Examples:
  bellwether x
      why
""")
    tap.equal(found.usages, ["x [OPTION...] A", "x B"], "usages")
    tap.equal([row[:3] for _, rows in found.groups for row in rows],
              [[None, "long-name", "=VALUE[:MORE]"], [None, "very-long-name", "=VALUE[:AND-MORE-OF-IT]"], ["q", "quiet", "[=WHEN]"],
               ["h", "help", ""]], "options")
    tap.equal(found.groups[1][1][1][3].strip(), "on the next line", "text below its option")
    tap.equal(("literal" in "".join(found.tail), "--not-an-option" in str(found.groups)), (True, False), "text behind")


if __name__ == "__main__":
    tap.main()
