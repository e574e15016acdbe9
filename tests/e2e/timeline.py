"""bellwether timeline: the page's data from event streams, without a browser (tests/browser has one)."""

import json
import os
import pathlib
import re

import tap
from cluster import Cluster, run
from timeline_streams import HOSTILE, Stream, at, data_of, folder, items_of, page_of

@tap.test
def streams_are_merged_by_their_clocks():
    where = folder()
    first = Stream().member(0, "alive", "n2").leader(100, "self-elected", "n1", 7).member(
        900, "suspect", "n2", by="n1", own=True).member(1900, "dead", "n2", by="n1", own=True)
    second = Stream().member(50, "alive", "n1").leader(120, "leader-elected", "n1", 7)
    page, _ = page_of(where, first.write(where / "a.jsonl"), second.write(where / "n2.log"))
    data = data_of(page)
    tap.equal(sorted(data["members"]), ["n1", "n2"], "the name from the stream, and from the file's name")
    tap.equal(items_of(data), [
        (0, "up", "n1"), (0, "status", "n1", "n2", 0, None, 0), (50, "up", "n2"), (50, "status", "n2", "n1", 0, None, 0),
        (100, "reign", "n1", "n1", 7), (120, "leader", "n2", "n1", 7),
        (900, "status", "n1", "n2", 1, "n1", 1), (900, "down", "n2"), (1900, "status", "n1", "n2", 2, "n1", 1)])
    tap.equal((data["source"], data["end"]), ("streams", 1900000))
    tap.check(at(0).startswith("2026-01-02T03:00:00") and data["epoch"] == 1767322800000, f"epoch {data['epoch']}")
    tap.check(any("n2 has no event after" in note for note in data["notes"]), f"{data['notes']}")
    tap.check("a.jsonl" in data["command"] and data["command"].startswith("bellwether timeline "), data["command"])


@tap.test
def the_page_asks_for_nothing_outside():
    where = folder()
    page, _ = page_of(where, Stream().member(0, "alive", "n2").write(where / "n1.jsonl"))
    tap.equal(re.findall(r"https?://|//[a-z]+\.|<link|<img|src=|@import|url\(|fetch\(|XMLHttp", page), [], "outside")
    tap.check("default-src 'none'" in page, "the policy")


@tap.test
def the_page_holds_its_sources_unchanged():
    source = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
    where = folder()
    page, _ = page_of(where, Stream().member(0, "alive", "n2").write(where / "n1.jsonl"))
    for name in ("style.css", "model.js", "draw.js", "panel.js", "main.js"):
        tap.check((source / "tools" / "timeline" / name).read_text() in page, name)


@tap.test
def hostile_names_stay_data():
    where = folder()
    stream = Stream().member(0, "alive", HOSTILE).leader(1, "leader-elected", HOSTILE, 1).member(
        2, "suspect", HOSTILE, by=HOSTILE)
    path = stream.write(where / "x'><b>.jsonl")
    page, _ = page_of(where, path, "--title", HOSTILE)
    tap.equal(page.count("</script>"), 2, "the page's own elements end, and nothing else does")
    tap.check("alert(1)</" not in page and "<!-- &" not in page and "'><b>" not in page, "it is escaped")
    data = data_of(page)
    tap.check(HOSTILE in data["members"], f"it is all there: {data['members']}")
    tap.check("x'><b>" in data["members"] and data["title"] == HOSTILE, "names of files and title too")


@tap.test
def broken_lines_are_named_with_file_and_line():
    good = Stream().member(0, "alive", "n2").text()
    cases = [
        (good + "{broken\n" + good, ":2: not JSON"), (good + "[1]\n", ":2: not a JSON object"),
        (good + '"x"\n', ":2: not a JSON object"), (good + "{}\n", ":2: the event has no 'type'"),
        (good + '{"type":"converged","seq":2}\n', ":2: the event has no 'time'"),
        (good + '{"type":"converged","seq":2,"time":"yesterday"}\n', ":2: the event has no 'time'"),
        (good + '{"type":"converged","time":"2026-01-02T03:04:05Z"}\n', ":2: the event has no 'seq'"),
        (good + '{"type":"member-dead","seq":2,"time":"2026-01-02T03:04:05Z","name":"n2"}\n', "no 'by'"),
        (good + '{"type":"member-alive","seq":2,"time":"2026-01-02T03:04:05Z"}\n', ":2: the event has no 'name'"),
        (good + '{"type":"leader-lost","seq":2,"time":"2026-01-02T03:04:05Z","leader":"n2"}\n', "no 'scope'"),
        (good + '{"a":"' + "x" * 65536 + '"}\n', ":2: the line is too long"), (good + "\0\n" + good, ":2: "),
        ("", "there is no event in"), ("\n\n", "there is no event in"),
    ]
    where = folder()
    for text, part in cases:
        (where / "n1.jsonl").write_text(text)
        result = run("timeline", where / "n1.jsonl", "-o", where / "page.html")
        tap.equal(result.returncode, 1, part)
        tap.check("n1.jsonl" in result.stderr and part in result.stderr, f"{part!r} in {result.stderr!r}")
        tap.check(not (where / "page.html").exists(), "no page")


