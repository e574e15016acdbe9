"""The agent over HTTP: what it answers, and whom it refuses. (Not http.py, which would hide Python's.)"""

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess

import tap
from cluster import LIMIT, Cluster, run
from http_client import PATHS, Events, ask, connected, metrics, place, raw, serving

def without(value, *names):
    """Without the fields that change from one moment to the next."""
    if isinstance(value, list):
        return [without(entry, *names) for entry in value]
    if isinstance(value, dict):
        return {name: without(entry, *names) for name, entry in value.items() if name not in names}
    return value


# ------------------------------------------------------------------ what is answered

def same_by_both(agent, path, words):
    """What HTTP answers, and the command did just before and just after: views may change in between."""
    moving = ("rtt_ms", "lease_ms", "heard_ms")

    def unchanged():
        before, answer, after = agent.ask(*words), ask(agent, path), agent.ask(*words)
        return (before, answer) if without(before, *moving) == without(after, *moving) else None

    said, answer = tap.wait_until(unchanged, LIMIT, f"{words}: the same twice")
    tap.equal((answer.status, answer.headers["Content-Type"]), (200, "application/json"), path)
    tap.equal(without(answer.json(), *moving), without(said, *moving), path)


@tap.test(timeout=60)
def json_is_that_of_the_commands():
    agent = serving(3, "--tag", "role=web").wait_leader()
    for path, words in (("/v1/members", ["members"]), ("/v1/leader", ["leader"]), ("/v1/leader/default", ["leader", "default"]),
                        ("/v1/history", ["history"]), ("/v1/why/n1", ["why", "n1"])):
        same_by_both(agent, path, words)
    members = ask(agent, "/v1/members").json()
    tap.equal([(m["name"], m["status"], m["tags"]) for m in members["members"]],
              [(f"n{i}", "alive", {"role": "web"}) for i in (1, 2, 3)], "members")
    tap.equal(set(ask(agent, "/v1/info").json()), set(agent.ask("info")), "fields of info")


@tap.test(timeout=60)
def port_zero_is_reported():
    agent = serving(1).agents["n1"]
    tap.check(place(agent)[1] > 0, f"ready: {agent.events('ready')[-1].object}")
    tap.equal(agent.ask("info")["http"], "%s:%d" % place(agent), "info")
    tap.check("%s:%d" % place(agent) in agent.run("info").stdout, "info for people")
    quiet = serving(1).add("quiet").start().wait_ready()
    tap.equal((quiet.ask("info")["http"], "http" in quiet.events("ready")[-1].object), (None, False), "off unless it is asked for")


@tap.test(timeout=90)
def one_member_says_that_it_leads():
    cluster = serving(3)
    leader = cluster.wait_leader()

    def leading():
        answers = {agent.name: ask(agent, "/leader/default") for agent in cluster.living()}
        tap.check(all(answer.status in (200, 503) for answer in answers.values()), f"{answers}")
        return [name for name, answer in answers.items() if answer.status == 200], answers

    names, answers = leading()
    tap.equal(names, [leader.name], f"{answers}")
    told = answers[leader.name].json()
    tap.equal((told["leads"], told["leader"], told["token"], told["role"]), (True, leader.name, leader.reign()[0], "leader"), "body")
    tap.check(told["lease_ms"] > 0, f"{told}")
    for name, answer in answers.items():
        if name != leader.name:
            tap.equal((answer.json()["leads"], answer.json()["leader"]), (False, leader.name), "who does not lead says who does")
    tap.equal(ask(leader, "/leader").status, 200, "without a scope: default")
    leader.kill()
    token, name, _ = cluster.wait_reign(above=told["token"])
    tap.wait_until(lambda: leading()[0] == [name], LIMIT, "the next one")
    tap.equal(ask(cluster.agents[name], "/leader/default").json()["token"], token, "its token")


