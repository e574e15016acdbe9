"""The command's manual pages, from what it says of itself: `bellwether help COMMAND`, and man/text/COMMAND for what that leaves out."""

import os
import re
import subprocess

import mdoc

OPTION = re.compile(r"^ {2,6}(?:-(?P<short>\w)(?:, )?)?(?:--(?P<long>[\w-]+)(?P<value>\S*))?(?: +(?P<doc>.*))?$")
SECTIONS = ("DESCRIPTION", "ENVIRONMENT", "FILES", "SEE ALSO")


def ask(program, *words):
    """What it prints, one paragraph on one line."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BELLWETHER_", "XDG_"))}
    environment |= {"ARGP_HELP_FMT": "rmargin=9000", "LC_ALL": "C"}
    return subprocess.run([program, *words], check=True, capture_output=True, text=True, env=environment).stdout


def commands(program):
    """Pairs of a command and what it is for."""
    return re.findall(r"^  ([a-z-]+) +(\S.*)$", ask(program, "help").partition("\n\n")[2].partition("\n\n")[0], re.MULTILINE)


class Help:
    """The parts of a command's help."""

    def __init__(self, text):
        self.usages, self.head, self.groups, self.tail, self.examples = [], [], [("", [])], [], []
        part = "usage"
        lines = text.splitlines()
        for number, line in enumerate(lines):
            usage = re.match(r"(?:Usage:|  or: ) bellwether (.*)", line)
            option = OPTION.match(line)
            if part == "usage" and usage:
                self.usages.append(usage[1])
            elif line == "Examples:":
                part = "examples"
            elif part == "examples":
                self.examples.append(line)
            elif part in ("usage", "options") and option and (option["long"] or option["short"]):
                part = "options"
                self.groups[-1][1].append([option["short"], option["long"], option["value"] or "", option["doc"] or ""])
            elif part == "options" and line.startswith(" " * 20):
                self.groups[-1][1][-1][3] += " " + line.strip()
            elif part in ("usage", "options") and re.match(r"^ \S.*:$", line):
                part = "options"
                self.groups.append((line.strip(), []))
            elif part == "usage":
                self.head.append(line)
            elif line.strip() or part == "tail":
                part = "tail" if line.strip() else part
                self.tail.append(line)
        if not self.examples and not self.usages:
            raise ValueError(f"no help: {lines[:3]}")


def blocks(lines):
    """Paragraphs of text; what is indented stays as it is."""
    made = []
    for block in re.split(r"\n{2,}", "\n".join(lines).strip("\n")):
        rows = block.splitlines()
        if any(row.startswith("  ") for row in rows):
            while rows and not rows[0].startswith("  "):
                made += [".Pp", *mdoc.paragraph(rows.pop(0))]
            shown = [row for row in rows if row.startswith("  ")]
            rest = rows[len(shown):] if rows[: len(shown)] == shown else []
            made += mdoc.literal([row[2:] for row in (rows if not rest else shown)])
            rows = rest
        for row in rows if not any(row.startswith("  ") for row in rows) else []:
            made += [".Pp", *mdoc.paragraph(row)]
    made = [row for at, row in enumerate(made) if row != ".Pp" or not (made + [""])[at + 1].startswith(".Bd")]
    return made[1:] if made[:1] == [".Pp"] else made


def after(lines):
    """The paragraphs behind the options."""
    made = blocks(lines)
    return [".Pp", *made] if made and not made[0].startswith(".Bd") else made


def value_of(text):
    """"=FILE" or "[=WHEN]" without what surrounds it."""
    return text[2:-1] if text.startswith("[=") else text.removeprefix("=")


def option(short, long, value, doc):
    names = [f"Fl {short}"] if short else []
    if long:
        optional, shown = value.startswith("[="), value_of(value)
        name = f"Fl Fl {long}"
        if value:
            name += f" Ns Op Ns = Ns Ar {mdoc.words(shown)}" if optional else f" Ns = Ns Ar {mdoc.words(shown)}"
        names.append(name)
    return [".It " + " , ".join(names), *mdoc.paragraph(doc)]


def options(groups):
    made = []
    for title, rows in groups:
        if rows:
            made += ([".Pp", *mdoc.paragraph(title)] if title else [".Pp", "The options are as follows:"] if not made else [".Pp", "And:"])
            made += [".Bl -tag -width Ds", *[row for entry in rows for row in option(*entry)], ".El"]
    return made


def synopsis(usages):
    made = []
    for usage in usages:
        words = usage.split(" ", 1)
        made.append(f".Nm bellwether {mdoc.words(words[0])}" + (f" {mdoc.words(words[1])}" if len(words) > 1 else ""))
    return made


