"""The timeline's page in a real browser (Chromium, headless): `./bootstrap check-full` runs this. Leaves its screenshots in
build-full/timeline, or where BW_ARTEFACTS says."""

import atexit
import os
import pathlib

import tap
from browser import Browser, program
from timeline_streams import HOSTILE, Stream, folder, page_of

COUNT = """(name => {
    const probe = document.createElement("i");
    probe.style.color = getComputedStyle(document.documentElement).getPropertyValue("--" + name);
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const canvas = document.getElementById("canvas");
    const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0;
    for (let i = 0; i < all.length; i += 4)
        count += all[i] === wanted[0] && all[i + 1] === wanted[1] && all[i + 2] === wanted[2];
    return count;
})"""


def incident():
    """n3 leads, is lost, and n1 leads."""
    first, second, third = Stream(), Stream(), Stream()
    for stream, others in ((first, ("n2", "n3")), (second, ("n1", "n3")), (third, ("n1", "n2"))):
        for other in others:
            stream.member(0, "alive", other)
    third.leader(1000, "self-elected", "n3", 7)
    for stream in (first, second):
        stream.leader(1010, "leader-elected", "n3", 7)
    first.member(20000, "suspect", "n3", by="n1", own=True)
    second.member(20100, "suspect", "n3", by="n1")
    for stream in (first, second):
        stream.member(25000, "dead", "n3", by="n1", own=stream is first)
        stream.leader(25000, "leader-lost", "n3", 7, reason="died")
    first.leader(25100, "self-elected", "n1", 8)
    second.leader(25120, "leader-elected", "n1", 8)
    for stream in (first, second):
        stream.add(40000, "converged")
    return {"n1": first, "n2": second, "n3": third}


def large(member_count, hour_ms=3600000):
    """An hour in which one member after the other is lost and comes back."""
    names = [f"n{i}" for i in range(member_count)]
    streams = {name: Stream() for name in names}
    for name, stream in streams.items():
        for other in names:
            if other != name:
                stream.member(0, "alive", other)
        stream.leader(500, "self-elected" if name == "n0" else "leader-elected", "n0", 1)
    for number, start in enumerate(range(30000, hour_ms - 30000, 60000)):
        lost = names[1 + number * 7 % (member_count - 1)]
        accuser = names[(number * 13 + 5) % member_count]
        for index, (name, stream) in enumerate(streams.items()):
            if name == lost:
                continue
            stream.member(start + 3 * index, "suspect", lost, by=accuser, own=name == accuser)
            stream.member(start + 4000 + 3 * index, "dead", lost, by=accuser, own=name == accuser)
            stream.member(start + 20000 + 3 * index, "alive", lost)
    for stream in streams.values():
        stream.add(hour_ms, "converged")
    return streams


def written(where, streams, *words):
    page, _ = page_of(where, *[stream.write(where / f"{name}.jsonl") for name, stream in streams.items()], *words)
    return page


shared = []


def browser():
    """One for all tests: it takes a while to start."""
    if program() is None:
        tap.skip("chromium is not installed")
    if not shared:
        shared.append(Browser())
        atexit.register(shared[0].close)
    shared[0].open("about:blank")
    del shared[0].problems[:], shared[0].requests[:]
    return shared[0]


def opened(where, words=""):
    made = browser()
    made.open(f"file://{where}/page.html{words}")
    made.frames()
    tap.equal(made.eval("document.documentElement.dataset.ready"), "yes", f"it runs {made.problems}")
    return made


def at_peace(made):
    tap.equal(made.problems, [], "script errors")
    tap.check(all(url.startswith("file:///") and ".html" in url for url in made.requests), f"requests {made.requests}")


def artefact(made, name):
    directory = pathlib.Path(os.environ.get("BW_ARTEFACTS") or pathlib.Path(os.environ.get("BW_BUILD_DIR") or ".", "tests"))
    directory.mkdir(parents=True, exist_ok=True)
    made.screenshot(directory / f"timeline-{name}.png")


def colors(made):
    return {name: made.eval(f"{COUNT}('{name}')") for name in ("alive", "suspect", "dead")}


def table(made):
    return made.eval("[...document.querySelectorAll('#state tbody tr')].map(row => [...row.cells].map(c => c.textContent))")


def move(made, ms):
    made.eval(f"(time => {{ time.value = {ms}; time.dispatchEvent(new Event('input')); }})(document.getElementById('time'))")
    made.frames()


def label(made):
    return made.eval("document.getElementById('canvas').getAttribute('aria-label')")


@tap.test(timeout=120)
def lanes_states_and_scrubber_are_there():
    where = folder()
    written(where, incident(), "--title", "An incident")
    made = opened(where)
    tap.check(label(made).startswith("3 lanes "), label(made))
    tap.equal(made.eval("document.title"), "An incident – bellwether timeline")
    seen = colors(made)
    tap.check(all(count > 200 for count in seen.values()), f"all states are drawn: {seen}")
    tap.equal([row[0] for row in table(made)], ["n1", "n2", "n3"], "rows of the table")
    tap.equal(made.eval("[time.type, Number(time.max), time.getAttribute('aria-valuetext')]"),
              ["range", 40000, "03:00:40.000 UTC"], "scrubber")
    tap.check(made.eval("document.querySelectorAll('#legend li').length") > 8, "legend")
    artefact(made, "3")
    at_peace(made)


