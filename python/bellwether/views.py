"""What a member tells: copies in Python, which stay what they are while the cluster goes on."""

import dataclasses

from . import _library as c
from ._host import addr_text


def token_text(token):
    """32 hex digits, whose order is the order of the tokens; None for no reign."""
    if token.term == 0:
        return None
    text = c.ctypes.create_string_buffer(33)
    c.lib.bw_token_text(token, text)
    return text.value.decode()


def text(value):
    return value.decode("utf-8", "replace") if value else ""


@dataclasses.dataclass(frozen=True)
class Event:
    """One event; type as in `bellwether monitor --json` ("leader-elected"). What a type has not is None, "" or 0 (event.h)."""

    type: str
    time: float  # seconds since 1970
    name: str  # the member, the leader, or who asked or answered
    id: str
    addr: str
    incarnation: int
    by: str
    own: bool
    scope: str
    token: str  # of the reign; None: none
    other: str
    overlap_ms: int
    reason: str
    topic: str
    payload: bytes
    ltime: int
    query: int
    left_ms: int
    acks: int
    responses: int
    expected: int
    bound: str
    dropped: int
    version: int
    keys: int
    error: str
    other_id: str  # of member-conflict: the other member's of that name, which is at addr


def event_of(raw):
    return Event(
        type=text(c.lib.bw_event_name(raw.type)), time=raw.time.wall_us / 1e6, name=text(raw.name), id=raw.id.text() if raw.id else "",
        addr=addr_text(raw.addr) if raw.addr.family else "", incarnation=raw.incarnation, by=text(raw.by), own=raw.own,
        scope=text(raw.scope), token=token_text(raw.token), other=token_text(raw.other), overlap_ms=raw.overlap_ms,
        reason=text(c.lib.bw_loss_name(raw.reason)) if raw.reason else "", topic=text(raw.topic), payload=raw.payload.copy(),
        ltime=raw.ltime, query=raw.query, left_ms=raw.left_ms, acks=raw.acks, responses=raw.responses, expected=raw.expected,
        bound=text(raw.bound), dropped=raw.dropped, version=raw.version, keys=raw.keys,
        error=text(c.lib.bw_error_name(raw.error)) if raw.error else "", other_id=raw.other.id.text() if raw.other.id else "")


@dataclasses.dataclass(frozen=True)
class MemberInfo:
    name: str
    id: str
    addr: str
    status: str  # "alive", "suspect", "dead", "left"
    incarnation: int
    tags: dict
    rtt_ms: float  # None: not measured
    since: float  # seconds since 1970
    own: bool


def _tags(raw):
    at, name, value, tags = c.c_size_t(0), c.Bytes(), c.Bytes(), {}
    while c.lib.bw_tag_next(raw, at, name, value):
        tags[text(name.copy())] = text(value.copy())
    return tags


def member_of(raw):
    return MemberInfo(name=text(raw.name), id=raw.id.text(), addr=addr_text(raw.addr), status=text(c.lib.bw_status_name(raw.status)),
                      incarnation=raw.incarnation, tags=_tags(raw.tags), rtt_ms=None if raw.rtt_us < 0 else raw.rtt_us / 1000,
                      since=raw.since_wall_us / 1e6, own=raw.self)


@dataclasses.dataclass(frozen=True)
class ScopeInfo:
    scope: str
    mode: str
    leader: str  # its name; None: nobody leads
    leader_id: str
    token: str
    term: int
    role: str  # ours: "leader", "follower", "candidate", "observer"
    since: float
    lease_ms: float  # what is left of our own lease; None: we do not lead
    frozen: bool


def scope_of(raw):
    led = raw.has_leader
    return ScopeInfo(scope=text(raw.scope), mode={v: k for k, v in c.MODES.items()}.get(raw.mode, str(raw.mode)),
                     leader=text(raw.leader) if led else None, leader_id=raw.token.id.text() if led else None,
                     token=token_text(raw.token) if led else None, term=raw.token.term if led else 0,
                     role=text(c.lib.bw_role_name(raw.role)), since=raw.since_wall_us / 1e6,
                     lease_ms=None if raw.lease_us < 0 else raw.lease_us / 1000, frozen=raw.frozen)


@dataclasses.dataclass(frozen=True)
class Message:
    """A direct message of a member."""

    sender: str  # its id
    channel: int
    data: bytes
