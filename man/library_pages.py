"""The library's manual pages, from the public headers: one for each header, with each of its functions and structs."""

import re

import headers
import mdoc

TITLES = {"config": "what a node is told when it is made", "discover": "members on one LAN find each other", "error": "errors",
          "event": "what a node tells its host", "guard": "protects a resource from leaders of the past", "keys": "the cluster's key ring",
          "loop": "a node's libev host", "node": "a cluster member without any I/O", "scope": "who leads, and why nobody else does",
          "types": "time, identity, address, memory"}


def tags(doc):
    """The text, the parameters and the result of a doc comment."""
    parts = re.split(r"\s*@(param|return)\s+", doc)
    parameters, result = [], ""
    for kind, text in zip(parts[1::2], parts[2::2]):
        if kind == "return":
            result = text
        else:
            names, rest = re.match(r"((?:\w+, )*\w+)\s*(.*)", text, re.DOTALL).groups()
            parameters.append((names, rest.rstrip(" ;")))
    return parts[0], parameters, result


def prose(text):
    """Paragraphs; what is indented by three spaces or more is code."""
    made = []
    for block in re.split(r"\n[ \t]*\n", text):
        if not block.strip():
            continue
        if re.match(r" {3,}", block):
            made += mdoc.literal([row.removeprefix("    ") for row in block.strip("\n").splitlines()])
        else:
            made += [".Pp", *mdoc.paragraph(block)]
    return made[1:] if made[:1] == [".Pp"] else made


def function(item):
    text, parameters, result = tags(item.doc)
    made = [f".It Fn {item.name}", *(mdoc.paragraph(text) or mdoc.paragraph(result))]
    if parameters:
        made += [".Bl -tag -width Ds -compact",
                 *[row for name, what in parameters for row in (".It " + " , ".join(f"Fa {one}" for one in name.split(", ")), *mdoc.paragraph(what))],
                 ".El"]
    if result and text:
        made += [".Pp", *mdoc.paragraph("Returns " + result)]
    return made


def prototype(item):
    arguments = [f".Fa \"{mdoc.escape(argument)}\"" for argument in item.arguments] or [".Fa void"]
    return [f".Ft {mdoc.escape(item.result)}", f".Fo {item.name}", *arguments, ".Fc"]


def struct(item):
    made = [".It Vt struct " + item.name, *mdoc.paragraph(item.doc)]
    if item.fields:
        made += [".Bl -tag -width Ds -compact"]
        for _, declaration, doc in item.fields:
            declaration = re.sub(r"\[BW_PARAMS_ROOM - .*", "[]", declaration)
            made += [f".It Va \"{mdoc.escape(declaration)}\"", *mdoc.paragraph(doc)]
        made += [".El"]
    return made


def lists(header):
    """What the X-macros list: a word or name, and its sentence."""
    for match in re.finditer(r"(?:/\*\*(?P<doc>(?:[^*]|\*(?!/))*)\*/\n)?^#define (BW_[A-Z_]+)\(X\)(?P<body>(?:[^\n]*\\\n)*[^\n]*)", header.text,
                             re.MULTILINE):
        rows = re.findall(r"X\((\w+),((?:[^()\"]|\"[^\"]*\"|\([^)]*\))*)\)", match["body"].replace("\\\n", " "))
        made = [f".It Dv {match[2]}", *mdoc.paragraph(headers.words(match["doc"] or "Its values:")), ".Bl -tag -width Ds -compact"]
        for name, rest in rows:
            made += [f".It Dv {name}", *mdoc.paragraph(" ".join(re.findall(r"\"([^\"]*)\"", rest)) or "-")]
        yield [*made, ".El"]


def tagged(title, entries):
    return [".Ss " + title, ".Bl -tag -width Ds", *[row for entry in entries for row in entry], ".El"] if entries else []


def header_page(header, others):
    name = header.path.stem
    title, _, text = header.doc.partition("\n")
    body = [".Sh LIBRARY", "Membership and leader election (libbellwether, \\-lbellwether)",
            ".Sh SYNOPSIS", f".In bellwether/{header.path.name}", *[row for item in header.functions for row in prototype(item)],
            ".Sh DESCRIPTION", *prose(title + "\n" + text), *tagged("Functions", [function(item) for item in header.functions]),
            *tagged("Structs", [struct(item) for item in header.structs]), *tagged("Lists", list(lists(header))),
            ".Sh SEE ALSO", *[f".Xr bw_{other} 3 ," for other in others if other != name], ".Xr libbellwether 3"]
    made = mdoc.page(f"bw_{name}", "3", TITLES[name], body)
    names = [f".Nm {item.name} ," for item in header.functions]
    return made.replace(f".Nm bw_{name}\n", "\n".join([f".Nm bw_{name}" + (" ," if names else ""), *names]).removesuffix(" ,") + "\n", 1)


def library_page(found, text):
    rows = [row for header in found for row in (f".It Xr bw_{header.path.stem} 3", *mdoc.paragraph(TITLES[header.path.stem].capitalize() + ": " + (
        ", ".join(item.name for item in header.functions) or "types alone") + "."))]
    return text.replace(".\\\" PAGES\n", "\n".join([".Bl -tag -width Ds", *rows, ".El", ""]))


def pages(source):
    found = headers.public(source)
    with open(f"{source}/man/text/libbellwether.3", encoding="utf-8") as file:
        yield "man3/libbellwether.3", library_page(found, file.read())
    for header in found:
        yield f"man3/bw_{header.path.stem}.3", header_page(header, [other.path.stem for other in found])


def links(source):
    """Pairs of a function and its page: each function's name leads there."""
    return [(item.name, f"bw_{header.path.stem}") for header in headers.public(source) for item in header.functions]
