"""The shared library as ctypes sees it: structs, functions, errors. tests/e2e/python_module.py holds the structs to the headers'."""

import ctypes
import os
from ctypes import POINTER, Structure, c_bool, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p

NAME_SIZE = 64
PARAMS_ROOM = 64
NEVER = 2**63 - 1
PREEMPT_NEVER = 2**32 - 1
CHANNEL_MIN = 16
PROFILES = {"local": 0, "lan": 1, "wan": 2}
MODES = {"priority": 0, "quorum": 1, "bully": 2}
FAILOVERS = {"fast": 0, "safe": 1}
STATUS_LIVING = 1  # alive or suspect


class Time(Structure):
    _fields_ = [("mono_us", c_int64), ("wall_us", c_int64)]


class Id(Structure):
    _fields_ = [("bytes", c_uint8 * 16)]

    def text(self):
        return bytes(self.bytes).hex()

    def __bool__(self):
        return any(self.bytes)


class Addr(Structure):
    _fields_ = [("ip", c_uint8 * 16), ("port", c_uint16), ("family", c_uint8)]


class Bytes(Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def copy(self):
        return ctypes.string_at(self.data, self.size) if self.size else b""


class Token(Structure):
    _fields_ = [("term", c_uint64), ("id", Id)]


RESIZE = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t, c_size_t)
ENTROPY = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)


class Allocator(Structure):
    _fields_ = [("resize", RESIZE), ("context", c_void_p)]


class Params(Structure):
    _fields_ = [("values", c_uint32 * PARAMS_ROOM)]


class Tag(Structure):
    _fields_ = [("name", c_char_p), ("value", c_char_p)]


class ScopeConfig(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("mode", c_int), ("failover", c_int), ("priority", c_uint16),
                ("min_ack", c_uint16), ("min_confirm", c_uint16), ("lease_ms", c_uint32), ("gate", c_bool), ("stop_ms", c_uint32),
                ("min_view", c_uint16), ("preempt_ms", c_uint32), ("witness", c_bool), ("voters", POINTER(c_char_p)),
                ("voter_count", c_size_t), ("range_first", c_uint32), ("range_count", c_uint32), ("spread", c_bool),
                ("seats", c_uint16), ("seat_limit", c_uint16)]


class Config(Structure):
    _fields_ = [("size", c_size_t), ("params", Params), ("allocator", Allocator), ("entropy", ENTROPY), ("entropy_context", c_void_p),
                ("name", c_char_p), ("cluster", c_char_p), ("addr", Addr), ("keys", c_char_p), ("keys_size", c_size_t),
                ("seeds", POINTER(Addr)), ("seed_count", c_size_t), ("tags", POINTER(Tag)), ("tag_count", c_size_t),
                ("scopes", POINTER(ScopeConfig)), ("scope_count", c_size_t), ("durable", c_bool), ("state", Bytes),
                ("discover", c_bool), ("identity", c_char_p), ("identity_size", c_size_t), ("certificate", c_char_p),
                ("certificate_size", c_size_t), ("authority", c_char_p)]


class Datagram(Structure):
    _fields_ = [("to", Addr), ("data", c_void_p), ("size", c_size_t)]


class Event(Structure):
    _fields_ = [("type", c_int), ("time", Time), ("name", c_char * NAME_SIZE), ("id", Id), ("addr", Addr), ("incarnation", c_uint64),
                ("by", c_char * NAME_SIZE), ("own", c_bool), ("scope", c_char * NAME_SIZE), ("token", Token), ("other", Token),
                ("overlap_ms", c_int64), ("reason", c_int), ("topic", c_char * NAME_SIZE), ("payload", Bytes), ("ltime", c_uint64),
                ("query", c_uint64), ("left_ms", c_int64), ("acks", c_uint32), ("responses", c_uint32), ("expected", c_uint32),
                ("bound", c_char_p), ("protocol_min", c_uint8), ("protocol_max", c_uint8), ("dropped", c_uint64),
                ("version", c_uint64), ("keys", c_uint32), ("error", c_int)]


