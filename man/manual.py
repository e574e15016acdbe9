#!/usr/bin/env python3
"""Writes the manual pages that are made: manual.py SOURCE PROGRAM OUTPUT. Those of the command from what PROGRAM says of itself, those of
the library from the public headers. `make manual` calls it; what it writes is in the tree, so that nobody needs it to build."""

import pathlib
import sys

import command_pages
import library_pages


def write(source, program, output):
    made = dict([*command_pages.pages(program, str(pathlib.Path(source, "man"))), *library_pages.pages(source)])
    for name, text in made.items():
        path = pathlib.Path(output, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    listed = {"library_manuals": ["man3/*.3"], "command_manuals": ["man1/*.1", "man5/*.5", "man7/*.7"]}
    made_list = "# Made by `make manual`.\n"
    for name, patterns in listed.items():
        paths = {str(path.relative_to(output)) for pattern in patterns for path in pathlib.Path(output).glob(pattern)}
        paths |= {"man7/bellwether.7"} if name == "command_manuals" else set()
        made_list += f"{name} = \\\n" + " \\\n".join(f"\tman/{path}" for path in sorted(paths)) + "\n"
    pathlib.Path(output, "pages.mk").write_text(made_list, encoding="utf-8")
    links = "".join(f"{page} {name}\n" for name, page in library_pages.links(source))
    pathlib.Path(output, "man3", "links").write_text(links, encoding="utf-8")
    return made


if __name__ == "__main__":
    write(*sys.argv[1:])
