"""The dashboard in a real browser (Chromium, headless): `./bootstrap check-full` runs this. Leaves its screenshots in
build-full/dashboard, or where BW_ARTEFACTS says."""

import base64
import http.server
import json
import os
import pathlib
import signal
import threading

import tap
from browser import Browser, program
from cluster import LIMIT
from http_client import ask, place, serving

HOSTILE = '<img src=x onerror=alert(1)>"\'&</script>'
SLOWLY = ("--set", "suspicion_alpha=20")  # a suspect is one for long enough to be looked at
WIDE, PHONE = (1400, 900, False), (390, 844, True)


def opened(url, size=WIDE, scheme="light"):
    """A browser of its own, which shows the page."""
    if program() is None:
        tap.skip("chromium is not installed")
    made = Browser(*size[:2])
    tap.cleanup(made.close)
    made.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=2 if size[2] else 1, mobile=size[2])
    made.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    made.call("Performance.enable", timeDomain="threadTicks")
    made.url = url
    made.open(url)
    until(made, "document.documentElement.dataset.ready === 'yes'", "it shows something")
    return made


def dashboard(agent, *how):
    return opened("http://%s:%d/" % place(agent), *how)


def until(made, expression, what):
    try:
        return tap.wait_until(lambda: made.eval(expression), LIMIT, what, .05)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{made.problems}\n{made.eval('document.body.innerText')}") from None


def at_peace(made, cut_off=False):
    made.frames()
    problems = [text for text in made.problems if not cut_off or "net::ERR" not in text]
    tap.equal(problems, [], "script errors")
    outside = [url for url in made.requests if not url.startswith((made.url, "data:image/svg+xml,"))]
    tap.equal(outside, [], "requests to elsewhere")


def artefact(made, name):
    directory = pathlib.Path(os.environ.get("BW_ARTEFACTS") or pathlib.Path(os.environ.get("BW_BUILD_DIR") or ".", "tests"))
    directory.mkdir(parents=True, exist_ok=True)
    made.eval("new Promise(done => setTimeout(done, 500))")  # what fades has faded
    shot = made.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
    (directory / f"dashboard-{name}.png").write_bytes(base64.b64decode(shot["data"]))


def rows(made):
    """{name: [name, state, ...]} of the table of members."""
    cells = made.eval("[...document.querySelectorAll('#members tbody tr')].map(row => [row.querySelector('th .name').textContent,"
                      " ...[...row.cells].slice(1).map(cell => cell.textContent)])")
    return {row[0]: row for row in cells}


def nodes(made):
    """{name: class} of the ring."""
    return dict(made.eval("[...document.querySelectorAll('#ring .member')].map(node => [node.getAttribute('aria-label').split(': ')[0],"
                          " node.getAttribute('class')])"))


def scopes(made):
    """{scope: (leader, token)}."""
    return {name: (leader, token) for name, leader, token in made.eval(
        "[...document.querySelectorAll('.scope')].map(card => [card.querySelector('h3 .name').textContent,"
        " card.querySelector('.leader').textContent, card.querySelector('.token')?.textContent ?? null])")}


@tap.test(timeout=120)
def a_death_is_seen_as_it_happens():
    cluster = serving(3, "--scope", "default", "--scope", "orders/0..1:spread", "--tag", "role=web", *SLOWLY)
    leader = cluster.wait_leader()
    watcher = next(agent for agent in cluster.living() if agent is not leader)
    made = dashboard(watcher)
    until(made, "document.querySelectorAll('.scope .token').length === 3", "three scopes are led")
    tap.equal({name: row[1] for name, row in rows(made).items()}, {name: "alive" for name in cluster.agents}, "the table")
    tap.equal(set(nodes(made)), set(cluster.agents), "the ring")
    tap.check(all("alive" in kind for kind in nodes(made).values()), f"{nodes(made)}")
    tap.equal(scopes(made)["default"], (leader.name, leader.reign()[0]), "who leads, with its token")
    tap.equal(made.eval("[document.getElementById('self').textContent, document.getElementById('link').textContent]"),
              [watcher.name, "live"], "head")
    tap.check("role=web" in rows(made)[leader.name], "tags")
    artefact(made, "light")

    token = leader.reign()[0]
    os.kill(leader.process.pid, signal.SIGSTOP)  # so that it is suspected for a while
    until(made, f"document.querySelector('#ring .suspect')?.getAttribute('aria-label').startsWith({json.dumps(leader.name)})", "it is suspected")
    artefact(made, "suspect")
    leader.kill()
    until(made, "document.querySelector('#ring .dead') !== null", "and dead")
    tap.check(nodes(made)[leader.name].split()[1] == "dead" and rows(made)[leader.name][1].startswith("dead"), f"{nodes(made)} {rows(made)}")
    new_token, name, _ = cluster.wait_reign(above=token)
    until(made, f"[...document.querySelectorAll('.scope')].some(card => card.querySelector('.token')?.textContent === {json.dumps(new_token)})",
          "the next leader's token")
    tap.equal(scopes(made)["default"], (name, new_token), "the next leader")
    until(made, f"[...document.querySelectorAll('#events tr')].some(row => row.textContent.includes({json.dumps(leader.name + ' is dead')}))", "its event")
    until(made, f"[...document.querySelectorAll('#ended tr')].some(row => row.textContent.startsWith({json.dumps(leader.name + ' led default')}))", "its reign ended")
    until(made, "document.querySelectorAll('.strip .reign').length >= 4", "the strips have both")
    artefact(made, "dead")
    at_peace(made)