@tap.test(timeout=60)
def who_leaves_is_not_ready():
    cluster = serving(2)
    agent = cluster.wait_leader()
    tap.equal((ask(agent, "/ready").status, ask(agent, "/ready").json()), (200, {"ready": True}), "before")
    agent.run("leave", "--stay")
    tap.equal((ask(agent, "/ready").status, ask(agent, "/ready").json()), (503, {"ready": False}), "after")
    tap.equal((ask(agent, "/live").status, ask(agent, "/live").json()), (200, {"live": True}), "it lives")
    tap.equal(ask(agent, "/leader/default").status, 503, "and leads nothing")
    tap.equal(metrics(agent)["bellwether_in_cluster"], 0, "metrics")


@tap.test(timeout=60)
def scopes_of_all_names_are_reached():
    agent = serving(1, "--scope", "orders/0..5", "--scope", "a b", "--scope", "grün", "--scope", 'x"y\\z#', "--scope", "50%",
                    "--scope", "db:seats=2").agents["n1"]
    tap.wait_until(lambda: ask(agent, "/leader/orders/3").status == 200, LIMIT, "it leads")
    for path, scope in (("orders/3", "orders/3"), ("orders%2F3", "orders/3"), ("orders%2f3", "orders/3"), ("a%20b", "a b"),
                        ("gr%C3%BCn", "grün"), ("x%22y%5Cz%23", 'x"y\\z#'), ("50%25", "50%")):
        tap.equal([s["scope"] for s in ask(agent, "/v1/leader/" + path).json()["scopes"]], [scope], path)
        tap.equal((ask(agent, "/leader/" + path).status, ask(agent, "/leader/" + path).json()["scope"]), (200, scope), path)
        tap.equal(ask(agent, "/v1/history/" + path).json()["scopes"][0]["scope"], scope, path)
    tap.equal(len(ask(agent, "/v1/leader/orders").json()["scopes"]), 6, "a range by its name")
    tap.check(re.fullmatch("db#[01]", ask(agent, "/leader/db").json()["scope"]), "a seat by its scope's name")
    for path in ("orders/6", "order", "nope"):
        tap.equal((ask(agent, "/v1/leader/" + path).status, ask(agent, "/leader/" + path).status), (404, 503), path)
    checked_by_promtool(ask(agent, "/metrics").body)


# ------------------------------------------------------------------ methods, paths, headers

