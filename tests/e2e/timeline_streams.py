"""What the timeline's tests share: event streams that are made up, and what a page holds."""

import json
import pathlib
import re
import tempfile

import tap
from cluster import run

HOSTILE = '</script><script>alert(1)</script><!-- & \u2028 "\\'


def folder():
    directory = tempfile.TemporaryDirectory(prefix="bw-timeline-")
    tap.cleanup(directory.cleanup)
    return pathlib.Path(directory.name)


def at(ms):
    return f"2026-01-02T{3 + ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}Z"


class Stream:
    """The events of one member, numbered."""

    def __init__(self):
        self.lines = []

    def add(self, ms, kind, seq=None, **fields):
        self.lines.append({"seq": seq or len(self.lines) + 1, "time": at(ms), "type": kind, **fields})
        return self

    def member(self, ms, status, name, identity="01", **fields):
        more = {"by": "", "own": False} if status in ("suspect", "dead") else {}
        return self.add(ms, "member-" + status, name=name, id=identity * 16, addr="127.0.0.1:1", incarnation=1,
                        **{**more, **fields})

    def leader(self, ms, kind, leader, term, **fields):
        return self.add(ms, kind, scope="default", leader=leader, leader_id="02" * 16, term=term, token="0" * 32,
                        **fields)

    def text(self):
        return "".join(json.dumps(line) + "\n" for line in self.lines)

    def write(self, path):
        path.write_text(self.text())
        return path


def page_of(where, *words):
    result = run("timeline", *words, "-o", where / "page.html")
    tap.equal(result.returncode, 0, result.stderr)
    return (where / "page.html").read_text(), result.stderr


def data_of(page):
    parts = re.findall(r'<script type="application/json" id="data">\n(.*?)</script>', page, re.DOTALL)
    tap.equal(len(parts), 1, "elements with data")
    return json.loads(parts[0])


def items_of(data):
    """As (ms, kind, who, whom, ...) with names."""
    name = lambda number: data["members"][number] if number >= 0 else None
    now, found = 0, []
    for i, delta in enumerate(data["at"]):
        now += delta
        kind = data["kinds"][data["kind"][i]]
        more = ()
        if kind == "status":
            more = (name(data["a"][i]), data["b"][i], name(data["c"][i]), data["d"][i])
        elif kind in ("leader", "reign"):
            more = (name(data["a"][i]), data["c"][i])
        found.append((now // 1000, kind, name(data["who"][i]), *more))
    return found
