"""What a member stands for."""

import dataclasses

from . import _library as c


@dataclasses.dataclass(frozen=True)
class Scope:
    """A scope that a member stands in; see struct bw_scope_config for each setting. preempt_ms None: never."""

    name: str
    priority: int = 100
    mode: str = "priority"
    failover: str = "fast"
    min_ack: int = 1
    min_confirm: int = 1
    lease_ms: int = 0
    gate: bool = False
    stop_ms: int = 0
    min_view: int = 0
    preempt_ms: int = 10000
    witness: bool = False
    voters: tuple = ()
    range_first: int = 0
    range_count: int = 0
    spread: bool = False
    seats: int = 0
    seat_limit: int = 0


_PLAIN = ("priority", "min_ack", "min_confirm", "lease_ms", "gate", "stop_ms", "min_view", "witness", "range_first", "range_count",
          "spread", "seats", "seat_limit")


def _one_of(table, value, what):
    if value not in table:
        raise ValueError(f"{what} {value!r}: one of {', '.join(table)}")
    return table[value]


def strings(values):
    encoded = [value.encode() for value in values]
    return (c.c_char_p * max(len(encoded), 1))(*encoded), len(encoded)


def tags_of(tags):
    pairs = [(name.encode(), value.encode()) for name, value in (tags or {}).items()]
    return (c.Tag * max(len(pairs), 1))(*pairs), len(pairs)


def fill_scope(raw, scope):
    """Fills in the struct; returns what must live as long as it."""
    scope = Scope(scope) if isinstance(scope, str) else scope
    name = scope.name.encode()
    c.lib.bw_scope_config_init_sized(raw, c.ctypes.sizeof(c.ScopeConfig), name)
    raw.mode = _one_of(c.MODES, scope.mode, "mode")
    raw.failover = _one_of(c.FAILOVERS, scope.failover, "failover")
    raw.preempt_ms = c.PREEMPT_NEVER if scope.preempt_ms is None else scope.preempt_ms
    for field in _PLAIN:
        value = getattr(scope, field)
        setattr(raw, field, value)
        if getattr(raw, field) != value:  # ctypes cuts off what does not fit
            raise ValueError(f"scope {scope.name!r}: {field}={value} is out of range")
    voters, raw.voter_count = strings(scope.voters)
    raw.voters = c.ctypes.cast(voters, c.POINTER(c.c_char_p))
    return name, voters
