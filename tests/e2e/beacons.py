"""Datagrams for the tests of discovery, from inside a network namespace. Each command prints one line of JSON.

    beacons.py record GROUP PORT INTERFACE SECONDS COUNT     the first COUNT that come, in hexadecimal, with their senders
    beacons.py send GROUP PORT INTERFACE SOURCE HEX TIMES    one, from an address; GROUP may be any address
    beacons.py flood GROUP PORT INTERFACE RATE SECONDS       junk: every other one looks like a beacon
    beacons.py count ADDRESS PORT SECONDS                    the sizes of all that come there, until so long after the end of
                                                             standard input
"""

import json
import os
import select
import socket
import struct
import sys
import time


def sender(interface, source=None):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    index = socket.if_nametoindex(interface)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("@4s4si", bytes(4), bytes(4), index))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    if source:
        sock.bind((source, 0))
    return sock


def take(sock, seconds, enough):
    end = time.monotonic() + float(seconds)
    got = []
    while len(got) < enough and time.monotonic() < end:
        sock.settimeout(max(end - time.monotonic(), 0.01))
        try:
            got.append(sock.recvfrom(2048))
        except socket.timeout:
            break
    return got


def record(group, port, interface, seconds, count):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((group, int(port)))
    join = socket.inet_aton(group) + struct.pack("@4si", bytes(4), socket.if_nametoindex(interface))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, join)
    print(json.dumps({"listening": True}), flush=True)
    return [{"hex": data.hex(), "from": address[0]} for data, address in take(sock, seconds, int(count))]


def send(group, port, interface, source, data, times):
    sock = sender(interface, source)
    return [sock.sendto(bytes.fromhex(data), (group, int(port))) for _ in range(int(times))]


def flood(group, port, interface, rate, seconds):
    sock = sender(interface)
    junk = [(b"bwd\1" if i % 2 else os.urandom(4)) + os.urandom(380) for i in range(1000)]
    start = time.monotonic()
    sent = 0
    while time.monotonic() < start + float(seconds):
        due = int((time.monotonic() - start) * int(rate))
        while sent < due:
            sock.sendto(junk[sent % len(junk)], (group, int(port)))
            sent += 1
        time.sleep(0.001)
    return {"sent": sent, "seconds": time.monotonic() - start}


def count(address, port, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    print(json.dumps({"listening": True}), flush=True)
    sizes = []
    while sys.stdin not in (ready := select.select([sock, sys.stdin], [], [])[0]) or sock in ready:
        sizes += [len(sock.recv(2048))] if sock in ready else []
    return sizes + [len(data) for data, _ in take(sock, seconds, 1000)]


if __name__ == "__main__":
    print(json.dumps({"record": record, "send": send, "flood": flood, "count": count}[sys.argv[1]](*sys.argv[2:])))