class MemberInfo(Structure):
    _fields_ = [("id", Id), ("name", c_char_p), ("addr", Addr), ("status", c_int), ("incarnation", c_uint64), ("tags", Bytes),
                ("rtt_us", c_int64), ("since_wall_us", c_int64), ("protocol", c_uint8), ("self", c_bool)]


class ScopeInfo(Structure):
    _fields_ = [("scope", c_char_p), ("mode", c_int), ("has_leader", c_bool), ("token", Token), ("leader", c_char_p), ("role", c_int),
                ("since_wall_us", c_int64), ("lease_us", c_int64), ("frozen", c_bool), ("frozen_id", Id), ("frozen_by", c_char_p),
                ("frozen_us", c_int64), ("stop_us", c_int64), ("previous", Token), ("previous_leader", c_char_p)]


class Query(Structure):
    _fields_ = [("name", c_char_p), ("payload", Bytes), ("nodes", POINTER(c_char_p)), ("node_count", c_size_t), ("tags", POINTER(Tag)),
                ("tag_count", c_size_t), ("ack", c_bool), ("timeout_ms", c_uint32)]


class Message(Structure):
    _fields_ = [("sender", Id), ("channel", c_uint8), ("data", c_void_p), ("size", c_size_t)]


STRUCTS = {"bw_time": Time, "bw_id": Id, "bw_addr": Addr, "bw_bytes": Bytes, "bw_token": Token, "bw_allocator": Allocator,
           "bw_tag": Tag, "bw_scope_config": ScopeConfig, "bw_config": Config, "bw_datagram": Datagram, "bw_event": Event,
           "bw_member_info": MemberInfo, "bw_scope_info": ScopeInfo, "bw_query": Query, "bw_message": Message, "bw_params": Params}

_NODE = c_void_p
_CHARS = c_char_p
# name: (result, arguments)
_FUNCTIONS = {
    "bw_addr_parse": (c_int, [POINTER(Addr), _CHARS, c_uint16]),
    "bw_addr_text": (None, [POINTER(Addr), _CHARS]),
    "bw_config_init_sized": (None, [POINTER(Config), c_size_t, c_int]),
    "bw_error_name": (_CHARS, [c_int]),
    "bw_error_text": (_CHARS, [c_int]),
    "bw_event_name": (_CHARS, [c_int]),
    "bw_loop_now": (Time, []),
    "bw_loss_name": (_CHARS, [c_int]),
    "bw_node_claim_above": (c_int, [_NODE, _CHARS, POINTER(Token), Time]),
    "bw_node_converged": (c_bool, [_NODE]),
    "bw_node_create": (c_int, [POINTER(_NODE), POINTER(Config), Time]),
    "bw_node_deadline": (c_int64, [_NODE]),
    "bw_node_destroy": (None, [_NODE]),
    "bw_node_event": (c_bool, [_NODE, POINTER(Event)]),
    "bw_node_forget": (c_int, [_NODE, POINTER(Id), Time]),
    "bw_node_freeze": (c_int, [_NODE, _CHARS, c_uint32, Time]),
    "bw_node_id": (Id, [_NODE]),
    "bw_node_join": (c_int, [_NODE, POINTER(Addr), c_size_t, Time]),
    "bw_node_leave": (None, [_NODE, Time]),
    "bw_node_left": (c_bool, [_NODE]),
    "bw_node_may_act": (c_bool, [_NODE, _CHARS, Time]),
    "bw_node_member": (c_int, [_NODE, c_size_t, POINTER(MemberInfo)]),
    "bw_node_message": (c_bool, [_NODE, POINTER(Message)]),
    "bw_node_persist": (c_bool, [_NODE, POINTER(Bytes)]),
    "bw_node_persisted": (None, [_NODE, c_bool, Time]),
    "bw_node_priority": (c_int, [_NODE, _CHARS, c_uint16, Time]),
    "bw_node_query": (c_int, [_NODE, POINTER(Query), POINTER(c_uint64), Time]),
    "bw_node_ready": (c_int, [_NODE, _CHARS, c_bool, c_uint32, Time]),
    "bw_node_receive": (c_int, [_NODE, _CHARS, c_size_t, POINTER(Addr), Time]),
    "bw_node_refused": (c_int, [_NODE, _CHARS, c_size_t, POINTER(Addr), Time]),
    "bw_node_respond": (c_int, [_NODE, c_uint64, Bytes, Time]),
    "bw_node_scope": (c_int, [_NODE, c_size_t, POINTER(ScopeInfo), Time]),
    "bw_node_scope_add": (c_int, [_NODE, POINTER(ScopeConfig), Time]),
    "bw_node_scope_find": (c_int, [_NODE, _CHARS, POINTER(ScopeInfo), Time]),
    "bw_node_scope_remove": (c_int, [_NODE, _CHARS, Time]),
    "bw_node_send": (c_int, [_NODE, POINTER(Id), c_uint8, _CHARS, c_size_t, Time]),
    "bw_node_set_tags": (c_int, [_NODE, POINTER(Tag), c_size_t, Time]),
    "bw_node_stepdown": (c_int, [_NODE, _CHARS, c_uint32, Time]),
    "bw_node_stopped": (c_int, [_NODE, _CHARS, Time]),
    "bw_node_thaw": (c_int, [_NODE, _CHARS, Time]),
    "bw_node_tick": (None, [_NODE, Time]),
    "bw_node_transfer": (c_int, [_NODE, _CHARS, POINTER(Id), POINTER(_CHARS), Time]),
    "bw_node_transmit": (c_bool, [_NODE, POINTER(Datagram), Time]),
    "bw_node_user_event": (c_int, [_NODE, _CHARS, Bytes, POINTER(c_uint64), Time]),
    "bw_params_check": (c_int, [POINTER(Params), POINTER(_CHARS)]),
    "bw_params_set": (c_int, [POINTER(Params), _CHARS, c_uint32]),
    "bw_role_name": (_CHARS, [c_int]),
    "bw_scope_config_init_sized": (None, [POINTER(ScopeConfig), c_size_t, _CHARS]),
    "bw_status_name": (_CHARS, [c_int]),
    "bw_tag_next": (c_bool, [Bytes, POINTER(c_size_t), POINTER(Bytes), POINTER(Bytes)]),
    "bw_token_parse": (c_int, [POINTER(Token), _CHARS]),
    "bw_token_text": (None, [POINTER(Token), _CHARS]),
}


