"""A member of a cluster, without a thread and without a loop of its own: whoever has one calls step() when fileno() is readable,
or when deadline() is over. aio.py does so for asyncio."""

import concurrent.futures
import contextlib
import ctypes
import logging
import os
import select
import threading
import time

from . import _library as c
from . import views
from ._host import Store, Udp, addr_text, parse_addr
from .scope import fill_scope, strings, tags_of

_log = logging.getLogger("bellwether")


class Member:
    """Joins a cluster and takes part in its elections.

    name: for people. key: the cluster's key ring, text of a key file. bind: ADDRESS[:PORT], port 0: chosen by the kernel. advertise:
    where the others reach us; needed if bind is 0.0.0.0 or :: and there is no seed. seeds: addresses to join. scopes: names or Scope objects;
    none: an observer. state_dir: makes id and terms last. params: {"lease_ms": 2000}. on_event, on_message: called by step(), with an Event or a
    Message; they may call any method.

    All methods belong to the thread that made it. After close() they raise Closed.
    """

    def __init__(self, name, key, *, bind="0.0.0.0:7947", advertise=None, seeds=(), scopes=(), tags=None, cluster="default",
                 profile="lan", params=None, state_dir=None, on_event=None, on_message=None):
        self._thread = threading.get_ident()
        self._node = None
        self._udp = self._store = self._writer = self._poll = self._wake = None
        self._pumping = False
        self._again = False
        self._writing = None
        self._event = c.Event()
        self.on_event = on_event
        self.on_message = on_message
        try:
            self._open(name, key, bind, advertise, seeds, scopes, tags, cluster, profile, params, state_dir)
        except BaseException:
            self._release()
            raise

    def _open(self, name, key, bind, advertise, seeds, scopes, tags, cluster, profile, params, state_dir):
        config = c.Config()
        if profile not in c.PROFILES:
            raise ValueError(f"profile {profile!r}: one of {', '.join(c.PROFILES)}")
        c.lib.bw_config_init_sized(config, ctypes.sizeof(config), c.PROFILES[profile])
        for param, value in (params or {}).items():
            if not 0 <= value < 2**32:
                raise ValueError(f"parameter {param}={value}: a number from 0 to {2**32 - 1}")
            code = c.lib.bw_params_set(config.params, param.encode(), value)
            if code != 0:
                raise ValueError(f"parameter {param}={value}: {c.lib.bw_error_text(code).decode()}")
        why = ctypes.c_char_p()
        c.check(c.lib.bw_params_check(config.params, why), why)
        self._udp = Udp(parse_addr(bind))
        raw_seeds = (c.Addr * max(len(seeds), 1))(*[parse_addr(seed) for seed in seeds])
        raw_tags, config.tag_count = tags_of(tags)
        raw_scopes = (c.ScopeConfig * max(len(scopes), 1))()
        kept = [fill_scope(raw, scope) for raw, scope in zip(raw_scopes, scopes)]
        keys = key.encode() if isinstance(key, str) else key
        config.allocator.resize, config.entropy = c.resize, c.entropy
        config.name, config.cluster, config.keys, config.keys_size = name.encode(), cluster.encode(), keys, len(keys)
        config.addr = self._advertised(advertise, raw_seeds if seeds else None)
        config.seeds, config.seed_count = raw_seeds, len(seeds)
        config.tags = raw_tags
        config.scopes, config.scope_count = raw_scopes, len(scopes)
        state = b""
        if state_dir is not None:
            self._store = Store(os.fspath(state_dir))
            state = self._store.load()
            self._writer = concurrent.futures.ThreadPoolExecutor(1, "bellwether-state")
            config.durable = True
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.epoll()
        self._poll.register(self._udp.socket, select.EPOLLIN)
        self._poll.register(self._wake, select.EPOLLIN)
        buffer = ctypes.create_string_buffer(state, max(len(state), 1))
        config.state = c.Bytes(ctypes.cast(buffer, ctypes.c_void_p), len(state))
        node = c.c_void_p()
        c.check(c.lib.bw_node_create(node, config, c.lib.bw_loop_now()))
        self._node = node
        del kept
        self._send(node)
        self._persist(node)
        os.eventfd_write(self._wake, 1)  # the first events come from step(), when the caller has us

    def _advertised(self, advertise, seeds):
        bound = self._udp.bound()
        if advertise is not None:
            return parse_addr(advertise, bound.port)
        if any(bound.ip):
            return bound
        if seeds is None:
            raise ValueError("bind names no address, and there is no seed: say in advertise where the others reach this member")
        own = self._udp.own_address_towards(seeds[0])
        own.port = bound.port
        return own

    # ---- the host's contract (node.h) ----

    def _open_node(self):
        if self._node is None:
            raise c.Closed("this member has been closed")
        if threading.get_ident() != self._thread:
            raise RuntimeError("a member belongs to the thread that made it")
        return self._node

    def fileno(self):
        """Readable when step() has something to do: for select, poll, epoll, add_reader."""
        self._open_node()
        return self._poll.fileno()

    def deadline(self):
        """In how many seconds step() is to be called even if nothing comes; None: never."""
        at = c.lib.bw_node_deadline(self._open_node())
        return None if at == c.NEVER else max(0.0, (at - c.lib.bw_loop_now().mono_us) / 1e6)

    def step(self):
        """Takes what has come, does what is due, calls on_event. Too often is harmless; late is not: more than half a lease
        without it and this member leads no more."""
        node = self._open_node()
        self._take_written()
        if self._node is None:
            return
        for quoted, to in self._udp.refused():
            c.lib.bw_node_refused(node, quoted, len(quoted), to, c.lib.bw_loop_now())
        for data, sender in self._udp.receive():
            c.lib.bw_node_receive(node, data, len(data), sender, c.lib.bw_loop_now())
            self._send(node)
        c.lib.bw_node_tick(node, c.lib.bw_loop_now())
        self._pump()

    def run(self, until=lambda: False, timeout=None):
        """Steps until until() is true, the member is closed, or the time is over: for programs without a loop.
        Returns whether until() is true."""
        end = None if timeout is None else time.monotonic() + timeout
        while self._node is not None and not until():
            waits = [wait for wait in (self.deadline(), 60, None if end is None else end - time.monotonic()) if wait is not None]
            if min(waits) < 0:
                return False
            self._poll.poll(min(waits))
            self.step()
        return self._node is not None

    def _send(self, node):
        datagram = c.Datagram()
        while c.lib.bw_node_transmit(node, datagram, c.lib.bw_loop_now()):
            self._udp.send(datagram)

    def _take_written(self):
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        if self._writing is None or not self._writing.done():
            return
        done, self._writing = self._writing, None
        c.lib.bw_node_persisted(self._node, done.exception() is None, c.lib.bw_loop_now())
        self._pump()

    def _persist(self, node):
        state = c.Bytes()
        if self._store is None or self._writing is not None or not c.lib.bw_node_persist(node, state):
            return
        wake = self._wake
        self._writing = self._writer.submit(self._store.save, state.copy())
        self._writing.add_done_callback(lambda _done: os.eventfd_write(wake, 1))

    def _pump(self):
        """Sends, tells, makes durable, until there is nothing more; calls from on_event come round again."""
        self._again = True
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._again and self._node is not None:
                self._again = False
                node = self._node
                self._send(node)
                self._persist(node)
                self._drain(node)
        finally:
            self._pumping = False

    def _drain(self, node):
        message = c.Message()
        while self._node is not None and c.lib.bw_node_event(node, self._event):
            self._tell(views.event_of(self._event))
        while self._node is not None and c.lib.bw_node_message(node, message):
            self._tell(views.Message(message.sender.text(), message.channel, ctypes.string_at(message.data, message.size)))

    def _tell(self, told):
        callback = self.on_message if isinstance(told, views.Message) else self.on_event
        if callback is not None:
            try:
                callback(told)
            except Exception as error:  # not for whoever called the method that brought the event
                self.on_error(error, told)

    def on_error(self, error, told):
        """A callback failed. Logs it; the member goes on."""
        _log.error("a callback failed, given %r", told, exc_info=error)

    def _do(self, code, reason=None):
        """What a call of the library answered; and the host's part after it."""
        self._pump()
        c.check(code, reason)

    # ---- what it knows ----

    @property
    def id(self):
        return c.lib.bw_node_id(self._open_node()).text()

    @property
    def address(self):
        """ADDRESS:PORT where it is bound."""
        self._open_node()
        return addr_text(self._udp.bound())

    @property
    def converged(self):
        return c.lib.bw_node_converged(self._open_node())

    @property
    def closed(self):
        return self._node is None

    def members(self):
        node, raw, found = self._open_node(), c.MemberInfo(), []
        while c.lib.bw_node_member(node, len(found), raw) == 0:
            found.append(views.member_of(raw))
        return found

    def scopes(self):
        node, raw, found = self._open_node(), c.ScopeInfo(), []
        while c.lib.bw_node_scope(node, len(found), raw, c.lib.bw_loop_now()) == 0:
            found.append(views.scope_of(raw))
        return found

    def scope(self, name="default"):
        """What is known of a scope; None: it is not known."""
        raw = c.ScopeInfo()
        code = c.lib.bw_node_scope_find(self._open_node(), name.encode(), raw, c.lib.bw_loop_now())
        return views.scope_of(raw) if code == 0 else None

    def leader(self, scope="default"):
        """The leader's name; None: nobody leads it."""
        info = self.scope(scope)
        return info.leader if info else None

    def is_leader(self, scope="default"):
        info = self.scope(scope)
        return info is not None and info.role == "leader"

    def may_act(self, scope="default"):
        """Whether we lead it and our lease still runs: to be asked before each protected action."""
        return c.lib.bw_node_may_act(self._open_node(), scope.encode(), c.lib.bw_loop_now())

    def token(self, scope="default"):
        """The fencing token of our own reign, for what is protected by one; None: we do not lead."""
        info = self.scope(scope)
        return info.token if info is not None and info.role == "leader" else None

    # ---- what it can be told ----

    def join(self, *seeds):
        raw = (c.Addr * max(len(seeds), 1))(*[parse_addr(seed) for seed in seeds])
        self._do(c.lib.bw_node_join(self._open_node(), raw, len(seeds), c.lib.bw_loop_now()))

    def leave(self):
        """Begins to leave: resigns, tells the others; done when left is true."""
        c.lib.bw_node_leave(self._open_node(), c.lib.bw_loop_now())
        self._pump()

    @property
    def left(self):
        return c.lib.bw_node_left(self._open_node())

    def stepdown(self, scope="default", for_s=60.0):
        self._do(c.lib.bw_node_stepdown(self._open_node(), scope.encode(), _ms(for_s), c.lib.bw_loop_now()))

    def transfer(self, scope, to):
        why, target = ctypes.c_char_p(), self._id_of(to)
        self._do(c.lib.bw_node_transfer(self._open_node(), scope.encode(), target, why, c.lib.bw_loop_now()), why)

    def freeze(self, scope="default", for_s=0.0):
        self._do(c.lib.bw_node_freeze(self._open_node(), scope.encode(), _ms(for_s), c.lib.bw_loop_now()))

    def thaw(self, scope="default"):
        self._do(c.lib.bw_node_thaw(self._open_node(), scope.encode(), c.lib.bw_loop_now()))

    def ready(self, scope="default", ready=True, ttl_s=0.0):
        self._do(c.lib.bw_node_ready(self._open_node(), scope.encode(), ready, _ms(ttl_s), c.lib.bw_loop_now()))

    def priority(self, scope, priority):
        if not 0 <= priority <= 65535:
            raise ValueError(f"priority {priority}: 0 to 65535")
        self._do(c.lib.bw_node_priority(self._open_node(), scope.encode(), priority, c.lib.bw_loop_now()))

    def stopped(self, scope="default"):
        """The work under a lead that was given up has stopped (Scope.stop_ms)."""
        self._do(c.lib.bw_node_stopped(self._open_node(), scope.encode(), c.lib.bw_loop_now()))

    def claim_above(self, scope, token):
        """A guard refused our token and named this larger one."""
        raw = c.Token()
        c.check(c.lib.bw_token_parse(raw, token.encode()))
        self._do(c.lib.bw_node_claim_above(self._open_node(), scope.encode(), raw, c.lib.bw_loop_now()))

    def add_scope(self, scope):
        raw = c.ScopeConfig()
        kept = fill_scope(raw, scope)
        code = c.lib.bw_node_scope_add(self._open_node(), raw, c.lib.bw_loop_now())
        del kept
        self._do(code)

    def remove_scope(self, scope):
        self._do(c.lib.bw_node_scope_remove(self._open_node(), scope.encode(), c.lib.bw_loop_now()))

    def set_tags(self, tags):
        raw, count = tags_of(tags)
        self._do(c.lib.bw_node_set_tags(self._open_node(), raw, count, c.lib.bw_loop_now()))

    def forget(self, member):
        self._do(c.lib.bw_node_forget(self._open_node(), self._id_of(member), c.lib.bw_loop_now()))

    def user_event(self, name, payload=b""):
        """Tells all members; returns its Lamport time."""
        ltime = ctypes.c_uint64()
        self._do(c.lib.bw_node_user_event(self._open_node(), name.encode(), _bytes(payload), ltime, c.lib.bw_loop_now()))
        return ltime.value

    def query(self, name, payload=b"", *, nodes=(), tags=None, ack=False, timeout_s=0.0):
        """Asks; returns the number by which the events query-ack, query-response and query-end name it."""
        raw, number = c.Query(name=name.encode(), ack=ack, timeout_ms=_ms(timeout_s)), ctypes.c_uint64()
        kept = _bytes(payload)
        raw.payload = kept
        raw_nodes, raw.node_count = strings(nodes)
        raw.nodes = ctypes.cast(raw_nodes, ctypes.POINTER(ctypes.c_char_p))
        raw_tags, raw.tag_count = tags_of(tags)
        raw.tags = raw_tags
        code = c.lib.bw_node_query(self._open_node(), raw, number, c.lib.bw_loop_now())
        del kept
        self._do(code)
        return number.value

    def respond(self, query, payload=b""):
        """Answers an event of type "query", by its number."""
        self._do(c.lib.bw_node_respond(self._open_node(), query, _bytes(payload), c.lib.bw_loop_now()))

    def send(self, to, channel, data):
        """A direct message: a datagram, of at most 1024 bytes, on a channel from 16 to 255."""
        if not c.CHANNEL_MIN <= channel <= 255:
            raise ValueError(f"channel {channel}: {c.CHANNEL_MIN} to 255")
        self._do(c.lib.bw_node_send(self._open_node(), self._id_of(to), channel, data, len(data), c.lib.bw_loop_now()))

    def _id_of(self, member):
        """By id (32 hex digits), or by name if one living member alone has it."""
        found = [m for m in self.members() if m.id == member] or \
                [m for m in self.members() if m.name == member and m.status in ("alive", "suspect")] or \
                [m for m in self.members() if m.name == member]
        if len(found) != 1:
            raise LookupError(f"{'several members are' if found else 'no member is'} called {member!r}")
        return c.Id((ctypes.c_uint8 * 16)(*bytes.fromhex(found[0].id)))

    # ---- the end ----

    def close(self):
        """Frees everything, and says nothing to anybody (see leave). Twice is harmless."""
        if self._node is not None:
            self._open_node()
            self._release()

    def _release(self):
        node, self._node = self._node, None
        if self._writer is not None:
            self._writer.shutdown(wait=True)  # the lock is not given back under a write
        if node is not None:
            c.lib.bw_node_destroy(node)
        for part in (self._store, self._udp, self._poll):
            if part is not None:
                part.close()
        if self._wake is not None:
            os.close(self._wake)
        self._store = self._udp = self._writer = self._poll = self._wake = None

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()


def _ms(seconds):
    """Milliseconds, as the library takes them; what is above 0 stays so."""
    if not 0 <= seconds < 2**32 / 1000:
        raise ValueError(f"{seconds} s: from 0 to {2**32 // 1000 - 1}")
    return max(int(seconds * 1000), 1 if seconds > 0 else 0)


def _bytes(data):
    data = bytes(data)
    made = c.Bytes(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data))
    made.kept = data  # as long as the struct itself
    return made