@tap.test(timeout=120)
def a_suspicion_shows_who_suspects():
    cluster = serving(3, *SLOWLY)
    leader = cluster.wait_leader()
    watcher = next(agent for agent in cluster.living() if agent is not leader)
    stopped = next(agent for agent in cluster.living() if agent not in (leader, watcher))
    made = dashboard(watcher)
    os.kill(stopped.process.pid, signal.SIGSTOP)
    made.eval("""new Promise(done => {
        window.seen = {};
        const look = () => {
            const node = document.querySelector('#ring .suspect');
            if (node)
                seen.suspect = node.getAttribute('aria-label');
            if (document.querySelector('#ring .suspect .fuse')?.getAttribute('d'))
                seen.fuse = true;
            if (document.querySelector('#ring .accusation'))
                seen.arrow = true;
            if (document.querySelector('#ring .dead'))
                done();
            else
                requestAnimationFrame(look);
        };
        look();
    })""")
    seen = made.eval("seen")
    tap.check(seen.get("suspect", "").startswith(stopped.name + ": suspect"), f"it was suspect: {seen}")
    tap.check(seen.get("fuse") and seen.get("arrow"), f"with the time left, and an arrow: {seen}")
    os.kill(stopped.process.pid, signal.SIGCONT)
    until(made, "document.querySelectorAll('#ring .alive').length === 3", "it is back")
    at_peace(made)


@tap.test(timeout=120)
def it_says_when_it_is_cut_off_and_comes_back():
    cluster = serving(2)
    cluster.wait_leader()
    agent = cluster.agents["n2"]
    made = dashboard(agent)
    host, port = place(agent)
    made.eval("window.kept = 'the same page'")
    agent.kill()
    until(made, "document.getElementById('link').textContent === 'cut off'", "it says so")
    tap.check("Cut off from the agent since" in made.eval("document.getElementById('cut').innerText"), "and since when")
    tap.check("cut off" in made.eval("document.title"), "in the title, too")
    tap.equal(set(rows(made)), {"n1", "n2"}, "what it knew stays")
    artefact(made, "cut-off")
    agent.start("--http", f"{host}:{port}").wait_ready()
    until(made, "document.getElementById('link').textContent === 'live'", "it is back")
    tap.equal(made.eval("[kept, document.getElementById('cut').hidden]"), ["the same page", True], "by itself")
    agent.run("event", "after")
    until(made, "document.getElementById('events').innerText.includes('tells all: after')", "events go on")
    numbers = made.eval("[...document.querySelectorAll('#events td:first-child')].map(cell => Number(cell.title.split(/[ ,]/)[1]))")
    tap.equal(numbers, sorted(set(numbers), reverse=True), "those of its life before are gone")
    at_peace(made, cut_off=True)


@tap.test(timeout=120)
def an_agent_that_hangs_is_told_from_one_that_lives():
    agent = serving(1).wait_leader()
    made = dashboard(agent)
    os.kill(agent.process.pid, signal.SIGSTOP)
    tap.cleanup(os.kill, agent.process.pid, signal.SIGCONT)
    until(made, "document.getElementById('link').textContent === 'cut off'", "no answer is an answer")
    os.kill(agent.process.pid, signal.SIGCONT)
    until(made, "document.getElementById('link').textContent === 'live'", "it is back")
    at_peace(made, cut_off=True)