@tap.test(timeout=120)
def the_scrubber_moves_the_state():
    where = folder()
    written(where, incident())
    made = opened(where)
    move(made, 10000)
    tap.equal(table(made), [["n1", "alive", "n3", "3"], ["n2", "alive", "n3", "3"], ["n3", "alive", "itself: leads", "3"]])
    move(made, 22000)
    tap.check(table(made)[2][1].startswith("suspect"), f"{table(made)}")
    tap.equal(made.eval("document.querySelectorAll('#sums b')[3].textContent"), "2", "suspicions")
    move(made, 39000)
    tap.equal(table(made)[:2], [["n1", "alive", "itself: leads", "2 · 1 gone"], ["n2", "alive", "n1", "2 · 1 gone"]])
    tap.equal(made.eval("at.textContent"), "03:00:39.000 UTC", "heading")
    at_peace(made)


@tap.test(timeout=120)
def pointer_wheel_and_keys_work():
    where = folder()
    written(where, incident())
    made = opened(where)
    box = made.eval("(b => [b.left, b.top, b.width, b.height])(canvas.getBoundingClientRect())")
    x, y = box[0] + box[2] * .6, box[1] + 60
    before = made.eval("now.textContent")
    made.click(x, y)
    tap.check(made.eval("now.textContent") != before, "a click moves the moment")
    made.mouse("mouseMoved", x + 5, y + 5)
    tap.check("the others say" in made.eval("tip.hidden ? '' : tip.textContent"), "the tip tells")
    span = label(made)
    made.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
    made.frames()
    tap.check(label(made) != span, "the wheel zooms")
    closer = label(made)
    made.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    made.mouse("mouseMoved", x - 90, y, button="left", buttons=1)
    made.mouse("mouseReleased", x - 90, y, button="left", clickCount=1)
    made.frames()
    tap.check(label(made) != closer, "dragging pans")
    made.key("0", "0")
    tap.equal(label(made).split(" at ")[0], span.split(" at ")[0], "0 shows all")
    move(made, 0)
    for wanted in ("03:00:01.000", "03:00:01.010", "03:00:20.000"):
        made.key(".", ".")
        tap.check(made.eval("now.textContent").startswith(wanted), f"{made.eval('now.textContent')}, wanted {wanted}")
    made.key(",", ",")
    tap.check(made.eval("now.textContent").startswith("03:00:01.010"), "back")
    at_peace(made)


@tap.test(timeout=120)
def dark_is_another_and_as_readable():
    where = folder()
    written(where, incident())
    for theme, dark in (("light", False), ("dark", True)):
        made = opened(where, f"#theme={theme}&t=22")
        seen = colors(made)
        tap.check(all(count > 200 for count in seen.values()), f"{theme}: {seen}")
        light = made.eval("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, n) => a + Number(n), 0)")
        tap.equal(light < 200, dark, f"{theme}: {light}")
        artefact(made, theme)
        at_peace(made)


@tap.test(timeout=120)
def hostile_names_are_only_shown():
    where = folder()
    streams = {"n1": Stream().member(0, "alive", HOSTILE).leader(5, "leader-elected", HOSTILE, 1).member(
        9, "suspect", HOSTILE, by=HOSTILE)}
    written(where, streams, "--title", HOSTILE)
    made = opened(where)
    tap.equal(made.eval("document.querySelector('h1').textContent"), HOSTILE, "title")
    tap.check(HOSTILE in [row[0] for row in table(made)], f"{table(made)}")
    tap.equal(made.eval("document.scripts.length"), 2, "scripts")
    at_peace(made)


@tap.test(timeout=300)
def hundred_members_and_an_hour_are_usable():
    where = folder()
    page = written(where, large(100), "--title", "100 members, one hour")
    made = browser()
    made.call("Network.disable")  # which would copy the page
    made.call("Performance.enable", timeDomain="threadTicks")

    def busy():
        metrics = {entry["name"]: entry["value"] for entry in made.call("Performance.getMetrics")["metrics"]}
        return metrics["TaskDuration"], metrics["ScriptDuration"]

    clock = made.open(f"file://{where}/page.html")
    made.frames()
    tap.check(label(made).startswith("100 lanes "), label(made))
    opening = busy()
    for number in range(20):
        made.mouse("mouseWheel", 600, 400, deltaX=60 if number % 2 else 0, deltaY=0 if number % 2 else -60)
        made.frames(1)
    frame = (busy()[1] - opening[1]) / 20
    tap.note(f"{len(page) / 1e6:.1f} MB; open after {clock:.2f} s ({opening[0]:.2f} s of processor time); "
             f"{frame * 1000:.1f} ms of script a frame")
    artefact(made, "100")
    tap.check(opening[0] < 3, f"opening took {opening[0]:.2f} s of processor time")  # 1 s on a machine of its own
    tap.check(frame < .06, f"a frame took {frame * 1000:.0f} ms")
    tap.equal(made.problems, [], "script errors")


if __name__ == "__main__":
    tap.main()
