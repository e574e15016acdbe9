"""The agent over HTTP, and those who send much, or slowly, or never read: they cannot stall it, and have bounds."""

import concurrent.futures
import http.client
import json
import random
import socket
import threading
import time

import tap
from cluster import LIMIT
from http_client import ask, connected, metrics, place, raw, serving


def alive_and_well(agent, what):
    answer = agent.ask("info")
    tap.note(f"local health {answer['health']}")
    tap.equal((answer["state"], answer["events_lost"]), ("member", 0), what)


def has_room(agent):
    """Whether it has ended nearly all its connections: where just one found room, the next may not."""
    try:
        return metrics(agent)["bellwether_http_connections"] <= 4
    except (http.client.HTTPException, ConnectionError, KeyError, IndexError, ValueError):
        return False


@tap.test(timeout=90)
def who_never_reads_is_cut_off_and_stalls_nobody():
    cluster = serving(2, profile="lan")
    agent = cluster.wait_leader()
    deaf = connected(agent, receive=4096)
    deaf.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    tap.wait_until(lambda: metrics(agent)["bellwether_http_streams"] == 1, LIMIT, "it is there")
    control = socket.socket(socket.AF_UNIX)
    control.connect(agent.control)
    control.settimeout(LIMIT)
    answers = control.makefile("rb")
    answers.readline()
    request = json.dumps({"op": "event", "name": "much", "payload": "x" * 400}).encode() + b"\n"
    sent = 0
    end = time.monotonic() + LIMIT

    def is_cut():
        nonlocal sent
        control.sendall(request)
        sent += b"error" not in answers.readline()
        return metrics(agent)["bellwether_http_streams"] == 0
    while not is_cut():
        tap.check(time.monotonic() < end, f"it is cut off in the end ({sent} events)")
    tap.note(f"cut off after {sent} events")
    alive_and_well(agent, "the agent is well")
    tap.equal([len(entry.events("member-dead")) for entry in cluster.living()], [0, 0], "nobody is held for dead")


@tap.test(timeout=90)
def who_drips_its_request_is_cut_off():
    agent = serving(1).agents["n1"]
    drip = connected(agent)
    drip.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\nX: ")
    begin = time.monotonic()
    try:
        while time.monotonic() < begin + 60:
            drip.sendall(b"a")
            drip.settimeout(.5)
            try:
                if drip.recv(100) == b"":
                    break
            except socket.timeout:
                continue
    except (BrokenPipeError, ConnectionResetError):
        pass
    took = time.monotonic() - begin
    tap.check(took < 50, f"it was cut off after {took:.0f} s")
    tap.equal(metrics(agent)["bellwether_http_connections_cut_total"], 1, "and is counted")


@tap.test(timeout=90)
def connections_have_a_bound_and_the_idle_go():
    cluster = serving(2, profile="lan")
    agent = cluster.wait_leader()
    idle = [connected(agent, timeout=60) for _ in range(80)]
    for _ in range(5):
        tap.equal(agent.run("members").returncode, 0, "members meanwhile")
    alive_and_well(agent, "the agent is well")
    for client in idle:
        try:
            tap.equal(client.recv(1), b"", "it is ended")
        except ConnectionResetError:
            pass
    tap.wait_until(lambda: has_room(agent), LIMIT, "and there is room again")
    tap.equal([len(entry.events("member-dead")) for entry in cluster.living()], [0, 0], "nobody is held for dead")


@tap.test(timeout=90)
def a_flood_of_requests_takes_its_share_alone():
    cluster = serving(3, profile="lan")
    agent = cluster.wait_leader()
    ended = threading.Event()
    count = [0] * 8

    def flood(number):
        connection = http.client.HTTPConnection(*place(agent), timeout=LIMIT)
        while not ended.is_set():
            connection.request("GET", "/metrics")
            tap.equal(connection.getresponse().read()[:1], b"#", "answer")
            count[number] += 1
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(len(count)) as pool:
        floods = [pool.submit(flood, number) for number in range(len(count))]
        try:
            token = agent.reign()[0]
            for _ in range(50):
                tap.equal(ask(agent, "/leader/default").json()["token"], token, "a check in between is answered, and it leads on")
        finally:
            ended.set()
        for it in floods:
            it.result()
    tap.note(f"{sum(count)} answers meanwhile, by connection {count}")
    tap.check(min(count) > 0, f"all had their turn: {count}")
    tap.equal([len(entry.events("member-dead")) for entry in cluster.living()], [0, 0, 0], "nobody is held for dead")


@tap.test(timeout=60)
def connections_are_kept_and_requests_queue_in_them():
    agent = serving(1).wait_leader()
    one = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = raw(agent, one * 20 + b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    tap.equal((answer.count(b"HTTP/1.1 200"), answer.count(b'{"live":true}')), (21, 20), "answers")
    tap.check(answer.endswith(b"\n") and b"process_resident_memory_bytes" in answer, "the last one is whole")


def mutated(chance, text):
    """A request with some bytes changed, left out, doubled or put in."""
    data = bytearray(text)
    for _ in range(chance.choice((0, 1, 2, 5, 20))):
        at, kind = chance.randrange(len(data)), chance.randrange(4)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1 and len(data) > 6:
            del data[at:at + chance.randrange(1, 6)]
        elif kind == 2 and len(data) < 4000:
            data[at:at] = data[:at]
        else:
            data[at:at] = bytes([chance.choice(b"\r\n %:;,=&?/\0\xff")]) * chance.choice((1, 2, 300))
    return bytes(data)


@tap.test(timeout=90)
def requests_that_are_mangled_change_nothing():
    cluster = serving(2, profile="lan")
    agent = cluster.wait_leader()
    token, chance = agent.reign()[0], random.Random(7)
    whole = [b"GET /v1/events?since=0&types=member-alive HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 3\r\n\r\n",
             b"GET /leader/orders%2F3 HTTP/1.0\r\n\r\n", b"HEAD /metrics HTTP/1.1\r\nHost: [::1]:80\r\nConnection: keep-alive\r\n\r\n",
             b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd",
             b"POST /v1/why/n1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
             b"GET http://localhost/v1/members HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\nExpect: 100-continue\r\n\r\n",
             b"GET /v1/history/default HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/leader HTTP/1.1\r\nHost: localhost\r\n\r\n"]
    kept = []
    for _ in range(1500):
        client = socket.create_connection(place(agent), timeout=LIMIT)
        try:
            client.sendall(mutated(chance, chance.choice(whole)))
            if chance.random() < .3:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # ended while it spoke
        kept.append(client)
        if len(kept) > 12:
            kept.pop(chance.randrange(len(kept))).close()
    for client in kept:
        client.close()
    tap.wait_until(lambda: has_room(agent), LIMIT, "once their connections are gone there is room")
    tap.equal((ask(agent, "/leader/default").status, agent.reign()[0]), (200, token), "it leads on")
    alive_and_well(agent, "the agent is well")
    tap.equal([len(entry.events("member-dead")) for entry in cluster.living()], [0, 0], "nobody is held for dead")
    tap.wait_until(lambda: metrics(agent)["bellwether_http_streams"] == 0, LIMIT, "nothing is left of them")


if __name__ == "__main__":
    tap.main(parallel=6)