@tap.test(timeout=60)
def methods_are_get_head_and_options():
    agent = serving(1).wait_leader()
    for path in PATHS + ("/v1/events",):
        head, options = ask(agent, path, "HEAD"), ask(agent, path, "OPTIONS")
        tap.equal((head.status, head.body), (200, b""), f"HEAD {path}")
        health = path in ("/leader/default", "/ready", "/live")
        tap.equal((options.status, options.body), (200 if health else 204, b""), f"OPTIONS {path}")
        tap.equal(options.headers["Allow"], "GET, HEAD, OPTIONS", path)
        if path != "/v1/events":
            get = ask(agent, path)
            tap.equal(get.status, 200, path)
            tap.equal(head.headers["Content-Type"], get.headers["Content-Type"], f"type of {path}")
        for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND"):
            answer = ask(agent, path, method)
            tap.equal((answer.status, answer.headers["Allow"], answer.json()["error"]["code"]),
                      (405, "GET, HEAD, OPTIONS", "method"), f"{method} {path}")
    tap.check(raw(agent, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 204"), "OPTIONS *")


@tap.test(timeout=60)
def checks_of_haproxy_without_a_host_are_answered():
    cluster = serving(2)
    leader = cluster.wait_leader()
    for agent in cluster.living():
        status = b"200" if agent is leader else b"503"
        for method in (b"OPTIONS", b"GET", b"HEAD"):
            answer = raw(agent, method + b" /leader/default HTTP/1.0\r\n\r\n")
            tap.equal(answer.split()[1], status, f"{method} at {agent.name}: {answer}")


@tap.test(timeout=60)
def what_is_not_there_is_404_with_json():
    agent = serving(1).agents["n1"]
    for path in ("/nope", "/v1", "/v1/", "/v1/members/", "/metrics/x", "/leader/", "/v1/leader/", "/..%2fetc", "//", "/" + "a" * 600,
                 "/v1/why/nobody", "/V1/members"):
        answer = ask(agent, path)
        tap.equal((answer.status, answer.headers["Content-Type"]), (404, "application/json"), path)
        tap.check(answer.json()["error"]["message"], path)
    for path in ("/%", "/v1/leader/%zz", "/v1/leader/a%00b", "/leader/%0"):
        tap.equal((ask(agent, path).status, ask(agent, path).json()["error"]["code"]), (400, "malformed"), path)


@tap.test(timeout=60)
def requests_have_no_body_and_a_bounded_head():
    agent = serving(1).agents["n1"]
    tap.equal(ask(agent, "/live", body=b"x" * 10).status, 413, "a body")
    tap.check(raw(agent, b"GET /live HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n").startswith(b"HTTP/1.1 413"),
              "a body in chunks")
    tap.check(raw(agent, b"GET /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n").startswith(b"HTTP/1.1 413"),
              "a body that never comes")
    for many in (b"GET /" + b"a" * 100000, b"GET /live HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100000,
                 b"GET /live HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20000):
        try:
            answer = raw(agent, many + b"\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
        tap.check(answer == b"" or answer.split()[1] in (b"413", b"414", b"431"), f"{answer[:80]}")
    for junk in (b"\0" * 2000 + b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        raw(agent, junk)
    tap.equal(ask(agent, "/live").status, 200, "it lives")


@tap.test(timeout=60)
def headers_keep_browsers_from_mistakes():
    agent = serving(1).wait_leader()
    for path in PATHS + ("/nope",):
        headers = ask(agent, path).headers
        tap.equal((headers["X-Content-Type-Options"], headers["Cross-Origin-Resource-Policy"], headers["X-Frame-Options"],
                   headers["Cache-Control"]), ("nosniff", "same-origin", "DENY", "no-store"), path)
        tap.check("default-src 'none'" in headers["Content-Security-Policy"], path)
        tap.check("unsafe" not in headers["Content-Security-Policy"] and "Access-Control-Allow-Origin" not in headers, path)
    page = ask(agent, "/")
    tap.equal(page.headers["Content-Type"], "text/html; charset=utf-8", "type")
    policy = page.headers["Content-Security-Policy"]
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        parts = re.findall(f"<{element}>(.*?)</{element}>", page.body.decode(), re.DOTALL)
        tap.equal(len(parts), 1, f"elements {element}")
        digest = base64.b64encode(hashlib.sha256(parts[0].encode()).digest()).decode()
        tap.check(f"{directive} 'sha256-{digest}';" in policy, f"{element} has its hash in {policy}")


@tap.test(timeout=60)
def other_names_are_refused():
    agent = serving(1, hosts=("n1.example.org",)).agents["n1"]
    port = place(agent)[1]
    for host in ("localhost", f"127.0.0.1:{port}", f"localhost:{port}", "[::1]", "N1.example.org:443"):
        tap.equal(ask(agent, "/live", headers={"Host": host}).status, 200, host)
    for host in ("evil.example", "evil.example:80", "localhost.evil.example", "192.0.2.1", "n2.example.org", ""):
        for path in ("/", "/v1/members", "/live", "/nope"):
            answer = ask(agent, path, headers={"Host": host})
            tap.equal((answer.status, answer.json()["error"]["code"]), (421, "host"), f"{host} {path}")
            tap.check("--http-host" in answer.json()["error"]["message"], "what to do")
    for lines in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        answer = raw(agent, b"GET /v1/members HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
        tap.equal(answer.split()[1], b"400", f"{lines}")


@tap.test(timeout=60)
def pages_of_others_may_not_ask():
    agent = serving(1).agents["n1"]
    for site, mode, status in (("cross-site", "no-cors", 403), ("same-site", "cors", 403), ("cross-site", "navigate", 200),
                               ("same-origin", "cors", 200), ("none", "navigate", 200)):
        answer = ask(agent, "/v1/members", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode})
        tap.equal(answer.status, status, f"{site} {mode}")
    own = "http://{}:{}".format(*place(agent))
    for origin, more, status in ((own, {}, 200), ("http://evil.example", {}, 403), ("http://127.0.0.1:1", {}, 403), ("null", {}, 403),
                                 ("https://proxy.example", {"Sec-Fetch-Site": "same-origin"}, 200)):
        for path in ("/", "/v1/members", "/v1/events?last=1&types=ready", "/leader/default"):
            method = "HEAD" if "events" in path else "GET"
            answer = ask(agent, path, method=method, headers={"Origin": origin, **more})
            tap.equal((answer.status == 403, answer.headers.get("Access-Control-Allow-Origin")), (status == 403, None), f"{origin} {path}")
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Private-Network": "true"}
    answer = ask(agent, "/v1/members", method="OPTIONS", headers=preflight)
    tap.equal((answer.status, [name for name in answer.headers if name.startswith("Access-Control")]), (403, []), "a preflight")
    answer = raw(agent, b"GET /live HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n")
    tap.equal(answer.split()[1], b"403", "without Host")


@tap.test(timeout=60)
def what_is_no_request_is_answered_without_a_word_of_it():
    agent = serving(1).agents["n1"]
    mark = b"<script>mark"
    for line, status in ((b"GET /live HTTP/1.1\r\nHost: localhost\r\n" + mark, b"400"), (b"GET /live HTTP/1.1\r\nX: " + mark, b"400"),
                         (b"GET /live HTTP/1.1\r\nHost: localhost\r\nX: " + mark * 2000, b"431"),
                         (b"GET /" + mark * 2000 + b" HTTP/1.1\r\nHost: localhost", b"414"),
                         (b"GET /" + mark + b" HTTP/2.0\r\nHost: localhost", b"505")):
        answer = raw(agent, line + b"\r\n\r\n")
        tap.equal((answer.split()[1], mark in answer), (status, False), f"{line[:60]}: {answer}")
        tap.check(b"Connection: close" in answer, f"{answer}")


# ------------------------------------------------------------------ metrics

def checked_by_promtool(text):
    if shutil.which("promtool") is None:
        tap.note("not checked by promtool: Debian package prometheus is not installed")
        return
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=LIMIT, check=False)
    tap.equal((result.returncode, result.stdout + result.stderr), (0, b""), "promtool")


@tap.test(timeout=60)
def promtool_finds_nothing_wrong_with_the_metrics():
    if shutil.which("promtool") is None:
        tap.skip("promtool is not installed (Debian package prometheus)")
    agent = serving(3).wait_leader()
    checked_by_promtool(ask(agent, "/metrics").body)
    wrong = subprocess.run(["promtool", "check", "metrics"], input=b"# TYPE x counter\nx 1\n", capture_output=True, timeout=LIMIT, check=False)
    tap.check(wrong.returncode != 0, "it would find something")


@tap.test(timeout=60)
def metrics_tell_the_cluster():
    cluster = serving(3)
    leader = cluster.wait_leader()
    before = {agent.name: metrics(agent) for agent in cluster.living()}
    tap.equal([name for name, found in before.items() if found['bellwether_scope_leads{scope="default"}']], [leader.name], "who leads")
    for agent in cluster.living():
        found = before[agent.name]
        tap.equal(found['bellwether_members{status="alive"}'], 3, "members")
        tap.equal(found['bellwether_scope_has_leader{scope="default"}'], 1, "led")
        tap.equal(sum(found[f'bellwether_scope_role{{scope="default",role="{role}"}}']
                      for role in ("leader", "follower", "candidate", "observer")), 1, "one role")
        tap.equal(found['bellwether_scope_candidates{scope="default"}'], 3, "candidates")
        tap.equal(int(found['bellwether_scope_term{scope="default"}']), agent.ask("leader")["scopes"][0]["term"], "term")
        tap.check(found["bellwether_datagrams_sent_total"] > 0 and found["bellwether_received_bytes_total"] > 0, "traffic")
        tap.check(any(name.startswith("bellwether_build_info{version=") for name in found), "version")
    dead = next(agent for agent in cluster.living() if agent is not leader)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as junk:
        host, port = leader.addr.rsplit(":", 1)
        for _ in range(3):
            junk.sendto(b"?", (host, int(port)))
    dead.kill()
    leader.wait_event("member-dead", name=dead.name)
    found = metrics(leader)
    tap.equal((found['bellwether_members{status="alive"}'], found['bellwether_members{status="dead"}']), (2, 1), "one is dead")
    tap.equal(found['bellwether_events_total{type="member-dead"}'], 1, "its event")
    suspicions = sum(found[f'bellwether_suspicions_total{{by="{who}"}}'] for who in ("self", "others"))
    tap.equal(suspicions, len(leader.events("member-suspect")), "suspicions")
    cause = 'bellwether_datagrams_dropped_total{cause="drop-short"}'
    tap.wait_until(lambda: metrics(leader)[cause] == before[leader.name][cause] + 3, LIMIT, "drops by cause")
    tap.check(all(entry["rtt_ms"] is None or entry["name"] == leader.name or entry["status"] != "alive" or
                  any(name.startswith(f'bellwether_member_rtt_seconds{{member="{entry["name"]}"') for name in found)
                  for entry in leader.ask("members")["members"]), "round trips")


# ------------------------------------------------------------------ events

@tap.test(timeout=60)
def events_are_those_of_monitor():
    cluster = serving(2)
    agent = cluster.wait_leader()
    other = next(entry for entry in cluster.living() if entry is not agent)
    stream = Events(agent, "/v1/events?since=0")
    for number, (seq, event) in enumerate(stream.take(4), 1):
        tap.equal((seq, event["seq"]), (number, number), "ids are numbers")
        logged = next(line.object for line in agent.events() if line.object.get("seq") == number)
        tap.equal(event, logged, "the object of the log, which is that of monitor")
    live = Events(agent)
    other.kill()
    while True:
        seq, event = live.next()
        if event["type"] == "member-dead":
            break
    tap.equal(event["name"], other.name, "it comes as it happens")


@tap.test(timeout=60)
def events_resume_where_they_ended():
    agent = serving(1).wait_leader()
    for number in range(20):
        tap.equal(agent.run("event", f"e{number}").returncode, 0, "event")
    every = Events(agent, "/v1/events?since=0")
    newest = agent.wait_event("user-event", name="e19").object["seq"]
    seqs = [seq for seq, _ in every.take(newest)]
    tap.equal(seqs, list(range(1, newest + 1)), "all, in order")
    tap.equal([seq for seq, _ in Events(agent, last=newest - 3).take(3)], [newest - 2, newest - 1, newest], "Last-Event-ID")
    tap.equal([seq for seq, _ in Events(agent, f"/v1/events?since={newest - 2}").take(2)], [newest - 1, newest], "since")
    tap.equal([seq for seq, _ in Events(agent, "/v1/events?last=2").take(2)], [newest - 1, newest], "last")
    tap.equal(Events(agent, "/v1/events?since=0", last=newest - 1).next()[0], newest, "the header is newer than the address")
    tap.equal(Events(agent, last=newest + 1000).next()[0], 1, "an id of a life before: all is new")
    picked = Events(agent, "/v1/events?since=0&types=self-elected%2Cmember-alive").take(2)
    tap.equal({event["type"] for _, event in picked}, {"self-elected", "member-alive"}, "types")
    for path in ("?since=x", "?since=-1", "?last=99999", "?types=nope", "?types=", "?types=%"):
        tap.equal(ask(agent, "/v1/events" + path).status, 400, path)


@tap.test(timeout=60)
def quiet_streams_get_comments():
    agent = serving(1).wait_leader()
    stream = Events(agent)
    lines = stream.frame()
    tap.equal(lines, [":"], "a comment")  # after 15 s, long after whoever is silent is ended
    tap.equal(agent.run("event", "late").returncode, 0, "event")
    tap.equal(stream.next()[1]["type"], "user-event", "and it goes on")


@tap.test(timeout=60)
def streams_have_a_bound_and_leave_room():
    agent = serving(1).wait_leader()
    streams = [Events(agent) for _ in range(16)]
    answer = ask(agent, "/v1/events")
    tap.equal((answer.status, answer.json()["error"]["code"], answer.headers["Retry-After"]), (503, "busy", "1"), "one too many")
    tap.equal((ask(agent, "/live").status, metrics(agent)["bellwether_http_streams"]), (200, 16), "others are answered")
    for number, stream in enumerate(streams):  # whoever goes makes room at once, not with the next comment
        stream.close()
        tap.wait_until(lambda left=15 - number: metrics(agent)["bellwether_http_streams"] == left, LIMIT, f"{number + 1} have gone")
    tap.equal(Events(agent).answer.status, 200, "there is room")


# ------------------------------------------------------------------ life

@tap.test(timeout=60)
def it_is_as_confined_with_http_as_without():
    cluster = serving(1)
    agent = cluster.wait_leader()
    plain = cluster.add("plain", "--join", agent.addr).start().wait_ready()
    tap.equal(agent.ask("info")["confined"], plain.ask("info")["confined"], "what holds")
    tap.note(f"{agent.ask('info')['confined']}")
    stream = Events(agent)
    for path in PATHS:
        tap.equal(ask(agent, path).status, 200, path)
    tap.check(stream.answer.status == 200 and agent.running(), "it lives")


@tap.test(timeout=60)
def it_ends_with_streams_open_and_requests_waiting():
    agent = serving(1).wait_leader()
    stream, half = Events(agent), connected(agent)
    half.sendall(b"GET /live HTTP/1.1\r\n")
    agent.signal(15)
    tap.equal(agent.wait_exit(), 0, "exit code")
    while stream.frame() is not None:
        pass
    half.close()


@tap.test(timeout=60)
def mistakes_are_told():
    cluster = serving(1)
    agent = cluster.agents["n1"]
    taken = "%s:%d" % place(agent)
    for words, code, parts in ((["--http", taken], 1, ["http at " + taken, "in use", "--http"]),
                               (["--http", "192.0.2.1:8080"], 1, ["http at 192.0.2.1:8080", "--http"]),
                               (["--http", "8080"], 2, ["--http 8080", "127.0.0.1:8080"]),
                               (["--http", "127.0.0.1"], 2, ["--http 127.0.0.1", "TCP port"]),
                               (["--http-host", "n1:80"], 2, ["--http-host n1:80", "without a port"])):
        result = run("agent", "--name", "x", "--key-file", cluster.key, "--bind", "127.0.0.1:0", "--state-dir", cluster.path("x.state"),
                     "--control", cluster.path("x.sock"), *words)
        tap.equal(result.returncode, code, f"{words}: {result.stderr}")
        for part in parts:
            tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")


# ------------------------------------------------------------------ the library

def mapped(agent):
    """The files that it has in memory."""
    with open(f"/proc/{agent.process.pid}/maps", encoding="utf-8") as file:
        return {os.path.basename(line.split()[5]) for line in file if len(line.split()) > 5}


def linked():
    """{library: its file} of the command, as the loader finds them."""
    text = run("version", LD_TRACE_LOADED_OBJECTS="1").stdout
    return dict(re.findall(r"(\S+) => (/\S+)", text))


@tap.test(timeout=60)
def who_answers_no_http_does_not_load_its_library():
    tap.check("libsodium" in " ".join(linked()), "what is linked is seen")
    tap.equal([name for name in linked() if "microhttpd" in name or "gnutls" in name], [], "linked with the command")
    if os.geteuid() != 0:
        tap.skip("the rest needs root: what an agent has in memory is root's to look at")
    cluster = serving(1)
    cluster.add("quiet").start().wait_ready()
    for name, count in (("n1", 1), ("quiet", 0)):
        files = mapped(cluster.agents[name])
        tap.check(any("libsodium" in file for file in files), f"{name} has what it is linked with: {files}")
        tap.equal(len([file for file in files if file.startswith("libmicrohttpd")]), count, f"{name}: {files}")


@tap.test(timeout=60)
def a_library_that_does_not_do_is_named_with_its_package():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    with open(os.path.join(os.environ["BW_BUILD_DIR"], "build-config.h"), encoding="utf-8") as file:
        library, package = re.findall(r'#define HTTP_(?:LIBRARY|PACKAGE) "(.*)"', file.read())
    place_of_it = cluster.path(library)

    def refused(*parts):
        result = run("agent", "--name", "x", "--key-file", cluster.key, "--bind", "127.0.0.1:0", "--state-dir", cluster.path("x.state"),
                     "--control", cluster.path("x.sock"), "--http", "127.0.0.1:0", LD_LIBRARY_PATH=os.path.dirname(place_of_it))
        tap.equal(result.returncode, 1, result.stderr)
        for part in ("http: ", library, f"Debian package: {package}", *parts):
            tap.check(part in result.stderr, f"{part!r} in {result.stderr!r}")

    with open(place_of_it, "wb"):
        pass
    refused("or start without --http")
    os.remove(place_of_it)
    os.symlink(next(path for name, path in linked().items() if name.startswith("libsodium")), place_of_it)
    refused("has no MHD_", "newer")


@tap.test(timeout=60)
def configuration_file_says_it_too():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    result = run("init", cluster.path("made"))
    tap.equal(result.returncode, 0, result.stderr)
    with open(cluster.path("made/bellwether.conf"), encoding="utf-8") as file:
        text = file.read()
    for line in ("#http = 127.0.0.1:7980", "#http-host = n1.example.org"):
        tap.check(line in text, f"{line} in the sample")
    with open(cluster.path("made/bellwether.conf"), "w", encoding="utf-8") as file:
        file.write(text.replace("#http = 127.0.0.1:7980", "http = 127.0.0.1:0").replace("#http-host", "http-host"))
    agent = cluster.add("n1", "--config", cluster.path("made/bellwether.conf")).start().wait_ready()
    tap.equal(ask(agent, "/live", headers={"Host": "n1.example.org"}).status, 200, "its name")
    with open(cluster.path("made/bellwether.conf"), "a", encoding="utf-8") as file:
        file.write("http-host = n2.example.org\n")
    answer = json.loads(agent.run("reload", "--json").stdout)
    tap.equal(answer["restart"], ["http-host"], "what needs a restart is named")
    result = run("agent", "--check-config", "--config", cluster.path("made/bellwether.conf"))
    tap.equal(result.returncode, 0, result.stderr)
    agent.end()
    agent.start("--http", "no").wait_ready()
    tap.equal(agent.ask("info")["http"], None, "the command line overrides it")
    with open(cluster.path("made/bellwether.conf"), "w", encoding="utf-8") as file:
        file.write(text.replace("#http = 127.0.0.1:7980", "http = 127.0.0.1"))
    result = run("agent", "--check-config", "--config", cluster.path("made/bellwether.conf"))
    tap.equal((result.returncode, "http = 127.0.0.1: an address" in result.stderr), (2, True), result.stderr)


@tap.test(timeout=60)
def it_answers_over_ipv6():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as error:
            tap.skip(f"no IPv6 on loopback: {error}")
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("n1", "--http", "[::1]:0").start().wait_ready()
    tap.equal(place(agent)[0], "::1", "address")
    tap.equal(ask(agent, "/live").status, 200, "answer")


if __name__ == "__main__":
    tap.main(parallel=6)
