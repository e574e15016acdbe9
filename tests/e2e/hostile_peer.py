"""An enemy for tests: on the path, without the key. It sees every packet on the bridge of a namespaces.Network and puts any packet
there, from whatever address it likes; what it is sent at its own address is counted. With decoder.py and the key it is a member gone bad."""

import collections
import ctypes
import errno
import os
import pathlib
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "vectors"))

PORT = 7946
SOL_SOCKET_RCVBUFFORCE = 33
ETH_P_ALL, PACKET_OUTGOING, CLONE_NEWNET = 3, 4, 0x40000000

Capture = collections.namedtuple("Capture", "source target data mac")  # addresses: (ip, port); mac: the target's


def inside(namespace, make):
    """What make() gives, called in that network namespace: a socket stays where it was made."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as here, open(f"/run/netns/{namespace}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return make()
        finally:
            if libc.setns(here.fileno(), CLONE_NEWNET) != 0:
                os._exit(1)  # nothing else may run in there


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ip_packet(source, target, data):
    """UDP in IPv4; without UDP's checksum, which may be left out."""
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0) + data
    ends = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    return head[:10] + struct.pack(">H", checksum(head + ends)) + ends + udp


class Enemy:
    def __init__(self, network, number):
        """number: of the host that is the enemy's own."""
        self.network = network
        self.address = (network.address(number), PORT)
        self.captures = []
        self.macs = {}
        self.wire = inside(f"{network.prefix}hub", self._listen)
        # Somebody listens, so that answers are not refused by the host.
        self.ear = inside(network.host(number), lambda: self._bind(self.address))

    @staticmethod
    def _listen():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        wire.setsockopt(socket.SOL_SOCKET, SOL_SOCKET_RCVBUFFORCE, 1 << 26)
        wire.setblocking(False)
        return wire

    @staticmethod
    def _bind(address):
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind(address)
        ear.setblocking(False)
        return ear

    def close(self):
        self.wire.close()
        self.ear.close()

    def look(self):
        """All that was sent since it last looked."""
        found = []
        while True:
            try:
                frame, (_, _, kind, _, _) = self.wire.recvfrom(2048)
            except BlockingIOError:
                break
            if kind == PACKET_OUTGOING or frame[12:14] != b"\x08\0" or frame[23] != 17:
                continue
            head = 14 + 4 * (frame[14] & 15)
            source, target, size = struct.unpack(">HHH", frame[head : head + 6])
            capture = Capture((socket.inet_ntoa(frame[26:30]), source), (socket.inet_ntoa(frame[30:34]), target),
                              frame[head + 8 : head + size], frame[:6])
            self.macs[capture.target[0]] = capture.mac
            found.append(capture)
        self.captures += found
        return found

    def send(self, target, data, source=None):
        """To the host with this address, as if from there. Goes out of the bridge's port to it, so none other sees it."""
        number = int(target[0].rsplit(".", 1)[1])
        frame = self.macs[target[0]] + b"\x02\0\0\0\0\x66\x08\0" + ip_packet(source or self.address, target, data)
        while True:
            try:
                self.wire.sendto(frame, (f"to{number}", 0))
                return
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the device's queue is full: it is sent again
                    raise
