"""What the tests of HTTP share: agents that answer it, and clients, among them rude ones."""

import http.client
import json
import socket

import tap
from cluster import LIMIT, Cluster

PATHS = ("/", "/metrics", "/v1/members", "/v1/leader", "/v1/leader/default", "/v1/history", "/v1/info", "/v1/why/n1", "/leader/default",
         "/ready", "/live")


def serving(count, *words, hosts=(), **more):
    """A cluster whose agents all answer HTTP, somewhere on loopback."""
    cluster = Cluster(**more)
    tap.cleanup(cluster.close)
    named = [word for host in hosts for word in ("--http-host", host)]
    cluster.start(count, "--http", "127.0.0.1:0", *named, *words)
    return cluster


def place(agent):
    """(host, port) at which it says that it answers."""
    host, port = agent.events("ready")[-1].object["http"].rsplit(":", 1)
    return host.strip("[]"), int(port)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def ask(agent, path, method="GET", headers=(), body=None, timeout=LIMIT):
    connection = http.client.HTTPConnection(*place(agent), timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def raw(agent, data, timeout=LIMIT):
    """Sends these bytes, and gives back all that comes until the end."""
    with connected(agent, timeout=timeout) as client:
        client.sendall(data)
        got = b""
        while True:
            try:
                part = client.recv(65536)
            except ConnectionResetError:
                return got
            if not part:
                return got
            got += part


def connected(agent, receive=None, timeout=LIMIT):
    client = socket.socket()
    if receive:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    client.settimeout(timeout)
    client.connect(place(agent))
    tap.cleanup(client.close)
    return client


def metrics(agent):
    """{series: number}."""
    lines = ask(agent, "/metrics").body.decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}


class Events:
    """A stream of events that is followed."""

    def __init__(self, agent, path="/v1/events", last=None):
        self.connection = http.client.HTTPConnection(*place(agent), timeout=LIMIT)
        tap.cleanup(self.connection.close)
        self.connection.connect()
        self.socket = self.connection.sock
        self.connection.request("GET", path, headers={} if last is None else {"Last-Event-ID": str(last)})
        self.answer = self.connection.getresponse()
        self.comments = []
        if self.answer.status == 200:
            tap.equal(self.answer.getheader("Content-Type"), "text/event-stream", "type")
            self.frame()  # retry, and a comment that says what there is

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.answer.close()
        self.connection.close()

    def frame(self):
        """The lines up to an empty one; None: the stream has ended."""
        lines = []
        while True:
            try:
                line = self.answer.readline()
            except (http.client.IncompleteRead, ConnectionError):
                return None
            if not line:
                return None
            if line == b"\n":
                return lines
            lines.append(line.decode().rstrip("\n"))

    def next(self):
        """(id, object) of the next event."""
        while True:
            lines = self.frame()
            tap.check(lines is not None, "the stream has not ended")
            if all(line.startswith(":") for line in lines):
                self.comments += lines
                continue
            tap.equal([line.split(": ", 1)[0] for line in lines], ["id", "data"], f"fields of {lines}")
            return int(lines[0][4:]), json.loads(lines[1][6:])

    def take(self, count):
        return [self.next() for _ in range(count)]