@tap.test
def mistakes_on_the_command_line_are_named():
    where = folder()
    path = Stream().member(0, "alive", "n2").write(where / "n1.jsonl")
    same = Stream().member(0, "alive", "n2").write(where / "n1.log")
    other = (where / "two.jsonl")
    other.write_text(Stream().leader(0, "self-elected", "a", 1).leader(1, "self-elected", "b", 2).text())
    for words, code, part in [
        ([], 2, "FILE"), ([path, "--shift", "n1"], 2, "NAME=SECONDS"), ([path, "--shift", "n1=x"], 2, "NAME=SECONDS"),
        ([path, "--shift", "n9=1"], 2, "n9=1"), ([where / "none"], 1, "No such file"), ([where], 1, "directory"),
        ([path, same], 1, "both the stream of n1"), ([other], 1, "two.jsonl:2: this is the stream of another"),
        ([path, "-o", where / "none" / "page.html"], 1, "page.html"), ([path, "-o"], 2, "-o FILE"), ([path, "--titel", "x"], 2, "--title"),
    ]:
        result = run("timeline", *words)
        tap.equal(result.returncode, code, f"{words}: {result.stderr}")
        tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


@tap.test
def what_cannot_be_known_is_said():
    where = folder()
    first = Stream().leader(1000, "self-elected", "n1", 7).member(1100, "alive", "n2")
    late = Stream().leader(400, "leader-elected", "n1", 7)
    late.add(500, "converged", seq=9).add(100, "diverged", seq=10).add(600, "converged", seq=11).add(700, "novelty", seq=12)
    late.lines[0]["seq"] = 5
    path = late.write(where / "n2.jsonl")
    path.write_text(path.read_text() + json.dumps(late.lines[3]) + '\n{"seq":13,"time":"20')
    page, said = page_of(where, first.write(where / "n1.jsonl"), path)
    data = data_of(page)
    for part in ("n2 begins in the middle", "n2: 3 events are missing", "set back by 0.400 s", "of a type that this version",
                 "are there twice", "is cut; left out", "The clock of n2 is at least 600 ms behind that of n1", "--shift n2=0.600",
                 "own clock said"):
        tap.check(any(part in note for note in data["notes"]), f"{part!r} in {data['notes']}")
        tap.check(part in said, f"{part!r} in {said!r}")
    page, said = page_of(where, where / "n1.jsonl", path, "--shift", "n2=0.6")
    tap.check("behind that of" not in said and "+0.600 s" in said, said)
    tap.equal([item[0] for item in items_of(data_of(page)) if item[1] in ("reign", "leader")], [0, 0], "at one time")


@tap.test
def clocks_that_agree_are_not_accused():
    where = folder()
    short = Stream().leader(1000, "self-elected", "n1", 7)
    early = Stream().leader(951, "leader-elected", "n1", 7).write(where / "n2.jsonl")
    said = page_of(where, short.write(where / "n1.jsonl"), early)[1]
    tap.check("behind" not in said, f"49 ms say nothing: {said}")
    early = Stream().leader(950, "leader-elected", "n1", 7).write(where / "n2.jsonl")
    said = page_of(where, where / "n1.jsonl", early)[1]
    tap.check("The clock of n2 is at least 50 ms behind that of n1" in said, said)
    both = Stream().leader(950, "leader-elected", "n1", 7).leader(3000, "self-elected", "n2", 8)
    short.leader(2990, "leader-elected", "n2", 8)
    said = page_of(where, short.write(where / "n1.jsonl"), both.write(where / "n2.jsonl"))[1]
    tap.check("behind" not in said, f"neither, if each would be behind the other: {said}")


@tap.test
def what_is_ready_late_has_no_clock_that_was_set_back():
    where = folder()
    ready = {"time": at(500), "type": "ready", "name": "n1"}
    stream = Stream().member(497, "alive", "n2").add(498, "converged")
    path = where / "n1.jsonl"
    path.write_text(json.dumps(ready) + "\n" + stream.text())
    data = data_of(page_of(where, path)[0])
    tap.check(not any("set back" in note for note in data["notes"]), f"{data['notes']}")
    path.write_text(json.dumps(ready) + "\n" + stream.text() + json.dumps({**ready, "time": at(900)}) + "\n" +
                    Stream().member(400, "alive", "n2").text())
    data = data_of(page_of(where, path)[0])
    tap.check(any("set back by 0.098 s" in note for note in data["notes"]), f"by what events say: {data['notes']}")


