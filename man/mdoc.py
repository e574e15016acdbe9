"""Text to mdoc: what escapes it needs, where its lines break."""

import re
import textwrap

MONTH = ".Dd November 29, 2026"  # of the last change that readers should notice


def escape(text):
    return text.replace("\\", "\\e")


def line(text):
    """One line of text, which is no macro whatever it begins with."""
    return ("\\&" if text[:1] in (".", "'") else "") + text


def paragraph(text):
    """Running text: a line for each sentence at least, as the language wants it."""
    lines = []
    for sentence in re.split(r"(?<=[.!?])\s+|(?<=[.!?]\))\s+", escape(" ".join(text.split()))):
        lines += textwrap.wrap(sentence, 76, break_long_words=False, break_on_hyphens=False)
    return [line(part) for part in lines]


def literal(lines):
    return [".Bd -literal -offset indent", *[line(escape(part.rstrip())) for part in lines], ".Ed"]


def words(text):
    """Arguments of a macro, none of which is taken for a macro or punctuation itself."""
    return " ".join("\\&" + escape(word).replace('"', "\\(dq") + "\\&" * word.endswith((".", "]", ")", "?", "!", ":", ",", ";"))
                    for word in text.split())


def page(name, section, what, body):
    return "\n".join([f'.\\" Made by `make manual`; change {source(name, section)} instead.', MONTH, f".Dt {name.upper()} {section}", ".Os",
                      ".Sh NAME", f".Nm {name}", f".Nd {what}", *body, ""])


def source(name, section):
    return {"1": "the command's help or man/text", "3": "the public headers", "5": "man/text or the agent's help"}[section]


def section(title, lines):
    """A section, if there is anything for it."""
    return [f".Sh {title}", *lines] if lines else []
