"""A member in asyncio: the event loop turns it, and events come by `async for`.

    async with aio.Member("n1", key, seeds=["192.0.2.1:7947"], scopes=["default"]) as member:
        async for event in member.events("leader-elected"):
            print(event.name, "leads", event.scope)
"""

import asyncio
import collections
import dataclasses

from . import member as plain
from . import views

WAITING_MAX = 4096


@dataclasses.dataclass(frozen=True)
class Answers:
    """What came of a query: responses by member's name, who has acknowledged, how many were asked."""

    responses: tuple  # pairs of name and payload, in order
    acks: tuple
    expected: int


class Events:
    """The events of some types, from when it was made. Of those that nobody takes the last 4096 are kept; lost counts the others."""

    def __init__(self, member, types):
        self._member = member
        self._types = frozenset(types)
        self._waiting = collections.deque()
        self._news = asyncio.Event()
        self.lost = 0

    def put(self, told):
        if self._types and told.type not in self._types:
            return
        if len(self._waiting) == WAITING_MAX:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(told)
        self._news.set()

    def end(self):
        self._news.set()

    def close(self):
        self._member.subscriptions.discard(self)

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._waiting:
            if self._member.closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()


class Member(plain.Member):
    """As bellwether.Member; made within a running event loop, which turns it until it is closed."""

    def __init__(self, *arguments, **settings):
        self._loop = asyncio.get_running_loop()
        self._timer = None
        self._reading = None
        self._waiting = set()
        self.subscriptions = set()
        super().__init__(*arguments, **settings)
        self._reading = self.fileno()
        self._loop.add_reader(self._reading, self.step)
        self._arm()

    def _arm(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reading is not None and not self.closed:
            wait = self.deadline()
            self._timer = None if wait is None else self._loop.call_later(min(wait, 60), self.step)

    def step(self):
        try:
            super().step()
        finally:  # whatever went wrong, it is asked again in time: leases do not wait
            self._arm()

    def _pump(self):
        super()._pump()
        if not self._pumping:
            self._arm()
            self._wake_waiting()

    def _wake_waiting(self):
        for turned in self._waiting:
            if not turned.done():
                turned.set_result(None)

    def _tell(self, told):
        if isinstance(told, views.Event):
            for subscription in tuple(self.subscriptions):
                subscription.put(told)
        super()._tell(told)

    def on_error(self, error, told):
        self._loop.call_exception_handler({"message": f"a callback failed, given {told!r}", "exception": error})

    def events(self, *types):
        """Events from now on, of these types or of all, for `async for`; a with block ends it."""
        self._open_node()
        made = Events(self, types)
        self.subscriptions.add(made)
        return made

    async def wait(self, until):
        """Waits until until() is true; it is asked again whenever this member has been turned. Returns what it gave."""
        while not (value := until()):
            self._open_node()
            turned = self._loop.create_future()
            self._waiting.add(turned)
            try:
                await turned
            finally:
                self._waiting.discard(turned)
        return value

    async def wait_leader(self, scope="default"):
        """The name of who leads, as soon as somebody does."""
        return await self.wait(lambda: self.leader(scope))

    async def elected(self, scope="default"):
        """Our token, as soon as we lead and may act."""
        return await self.wait(lambda: self.may_act(scope) and self.token(scope))

    async def ask(self, name, payload=b"", **settings):
        """A query and its answers (see query): returns when all have answered, or its time is over."""
        responses, acks = [], []
        with self.events("query-ack", "query-response", "query-end") as events:
            number = self.query(name, payload, **settings)
            async for event in events:
                if event.query != number:
                    continue
                if event.type == "query-response":
                    responses.append((event.name, event.payload))
                elif event.type == "query-ack":
                    acks.append(event.name)
                else:
                    return Answers(tuple(responses), tuple(acks), event.expected)
        self._open_node()
        return None

    async def leave_and_close(self, timeout=3.0):
        """Resigns, tells the others, waits until they know, and closes."""
        end = self._loop.time() + timeout
        if not self.closed:
            self.leave()
        while not self.closed and not self.left and self._loop.time() < end:
            await asyncio.sleep(0.01)
        self.close()

    def _release(self):
        reading, self._reading = self._reading, None
        if reading is not None:
            self._loop.remove_reader(reading)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super()._release()
        self._wake_waiting()
        for subscription in tuple(self.subscriptions):
            subscription.end()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_exception):
        await self.leave_and_close()