def _load():
    name = os.environ.get("BELLWETHER_LIBRARY") or "libbellwether.so.0"
    try:
        loaded = ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(f"{error}; install the library (Debian: libbellwether0), or name its file in BELLWETHER_LIBRARY") from None
    for function, (result, arguments) in _FUNCTIONS.items():
        try:
            found = getattr(loaded, function)
        except AttributeError:
            raise ImportError(f"{name} has no {function}: it is another version than this module") from None
        found.restype = result
        found.argtypes = arguments
    return loaded


lib = _load()


class Error(Exception):
    """The library refused: code is its number, name its word ("not-found"), reason why, if it said so."""

    def __init__(self, code, reason=None):
        self.code = code
        self.name = lib.bw_error_name(code).decode()
        self.reason = reason
        super().__init__(f"{reason} ({lib.bw_error_text(code).decode()})" if reason else lib.bw_error_text(code).decode())


class Closed(RuntimeError):
    """The member has been closed."""


def check(code, reason=None):
    if code != 0:
        raise Error(code, reason.value.decode() if reason is not None and reason.value else None)


# The core asks for memory through one function. These two live as long as the module: whatever node is left behind may call them.
_libc = ctypes.CDLL(None)
_libc.realloc.restype = c_void_p
_libc.realloc.argtypes = [c_void_p, c_size_t]
_libc.free.restype = None
_libc.free.argtypes = [c_void_p]


@RESIZE
def resize(_context, memory, _old_size, new_size):
    if new_size == 0:
        _libc.free(memory)
        return None
    return _libc.realloc(memory, new_size)


@ENTROPY
def entropy(_context, data, size):
    try:
        ctypes.memmove(data, os.urandom(size), size)
    except BaseException:  # an exception would be swallowed here, and a key be made of what was in memory
        os.abort()