def examples(lines):
    made, rows = [], [line for line in lines if line.strip()]
    for at, row in enumerate(rows):
        if row.startswith("      "):
            continue
        follows = rows[at + 1].strip() if at + 1 < len(rows) and rows[at + 1].startswith("      ") else None
        made += [".Pp"] if made and follows else []
        first = (follows or "").split(" ")[0]
        made += mdoc.paragraph((follows.capitalize()[:1] + follows[1:] if first.isalpha() else follows) + ":") if follows else []
        made += mdoc.literal([row[2:]])
    return made


def extra(directory, name):
    """Sections written by hand: man/text/NAME, in mdoc, each begun with its .Sh."""
    path = os.path.join(directory, "text", name)
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^\.Sh (.*)\n", file.read(), flags=re.MULTILINE)
    found = {parts[i]: parts[i + 1].rstrip("\n").split("\n") for i in range(1, len(parts), 2)}
    if set(found) - set(SECTIONS):
        raise ValueError(f"{path}: {sorted(found)}: only {SECTIONS}")
    return found


EXIT = ["0: done; 1: the answer is no, nothing is called so, or it failed; 2: wrong usage; 3: no agent at the control socket;",
        "4: timed out; 5: the agent refused, and said why."]


def exit_codes(lines):
    """Takes out what the text says of exit codes."""
    rest, found = [], []
    for line in lines:
        at = -1 if line.startswith(" ") else line.find("Exit code")
        rest.append(line if at < 0 else line[:at].rstrip())
        if at >= 0:
            text = re.sub(r"^Exit codes?: ", "", line[at:])
            found.append(text[:1].upper() + text[1:])
    return rest, " ".join(found)


def command_page(program, directory, name, what):
    parts = Help(ask(program, name, "--help"))
    more = extra(directory, name)
    tail, exits = exit_codes(parts.tail)
    body = [*mdoc.section("SYNOPSIS", synopsis(parts.usages)),
            *mdoc.section("DESCRIPTION", [*blocks(parts.head), *more.get("DESCRIPTION", []), *options(parts.groups),
                                          *after(tail)]),
            *mdoc.section("ENVIRONMENT", more.get("ENVIRONMENT", [])), *mdoc.section("FILES", more.get("FILES", [])),
            *mdoc.section("EXIT STATUS", mdoc.paragraph(exits or " ".join(EXIT))),
            *mdoc.section("EXAMPLES", examples(parts.examples)),
            *mdoc.section("SEE ALSO", more.get("SEE ALSO", [".Xr bellwether 1 ,", ".Xr bellwether 7"]))]
    return mdoc.page(f"bellwether-{name}", "1", what, body)


def main_page(program, directory):
    parts, more = ask(program, "help"), extra(directory, "bellwether")
    listed = [row for name, what in commands(program)
              for row in (f".It Xr bellwether-{name} 1", *mdoc.paragraph(what[:1].upper() + what[1:] + "."))]
    exits = re.search(r"Exit codes: (.*)", parts)[1]
    body = [*mdoc.section("SYNOPSIS", [".Nm bellwether Ar command Op Ar option ..."]),
            *mdoc.section("DESCRIPTION", [*more["DESCRIPTION"], ".Pp", "The commands are as follows:", ".Bl -tag -width Ds", *listed, ".El"]),
            *mdoc.section("ENVIRONMENT", more["ENVIRONMENT"]), *mdoc.section("FILES", more["FILES"]),
            *mdoc.section("EXIT STATUS", mdoc.paragraph(exits)),
            *mdoc.section("EXAMPLES", ["To see it at work:", *mdoc.literal(["bellwether demo"])]),
            *mdoc.section("SEE ALSO", more["SEE ALSO"])]
    return mdoc.page("bellwether", "1", "membership and leader election for a cluster", body)


def configuration_page(program, directory):
    parts, more = Help(ask(program, "agent", "--help")), extra(directory, "bellwether.conf")
    rows = [entry for _, group in parts.groups for entry in group if entry[1] not in ("config", "check-config", "help")]
    keys = [row for _, long, value, doc in rows
            for row in (f".It Cm {long} = Ar {mdoc.words(value_of(value) or 'yes|no')}",
                        *mdoc.paragraph(doc))]
    table = ask(program, "help", "parameters").splitlines()
    body = [*mdoc.section("DESCRIPTION", [*more["DESCRIPTION"], ".Pp", "The options are as follows:", ".Bl -tag -width Ds", *keys, ".El",
                                          ".Ss Parameters", "For", ".Cm set ,", "in the order name, range, and value in the profiles:",
                                          *mdoc.literal(table)]),
            *mdoc.section("FILES", more["FILES"]), *mdoc.section("SEE ALSO", more["SEE ALSO"])]
    return mdoc.page("bellwether.conf", "5", "configuration of a bellwether agent", body)


def pages(program, directory):
    """Pairs of a file's name below man/ and its text."""
    yield "man1/bellwether.1", main_page(program, directory)
    yield "man5/bellwether.conf.5", configuration_page(program, directory)
    for name, what in commands(program):
        yield f"man1/bellwether-{name}.1", command_page(program, directory, name, what)