@tap.test(timeout=120)
def hostile_names_are_only_shown():
    cluster = serving(1, "--scope", "default", "--scope", HOSTILE + ":priority=3", label="e2e" + HOSTILE)
    agent = cluster.wait_leader()
    hostile = cluster.add(HOSTILE, "--tag", "x=" + HOSTILE, "--join", agent.addr, "--scope", "default")
    hostile.control, hostile.state = cluster.path("h.sock"), cluster.path("h.state")
    hostile.start().wait_ready()
    evil = cluster.add("\u202egnp.exe", "--join", agent.addr, "--scope", "default")
    evil.control, evil.state = cluster.path("e.sock"), cluster.path("e.state")
    evil.start().wait_ready()
    cluster.wait_view(3)
    agent.run("event", HOSTILE, HOSTILE)
    made = dashboard(agent)
    until(made, "document.querySelectorAll('#members tbody tr').length === 3", "all are there")
    tap.equal(rows(made)[HOSTILE][1:2] + rows(made)[HOSTILE][-1:], ["alive", "x=" + HOSTILE], "as text")
    tap.check("<U+202E>gnp.exe" in rows(made) and "<U+202E>gnp.exe" in nodes(made), f"{rows(made)}")
    tap.equal(made.eval("document.getElementById('cluster').textContent"), "e2e" + HOSTILE, "the cluster's label")
    until(made, f"document.getElementById('events').innerText.includes({json.dumps('tells all: ' + HOSTILE + ' ' + HOSTILE)})", "the event")
    until(made, f"[...document.querySelectorAll('.scope h3 .name')].some(name => name.textContent === {json.dumps(HOSTILE)})", "the scope")
    tap.equal(made.eval("[document.scripts.length, document.images.length, document.querySelectorAll('style').length]"), [1, 0, 1], "elements")
    made.eval("document.querySelector('#members tbody tr').click()")
    made.frames()
    artefact(made, "hostile")
    at_peace(made)


@tap.test(timeout=120)
def it_is_readable_on_a_phone_and_in_the_dark():
    cluster = serving(3, "--scope", "default", "--scope", "a-scope-with-a-name-that-is-as-long-as-names-can-be-63")
    agent = cluster.wait_leader()
    for scheme, size in (("light", PHONE), ("dark", PHONE), ("dark", WIDE)):
        made = dashboard(agent, size, scheme)
        until(made, "document.querySelectorAll('.scope .token').length === 2", "both scopes are led")
        bright = made.eval("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((sum, part) => sum + Number(part), 0)")
        tap.equal(bright < 200, scheme == "dark", f"{scheme}: {bright}")
        tap.equal(made.eval("document.documentElement.scrollWidth <= innerWidth"), True, "nothing sticks out at the side")
        small = made.eval("""[...document.querySelectorAll('main *')].filter(one => one.childNodes.length && [...one.childNodes].some(node =>
            node.nodeType === 3 && node.data.trim()) && parseFloat(getComputedStyle(one).fontSize) * (one.ownerSVGElement ?
            document.getElementById('ring').getBoundingClientRect().width / 800 : 1) < 8).map(one => one.outerHTML)""")
        tap.equal(small, [], "nothing is too small to read")
        poor = made.eval("""(() => {
            const shade = color => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                return .2126 * r + .7152 * g + .0722 * b; };
            const behind = one => { for (; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor;
                if (!/, 0\\)|transparent/.test(color)) return color; } return 'rgb(255, 255, 255)'; };
            return [...document.querySelectorAll('main td, main th, main p, main h2, main h3 span, .leader, #sums b, #sums span, #by, .reign, .label')]
                .filter(one => one.textContent.trim() && !one.querySelector('*')).map(one => {
                    const [a, b] = [shade(getComputedStyle(one).color), shade(behind(one))];
                    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), one.className, one.textContent];
                }).filter(([contrast]) => contrast < 3.8);
        })()""")
        tap.equal(poor, [], "contrast")
        artefact(made, f"{'phone' if size is PHONE else 'wide'}-{scheme}")
        at_peace(made)


