"""What a node needs of the operating system: one UDP socket with its error queue, and a state directory (the library's own form)."""

import contextlib
import errno
import fcntl
import os
import socket
import struct

from . import _library as c

RECEIVE_MAX = 256  # datagrams at a time, so that the clock need not wait
DATAGRAM_MAX = 1232
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}  # IP_RECVERR, IPV6_RECVERR
_FROM_ICMP = (2, 3)  # SO_EE_ORIGIN_ICMP, _ICMP6
# What became of an earlier datagram: said once, by whatever is asked of the socket next.
_EARLIER = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENOPROTOOPT, errno.EPROTO,
            errno.EOPNOTSUPP, errno.EACCES)
_QUIET = _EARLIER + (errno.EAGAIN, errno.EINTR, errno.ENOBUFS, errno.ENETDOWN, errno.EPERM, errno.EMSGSIZE, errno.EADDRNOTAVAIL)
SEND_TRIES = 8


def parse_addr(text, port=7947):
    addr = c.Addr()
    if c.lib.bw_addr_parse(addr, text.encode(), port) != 0:
        raise ValueError(f"{text!r} is no numeric address, as 192.0.2.1:7947 or [2001:db8::1]:7947")
    return addr


def addr_text(addr):
    text = c.ctypes.create_string_buffer(56)
    c.lib.bw_addr_text(addr, text)
    return text.value.decode()


def _to_python(addr):
    if addr.family == 4:
        return socket.inet_ntop(socket.AF_INET, bytes(addr.ip[:4])), addr.port
    return socket.inet_ntop(socket.AF_INET6, bytes(addr.ip)), addr.port


def _from_python(address):
    host, port = address[:2]
    six = ":" in host
    packed = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, host.partition("%")[0])
    addr = c.Addr(port=port, family=6 if six else 4)
    addr.ip[: len(packed)] = packed
    return addr


class Udp:
    """The socket of one address family; what cannot be sent is lost, as datagrams may be."""

    def __init__(self, bind):
        self.family = socket.AF_INET6 if bind.family == 6 else socket.AF_INET
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            if self.family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.socket.setsockopt(*_RECVERR[self.family], 1)
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.socket.bind(_to_python(bind))
        except OSError as error:
            self.socket.close()
            raise OSError(error.errno, f"cannot bind UDP {addr_text(bind)}: {error.strerror}; is another member there?") from None

    def bound(self):
        return _from_python(self.socket.getsockname())

    def own_address_towards(self, other):
        """The address that the kernel would send from."""
        with socket.socket(self.family, socket.SOCK_DGRAM) as probe:
            probe.connect(_to_python(other))
            return _from_python(probe.getsockname())

    def send(self, datagram):
        if (datagram.to.family == 6) != (self.family == socket.AF_INET6):
            return
        for _ in range(SEND_TRIES):
            try:
                self.socket.sendto(c.ctypes.string_at(datagram.data, datagram.size), _to_python(datagram.to))
                return
            except OSError as error:
                if error.errno not in _QUIET:
                    raise
                if error.errno not in _EARLIER:
                    return

    def receive(self):
        """What has come: pairs of bytes and sender."""
        for _ in range(RECEIVE_MAX):
            try:
                data, sender = self.socket.recvfrom(DATAGRAM_MAX + 1)  # one more: what is too long is seen to be
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.EINTR):
                    return
                if error.errno not in _QUIET:
                    raise
            else:
                yield data, _from_python(sender)

    def refused(self):
        """Ports that refused what we sent: pairs of the datagram's quoted start and where it went."""
        for _ in range(RECEIVE_MAX):
            try:
                quoted, control, _flags, to = self.socket.recvmsg(DATAGRAM_MAX, 512, socket.MSG_ERRQUEUE)
            except OSError as error:
                if error.errno not in _QUIET:
                    raise
                return
            for level, kind, data in control:
                if (level, kind) == _RECVERR[self.family] and len(data) >= 5 and to:
                    code, origin = struct.unpack_from("=IB", data)
                    if code == errno.ECONNREFUSED and origin in _FROM_ICMP:
                        yield quoted, _from_python(to)

    def close(self):
        self.socket.close()


class Store:
    """A state directory as the agent's: one member at a time, and either the old state or the new one, whole."""

    def __init__(self, path):
        os.makedirs(path, mode=0o700, exist_ok=True)
        self.path = path
        self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._lock = None
        try:
            self._lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._directory)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise BlockingIOError(errno.EAGAIN, f"another member uses the state directory {path}") from None
        except BaseException:
            self.close()
            raise

    def load(self):
        try:
            fd = os.open("state", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._directory)
        except FileNotFoundError:
            return b""
        with open(fd, "rb") as file:
            return file.read()

    def save(self, state):
        fd = os.open("state.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._directory)
        with open(fd, "wb") as file:
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        os.rename("state.new", "state", src_dir_fd=self._directory, dst_dir_fd=self._directory)
        os.fsync(self._directory)

    def close(self):
        for fd in (self._lock, self._directory):
            if fd is not None:
                os.close(fd)
        self._lock = self._directory = None