@tap.test
def every_type_of_event_is_known_and_freezes_are_marks():
    where = folder()
    stream = Stream().add(0, "scope-frozen", scope="job", by="n2", left_ms=None).add(10, "scope-thawed", scope="job", by="").add(
        20, "scope-thawed", scope="job", by="n3")
    stream.add(25, "member-twice", name="n2", id="02" * 16, addr="127.0.0.1:2", own=False)
    for kind in ("keys-changed", "stranger", "user-event", "query", "query-ack", "query-response", "query-end", "bound-passed",
                 "term-refused"):
        stream.add(30, kind)
    data = data_of(page_of(where, stream.write(where / "n1.jsonl"))[0])
    tap.check(not any("left out" in note for note in data["notes"]), f"{data['notes']}")
    tap.equal([data["texts"][text] for text, kind in zip(data["b"], data["kind"]) if data["kinds"][kind] == "fault"],
              ["job is frozen by n2", "job is thawed: its time is over", "job is thawed by n3",
               "n2 runs twice with one id: the other one is at 127.0.0.1:2"], "marks")


@tap.test
def an_agent_that_was_started_again_begins_anew():
    where = folder()
    stream = Stream().member(0, "alive", "n2").add(10, "converged")
    stream.add(1000, "member-alive", seq=1, name="n3", id="03" * 16, addr="127.0.0.1:1", incarnation=1)
    kinds = [item[:3] for item in items_of(data_of(page_of(where, stream.write(where / "n1.jsonl"))[0]))]
    tap.equal(kinds, [(0, "up", "n1"), (0, "status", "n1"), (10, "converged", "n1"), (1000, "down", "n1"),
                      (1000, "up", "n1"), (1000, "status", "n1")])


@tap.test
def the_end_of_an_earlier_life_says_nothing_about_the_next():
    where = folder()
    stream = Stream().member(0, "alive", "n2", "01").member(10, "alive", "n2", "02").member(
        20, "dead", "n2", "01").member(30, "suspect", "n2", "02")
    found = [item[:5] for item in items_of(data_of(page_of(where, stream.write(where / "n1.jsonl"))[0]))
             if item[1] == "status"]
    tap.equal(found, [(0, "status", "n1", "n2", 0), (10, "status", "n1", "n2", 0), (30, "status", "n1", "n2", 1)])


@tap.test
def a_simulated_run_is_drawn():
    where = folder()
    words = ("simulate", "--duration", "40s", "--fault", "crash:n1@20s", "--seed", "9", "--timeline", where / "run.html")
    result = run(*words)
    tap.equal(result.returncode, 0, result.stderr)
    data = data_of((where / "run.html").read_text())
    tap.equal((data["source"], data["seed"], data["epoch"], len(data["members"])), ("simulation", "9", 0, 5))
    tap.check("--fault 'crash:n1@20s'" in data["command"] and "--seed 9" in data["command"], data["command"])
    items = items_of(data)
    tap.check((20000, "down", "n1") in items, "the crash")
    tap.equal({item[2] for item in items if item[1] == "status" and item[3] == "n1" and item[4] == 2},
              {"n0", "n2", "n3", "n4"}, "who holds it for dead")
    for more, code, part in (("--sweep=loss=0..10:5", 2, "--sweep"), ("--nodes=1025", 2, "1024"),
                             ("--timeline=/nowhere/x.html", 1, "/nowhere/x.html")):
        result = run(*words, more)
        tap.check(result.returncode == code and part in result.stderr, f"{more}: {result.returncode} {result.stderr}")


@tap.test(timeout=60)
def real_agents_after_an_incident():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agents = cluster.start(3)
    _, name, _ = cluster.wait_reign()
    cluster.agents[name].wait_event("self-elected")
    cluster.agents[name].kill()
    living = cluster.living()
    _, successor, _ = cluster.wait_reign(agents=living)
    cluster.agents[successor].wait_event("self-elected")
    for agent in living:
        agent.wait_event("member-dead", name=name)
    where = folder()
    paths = []
    for agent in agents: # what they have logged: events, and lines that are none
        path = where / (agent.name + ".log")
        path.write_text("".join(line.text + "\n" for line in agent.log()))
        paths.append(path)
    data = data_of(page_of(where, *paths)[0])
    tap.equal(sorted(data["members"]), ["n1", "n2", "n3"], "members")
    items = items_of(data)
    dead = [item for item in items if item[1] == "status" and item[3] == name and item[4] == 2]
    tap.equal({item[2] for item in dead}, {agent.name for agent in living}, "who holds it for dead")
    tap.check(len([item for item in items if item[1] == "reign"]) >= 2, "two reigns")
    tap.check((max(i[0] for i in items), "down", name) not in items and any(i[1:3] == ("down", name) for i in items),
              "its stream ends before")


if __name__ == "__main__":
    tap.main()
