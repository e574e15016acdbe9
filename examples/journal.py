#!/usr/bin/env python3
"""A journal on several machines, as a small database with one primary: docs/recipes/standby.md.

    journal.py serve DIRECTORY PORT PEER-ADDRESS:PORT...    keeps the entries, and follows the primary. Always runs
    journal.py promote PORT             the command under `bellwether run`: its server is the primary for as long as this lives
    journal.py behind PORT              how many entries the server lacks, for a health check
    journal.py write ADDRESS:PORT TEXT  one entry; 0: it is written, 1: that one is not the primary
    journal.py read ADDRESS:PORT        all entries

Each entry has the token of the reign in which it was written. Nothing is written twice, nor changed; what an old primary wrote and
nobody else has seen is dropped when a newer one has gone on without it. It shows the hand-over and nothing else: who can reach a port may
write. All addresses here are of one host.
"""

import json
import os
import signal
import socket
import socketserver
import sys
import threading
import time

BATCH = int(os.environ.get("JOURNAL_BATCH", "1000"))  # entries that a follower takes at once
PAUSE = 0.05  # and how long it waits in between
FRESH = 2.0  # peers that were heard within so many seconds count


def ask(peer, **request):
    """One question to a server, and its answer."""
    with socket.create_connection(peer, 1) as connection:
        connection.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(connection.makefile().readline() or "null")


def peer_of(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


class Journal:
    def __init__(self, directory, peers):
        os.makedirs(directory, exist_ok=True)
        self.path = os.path.join(directory, "journal")
        self.peers, self.seen, self.lock = peers, {}, threading.RLock()
        self.open_token, self.entries = None, []
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                self.entries = [json.loads(line) for line in file if line.endswith("\n")]
        self.save(0)

    def save(self, at):
        """Everything from entry number `at` on, durably, before anybody hears of it."""
        whole = at == 0 or at >= len(self.entries)
        with open(self.path + (".new" if whole else ""), "w" if whole else "a", encoding="utf-8") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in self.entries[0 if whole else at:])
            file.flush()
            os.fsync(file.fileno())
        if whole:
            os.replace(self.path + ".new", self.path)

    def position(self):
        """Of two journals the one whose last entry has the larger token is the newer, then the longer one."""
        return [self.entries[-1][0] if self.entries else "", len(self.entries)]

    def fetch(self, start, last):
        """What stands behind the first `start` entries; None if they are not the first ones here."""
        if start > len(self.entries) or (start > 0 and self.entries[start - 1][0] != last):
            return None
        return self.entries[start:start + BATCH]

    def follow(self, peer):
        """One step towards the peer's journal; True if there are more."""
        with self.lock:
            last, start = self.position()
        answer = ask(peer, op="fetch", start=start, last=last)
        with self.lock:
            if self.position() != [last, start]:
                return True
            if answer["entries"] is None:
                self.entries.pop()
                self.save(len(self.entries))
            elif answer["entries"]:
                self.entries += answer["entries"]
                self.save(start)
            self.seen[peer] = (time.monotonic(), answer["position"])
            return self.position() != answer["position"]

    def look(self, peer):
        answer = ask(peer, op="look")
        with self.lock:
            self.seen[peer] = (time.monotonic(), answer["position"])
        return answer

    def best(self):
        """The newest position that a peer was lately seen to have."""
        with self.lock:
            fresh = time.monotonic() - FRESH
            return max((position for at, position in self.seen.values() if at > fresh), default=["", 0])

    def behind(self):
        with self.lock:
            (token, count), (own, own_count) = self.best(), self.position()
        return max(count - own_count, 1) if (token, count) > (own, own_count) else 0

    def catch_up(self):
        """Before the first write: whatever anybody who can be reached has, above all the last primary."""
        for peer in self.peers:
            try:
                while self.look(peer)["position"] > self.position() and self.follow(peer):
                    pass
            except OSError:
                pass  # it is gone, and what nobody but it has seen with it

    def follow_for_ever(self):
        while True:
            for peer in self.peers:
                try:
                    primary = self.look(peer)["token"]
                    if primary and self.open_token is None and primary >= self.position()[0]:
                        self.follow(peer)
                except (OSError, TypeError):
                    pass
            time.sleep(PAUSE)

    def write(self, text):
        with self.lock:
            if self.open_token is None:
                return None
            self.entries.append([self.open_token, text])
            self.save(len(self.entries) - 1)
            return len(self.entries)


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        journal = self.server.journal
        request = json.loads(self.rfile.readline() or "{}")
        with journal.lock:
            answer = {"position": journal.position(), "token": journal.open_token}
            if request.get("op") == "fetch":
                answer["entries"] = journal.fetch(request["start"], request["last"])
            elif request.get("op") == "write":
                answer["written"] = journal.write(request["text"])
            elif request.get("op") == "behind":
                answer["behind"] = journal.behind()
        if request.get("op") == "promote":
            self.promote(journal, request["token"])
        else:
            self.say(answer)

    def say(self, answer):
        self.wfile.write(json.dumps(answer).encode() + b"\n")

    def gone(self):
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False

    def promote(self, journal, token):
        """For as long as the connection lasts."""
        journal.catch_up()
        with journal.lock:
            if self.gone():
                return
            if token < journal.position()[0]:
                self.say({"error": "a newer primary has been here"})
                return
            journal.open_token = token
        self.say({"token": token})
        self.rfile.readline()
        with journal.lock:  # what is being written is written first
            journal.open_token = None
        self.say({"token": None})


def serve(directory, port, *peers):
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", int(port)), Client) as server:
        server.daemon_threads = True
        server.journal = Journal(directory, [peer_of(peer) for peer in peers])
        threading.Thread(target=server.journal.follow_for_ever, daemon=True).start()
        server.serve_forever()


def promote(port):
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        file = connection.makefile("rw")
        stop = [signal.SIGTERM, signal.SIGINT]
        file.write(json.dumps({"op": "promote", "token": os.environ["BELLWETHER_TOKEN"]}) + "\n")
        file.flush()
        answer = json.loads(file.readline() or "{}")
        if not answer.get("token"):
            return answer.get("error", "the server has gone")
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        threading.Thread(target=lambda: (file.readline(), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()
        signal.sigwait(stop)
        connection.shutdown(socket.SHUT_WR)  # the server takes nothing more, and says so
        while connection.recv(1):
            pass
    return 0


def main(command, *words):
    if command == "serve":
        return serve(*words)
    if command == "promote":
        return promote(*words)
    if command == "behind":
        print(ask(("127.0.0.1", int(words[0])), op="behind")["behind"])
        return 0
    if command == "write":
        return 0 if ask(peer_of(words[0]), op="write", text=words[1])["written"] else 1
    if command == "read":
        entries, more = [], True
        while more:
            last = entries[-1][0] if entries else ""
            more = ask(peer_of(words[0]), op="fetch", start=len(entries), last=last)["entries"]
            entries += more
        print("".join(text + "\n" for _, text in entries), end="")
        return 0
    return __doc__


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, TypeError) as error:
        sys.exit(f"journal.py: {error}")