class Stage(http.server.ThreadingHTTPServer):
    """An agent's page with members that are made up."""

    def __init__(self, agent, count):
        page = ask(agent, "/")
        info, leaders, history = (ask(agent, "/v1/" + path).json() for path in ("info", "leader", "history"))
        me = ask(agent, "/v1/members").json()["members"][0]
        members = [me] + [{**me, "name": f"m{number}", "id": f"{number:032x}", "rtt_ms": number / 100,
                           "status": "dead" if number % 41 == 0 else "left" if number % 61 == 0 else "alive"} for number in range(1, count)]
        info["members"] = {status: sum(m["status"] == status for m in members) for status in ("alive", "suspect", "dead", "left")}
        answers = {"/v1/info": info, "/v1/members": {"members": members}, "/v1/leader": leaders, "/v1/history": history}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("?")[0]
                self.send_response(200)
                if path == "/":
                    self.send_header("Content-Security-Policy", page.headers["Content-Security-Policy"])
                kind = {"/": "text/html; charset=utf-8", "/v1/events": "text/event-stream"}.get(path, "application/json")
                body = {"/": page.body, "/v1/events": b":\n\n"}.get(path) or json.dumps(answers[path]).encode()
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()
                if path == "/v1/events":
                    ended.wait()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads, self.block_on_close = True, False
        ended = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        tap.cleanup(self.shutdown)
        tap.cleanup(ended.set)


@tap.test(timeout=180)
def many_members_are_drawn():
    agent = serving(1).wait_leader()
    for count in (24, 100, 700, 3000):
        made = opened(f"http://127.0.0.1:{Stage(agent, count).server_port}/")
        drawn = min(count, 800)
        tap.equal(made.eval("document.querySelectorAll('#ring .member').length"), drawn, "on the ring")
        inside = made.eval("""[...document.querySelectorAll('#ring .member')].every(node => {
            const [x, y] = node.getAttribute('transform').match(/-?[\\d.]+/g).map(Number); return Math.hypot(x, y) <= 300; })""")
        tap.check(inside, "all lie within it")
        apart = made.eval("""(() => { const all = [...document.querySelectorAll('#ring .member')].map(node => [...node.getAttribute('transform')
            .match(/-?[\\d.]+/g).map(Number), Number(node.querySelector('.dot').getAttribute('r'))]);
            return all.every(([x, y, r], i) => all.slice(i + 1).every(([a, b]) => Math.hypot(x - a, y - b) >= 2 * r)); })()""")
        tap.check(apart, f"{count}: no dot hides another")
        tap.equal(made.eval("document.querySelectorAll('#members tbody tr').length"), min(count, 300), "in the table")
        busy = {entry["name"]: entry["value"] for entry in made.call("Performance.getMetrics")["metrics"]}
        tap.note(f"{count} members: {busy['TaskDuration']:.2f} s of processor time until they are shown")
        made.eval("(filter => { filter.value = 'dead'; filter.dispatchEvent(new Event('input')); })(document.getElementById('filter'))")
        tap.check(made.eval("[...document.querySelectorAll('#members tbody tr')].every(row => row.cells[1].textContent === 'dead')"), "filtered")
        artefact(made, str(count))
        at_peace(made)


@tap.test(timeout=60)
def pointer_and_keys_reach_members():
    cluster = serving(3)
    made = dashboard(cluster.wait_leader())
    until(made, "document.querySelectorAll('#ring .member').length === 3", "three")
    box = made.eval("(b => [b.left + b.width / 2, b.top + b.height / 2])(document.querySelectorAll('#ring .dot')[1].getBoundingClientRect())")
    made.mouse("mouseMoved", *box)
    made.frames()
    name = made.eval("document.querySelectorAll('#ring .member')[1].getAttribute('aria-label').split(':')[0]")
    tap.check(made.eval("tip.hidden ? '' : tip.textContent").startswith(name), "the tip tells")
    made.click(*box)
    tap.equal(made.eval("document.querySelector('#members tr.chosen th .name').textContent"), name, "a click chooses it in the table, too")
    made.eval("document.querySelectorAll('#ring .member')[2].focus()")
    made.key("Enter", "\r")
    tap.check(made.eval("document.querySelector('#members tr.chosen th .name').textContent") != name, "so does Enter")
    made.eval("document.querySelector('[data-span=\"600\"]').click()")
    tap.equal(made.eval("document.querySelector('[data-span=\"600\"]').getAttribute('aria-pressed')"), "true", "a span")
    made.eval("document.getElementById('theme').click()")
    tap.equal(made.eval("document.documentElement.dataset.theme"), "dark", "the theme")
    at_peace(made)


if __name__ == "__main__":
    tap.main()
