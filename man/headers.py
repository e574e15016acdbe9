"""Reads the public headers: functions, structs, enums and constants, each with the comment above it. They are written in one
form (clang-format's), and this knows that form, not C."""

import dataclasses
import pathlib
import re

DOC = r"(?:/\*\*(?P<doc>(?:[^*]|\*(?!/))*)\*/\n)?"
FUNCTION = re.compile(DOC + r"^(?P<result>(?:const )?(?:struct |enum )?\w+ \**)(?P<name>bw_\w+)\((?P<arguments>[^;{]*)\);",
                      re.MULTILINE)
INLINE = re.compile(DOC + r"^static inline (?P<result>(?:const )?(?:struct |enum )?\w+ \**)(?P<name>bw_\w+)"
                    r"\((?P<arguments>[^;{]*)\) \{", re.MULTILINE)
STRUCT = re.compile(DOC + r"^struct (?P<name>bw_\w+) \{\n(?P<body>.*?)^\};", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"(?P<declaration>[^;{}]+);[ \t]*(?:/\*\*<(?P<doc>(?:[^*]|\*(?!/))*)\*/)?")


@dataclasses.dataclass
class Item:
    name: str
    doc: str
    at: int
    result: str = ""
    arguments: tuple = ()
    fields: tuple = ()
    inline: bool = False


def words(comment):
    """A comment's text without its stars, on one line for each paragraph or tag."""
    text = re.sub(r"\n[ \t]*\* ?", "\n", comment or "")
    return re.sub(r"[ \t]*\n[ \t]*(?![ \t\n@])", " ", text).strip()


def fields(body):
    body = re.sub(r"^#[^\n]*\n", "", body, flags=re.MULTILINE)
    for match in FIELD.finditer(re.sub(r"/\*(?!\*<).*?\*/", "", body, flags=re.DOTALL)):
        declaration = " ".join(match["declaration"].split())
        declaration = re.sub(r"^BW_PARAMS\(\w+\) ", "", declaration)  # struct bw_params has its fields from the list
        name = re.search(r"\(\*(\w+)\)\(|(\w+)(?:\[[^]]*\])*$", re.sub(r"\(0u[^]]*", "", declaration))
        yield name[1] or name[2], declaration, words(match["doc"])


def listed(text, macro):
    """The names in a list of X(NAME, ...)."""
    found = re.search(rf"^#define {macro}\(X\)((?:[^\n]*\\\n)*[^\n]*)", text, re.MULTILINE)
    return re.findall(r"\bX\((\w+),", found[1]) if found else []


def split(arguments):
    return () if arguments.strip() == "void" else tuple(" ".join(a.split()) for a in arguments.split(","))


class Header:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.text = self.path.read_text(encoding="utf-8")
        opening = re.search(r"/\*\* @file \S+\n(.*?)\*/", self.text, re.DOTALL)
        self.doc = re.sub(r"(?m)^[ \t]*\* ? ?", "", opening[1]).strip()
        self.functions = sorted((Item(m["name"], words(m["doc"]), m.start("name"), m["result"].strip(), split(m["arguments"]), (),
                                      pattern is INLINE)
                                 for pattern in (FUNCTION, INLINE) for m in pattern.finditer(self.text)), key=lambda f: f.at)
        self.structs = [Item(m["name"], words(m["doc"]), m.start("name"), fields=tuple(fields(m["body"])))
                        for m in STRUCT.finditer(self.text)]


def public(directory):
    """All public headers but the one that includes them all."""
    paths = sorted(pathlib.Path(directory, "include", "bellwether").glob("*.h"))
    return [Header(path) for path in paths if path.name != "bellwether.h"]
