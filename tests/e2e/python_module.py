"""The Python module: its structs are the headers', its members find real agents and each other, take over from the dead, and what
goes wrong is said."""

import asyncio
import gc
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import tap

SOURCE = pathlib.Path(os.environ["BW_SOURCE_DIR"])
LIBRARY = pathlib.Path(os.environ["BW_BUILD_DIR"]) / ".libs" / "libbellwether.so"
sys.path[:0] = [str(SOURCE / "python"), str(SOURCE / "examples")]
from example import directory_with_key, free_port  # noqa: E402

LIMIT = 30
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"


def module():
    if not LIBRARY.exists():
        tap.skip("no shared library was built")
    if any(flag.startswith("-fsanitize") for flag in (os.environ.get("MODE_CFLAGS") or "").split()):
        tap.skip("built with sanitizers, which Python is not")
    os.environ["BELLWETHER_LIBRARY"] = str(LIBRARY)
    import bellwether
    return bellwether


def member(name="n", **settings):
    made = module().Member(name, KEY, **{"bind": "127.0.0.1:0", "profile": "local", "scopes": ["default"], **settings})
    tap.cleanup(made.close)
    return made


def turn(members, until, what, timeout=LIMIT):
    """Turns several members in this one thread."""
    def step():
        for one in members:
            one.run(timeout=0.005)
        return until()
    return tap.wait_until(step, timeout, what, interval=0)


def raises(kind, function, *arguments, words="", **settings):
    try:
        function(*arguments, **settings)
    except kind as error:
        tap.check(words in str(error), f"{words!r} in {error!r}")
        return error
    raise AssertionError(f"no {kind.__name__}")


@tap.test
def structs_are_the_headers():
    module()
    from bellwether import _library as c
    known = dict(line.rsplit(" ", 1) for line in (SOURCE / "tests/lint/abi.txt").read_text().splitlines())
    for name, struct in c.STRUCTS.items():
        fields = [key.partition(".")[2] for key in known if key.startswith(name + ".")]
        ours = [field for field, _ in struct._fields_]
        if name != "bw_params":
            tap.equal(len(ours), len(fields), f"{name}: fields")
            tap.equal([getattr(struct, field).offset for field in ours], [int(known[f"{name}.{field}"]) for field in fields],
                      f"{name}: offsets")
        if f"struct {name}" in known:
            tap.equal(c.ctypes.sizeof(struct), int(known[f"struct {name}"]), f"{name}: size")
    config = c.Config()
    c.lib.bw_config_init_sized(config, c.ctypes.sizeof(config), 1)
    tap.equal(config.params.values[0], 1000, "probe_interval_ms of lan")


@tap.test(timeout=60)
def two_members_elect_and_the_other_takes_over():
    events = []
    first = member("first", on_event=events.append)
    second = member("second", seeds=[first.address], tags={"role": "web"})
    leader = turn([first, second], lambda: first.leader() if first.leader() and first.leader() == second.leader() else None, "leader")
    led, other = (first, second) if leader == "first" else (second, first)
    tap.equal((led.is_leader(), other.is_leader()), (True, False), "is_leader")
    tap.equal((led.may_act(), other.may_act(), other.token()), (True, False, None), "may_act, token")
    tap.equal(other.scope().token, led.token(), "the token is known to both")
    token = led.token()
    tap.check({m.name: m.tags for m in first.members()}["second"] == {"role": "web"}, first.members())
    tap.check({"member-alive", "leader-elected", "converged"} <= {event.type for event in events}, events)
    led.stepdown(for_s=0.2)
    turn([first, second], other.is_leader, "the other leads")
    tap.check(other.token() > token, f"{other.token()} after {token}")

    def handed_over():
        try:
            other.transfer("default", led.id)
        except module().Error as error:
            tap.equal(error.reason, "it is not ready", "why not")  # it stepped down a moment ago
            return False
        return True
    turn([first, second], handed_over, "takes it back")
    turn([first, second], led.is_leader, "handed back")


@tap.test(timeout=60)
def members_of_python_and_agents_are_one_cluster():
    import cluster as clusters
    cluster = clusters.Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("agent", "--scope", "default:priority=200").start().wait_ready()
    key = pathlib.Path(cluster.key).read_text()
    address = json.loads(agent.run("members", "--json").stdout)["members"][0]["addr"]
    made = module().Member("python", key, bind="127.0.0.1:0", profile="local", scopes=["default"], seeds=[address], cluster="e2e")
    tap.cleanup(made.close)
    turn([made], lambda: made.leader() == "agent", "the agent leads")
    agent.signal(signal.SIGKILL)
    turn([made], made.may_act, "Python takes over from the killed agent")


def example(directory, name, address, *seeds):
    environment = {**os.environ, "BELLWETHER_LIBRARY": str(LIBRARY), "PYTHONPATH": str(SOURCE / "python")}
    output = pathlib.Path(directory, name + ".out")
    with open(output, "wb") as file:
        process = subprocess.Popen([sys.executable, SOURCE / "examples/asyncio_member.py", name, pathlib.Path(directory, "key"), address,
                                    *seeds], stdout=file, stderr=file, env=environment)
    tap.cleanup(process.wait)
    tap.cleanup(process.kill)
    return process, lambda: output.read_text()


@tap.test(timeout=90)
def the_asyncio_example_survives_its_leader():
    module()
    directory = directory_with_key()
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    names = ["a", "b", "c"]
    running = {name: example(directory, name, address, addresses[0]) for name, address in zip(names, addresses)}
    leader = tap.wait_until(lambda: next((n for n in names if all(f"leader-elected {n} default" in running[m][1]() for m in names)), None),
                            LIMIT, "all three know one leader")
    tap.wait_until(lambda: "working under" in running[leader][1](), LIMIT, "the leader works")
    running[leader][0].kill()
    rest = [name for name in names if name != leader]
    heir = tap.wait_until(lambda: next((n for n in rest if "working under" in running[n][1]()), None), LIMIT, "another one works")
    tokens = {name: running[name][1]().split("working under ")[1].split()[0] for name in (leader, heir)}
    tap.check(tokens[heir] > tokens[leader], tokens)
    running[heir][0].send_signal(signal.SIGTERM)
    tap.equal(running[heir][0].wait(LIMIT), 0, "exit code: " + running[heir][1]())
    last = next(name for name in rest if name != heir)
    tap.wait_until(lambda: f"member-left {heir}" in running[last][1](), LIMIT, "the leave is known")
    tap.wait_until(lambda: "working under" in running[last][1](), LIMIT, "the last one works")


async def until(condition, what):
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)


@tap.test(timeout=60)
def asyncio_asks_and_is_told():
    async def main():
        aio, problems = module().aio, []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: problems.append(context["exception"]))
        settings = {"bind": "127.0.0.1:0", "profile": "local"}
        async with aio.Member("one", KEY, scopes=["default"], **settings) as one, \
                aio.Member("two", KEY, seeds=[one.address], **settings) as two:
            async def answer():
                async for event in two.events("query"):
                    two.respond(event.query, event.payload.upper())
            answering = asyncio.create_task(answer())
            await until(lambda: all(len(m.members()) == 2 and m.converged for m in (one, two)), "both see both")
            tap.equal(await two.wait_leader(), "one", "leader")
            answers = await one.ask("shout", b"be\0low", nodes=["two"], ack=True, timeout_s=5)
            tap.equal((answers.responses, answers.acks), ((("two", b"BE\0LOW"),), ("two",)), "answers")
            with two.events("user-event") as told:
                one.user_event("deploy", b"v2")
                event = await told.__anext__()
            tap.equal((event.topic, event.payload, event.name), ("deploy", b"v2", "one"), "user event")

            def fails(_event):
                raise ZeroDivisionError("on purpose")
            two.on_event = fails
            one.user_event("again")
            await until(lambda: problems, "what failed is said")
            tap.check(isinstance(problems[0], ZeroDivisionError), problems)
            two.on_event = None
            received = asyncio.get_running_loop().create_future()
            two.on_message = received.set_result
            one.send("two", 20, b"hello")
            message = await received
            tap.equal((message.sender, message.channel, message.data), (one.id, 20, b"hello"), "message")
            ended = asyncio.create_task(collect(two.events()))
            await asyncio.sleep(0)
            two.close()
            await ended
            answering.cancel()
        tap.check(one.closed and two.closed, "closed")

    async def collect(events):
        return [event async for event in events]

    asyncio.run(asyncio.wait_for(main(), 50))


@tap.test
def a_queue_that_nobody_reads_is_bounded():
    async def main():
        aio = module().aio
        async with aio.Member("one", KEY, bind="127.0.0.1:0", profile="local") as one:
            events = one.events("user-event")
            for number in range(aio.WAITING_MAX + 10):
                events.put(type("Told", (), {"type": "user-event", "number": number}))
            tap.equal((events.lost, (await events.__anext__()).number), (10, 10), "lost, and the oldest that is left")
    asyncio.run(main())


@tap.test(timeout=60)
def state_lasts_and_is_one_members():
    directory = os.path.join(directory_with_key(), "state")
    first = member("first", state_dir=directory)
    turn([first], first.may_act, "leads")
    name, token = first.id, first.token()
    raises(BlockingIOError, member, "thief", state_dir=directory, words=directory)
    first.close()
    again = member("first", state_dir=directory)
    tap.equal(again.id, name, "id")
    turn([again], again.may_act, "leads again")
    tap.check(again.token() > token, f"{again.token()} after {token}")
    tap.equal(sorted(os.listdir(directory)), ["lock", "state"], "files")
    tap.equal(os.stat(os.path.join(directory, "state")).st_mode & 0o777, 0o600, "mode")


@tap.test
def wrong_use_is_said():
    bellwether = module()
    raises(bellwether.Error, member, scopes=[bellwether.Scope("q", mode="quorum", voters=("a",))], words="setting")
    raises(bellwether.Error, bellwether.Member, "n", "no key", bind="127.0.0.1:0", words="base64")
    raises(ValueError, member, bind="localhost:1", words="numeric")
    raises(ValueError, member, profile="moon", words="local, lan, wan")
    raises(ValueError, member, params={"no_such": 1}, words="no_such")
    raises(bellwether.Error, member, params={"lease_margin_ms": 60000}, words="lease_margin_ms")
    raises(ValueError, member, scopes=[bellwether.Scope("s", priority=65536)], words="priority=65536")
    raises(ValueError, member, scopes=[bellwether.Scope("s", mode="best")], words="best")
    raises(ValueError, member, bind="0.0.0.0:0", words="advertise")
    first = member("first")
    raises(OSError, member, "second", bind=first.address, words="cannot bind UDP 127.0.0.1:")
    tap.equal(raises(bellwether.Error, first.stepdown, "no such scope").name, "not-found", "name")
    raises(bellwether.Error, first.user_event, "x", b"y" * 2000)
    raises(LookupError, first.send, "nobody", 20, b"", words="nobody")
    raises(ValueError, first.send, "first", 1, b"", words="16 to 255")
    raises(TypeError, first.send, "first", 20, None)


@tap.test
def closed_is_closed():
    bellwether = module()
    seen = []
    first = member("first", on_event=lambda event: (seen.append(event), first.close()))
    turn([first], lambda: first.closed, "a callback closes its own member")
    tap.equal(len(seen), 1, "events after the close")
    first.close()
    calls = [(first.members,), (first.leader,), (first.may_act,), (first.fileno,), (first.deadline,), (first.step,), (first.leave,),
             (first.stepdown,), (first.join, "127.0.0.1:1"), (first.user_event, "x"), (first.query, "x"), (first.respond, 1),
             (first.set_tags, {}), (first.add_scope, "x"), (first.send, "first", 20, b""), (first.forget, "first")]
    for call in calls:
        raises(bellwether.Closed, *call)
    first.run()


@tap.test
def another_thread_is_refused():
    first, problems = member("first"), []

    def other():
        try:
            first.members()
        except RuntimeError as error:
            problems.append(str(error))
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    tap.equal(problems, ["a member belongs to the thread that made it"], "problems")


@tap.test(timeout=60)
def a_failing_callback_is_logged_and_the_member_goes_on():
    import logging
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append((record.getMessage(), record.exc_info[0]))
    logging.getLogger("bellwether").addHandler(handler)
    tap.cleanup(logging.getLogger("bellwether").removeHandler, handler)
    first = member("first", on_event=lambda event: 1 // 0)
    turn([first], first.may_act, "leads all the same")
    tap.check(any("leader-elected" in text and kind is ZeroDivisionError for text, kind in lines), lines)


@tap.test(timeout=60)
def nothing_is_left_behind():
    def fds():
        return len(os.listdir("/proc/self/fd"))
    member("warm").close()
    gc.collect()
    before = fds()
    for _ in range(20):
        made = member("n", scopes=["a", "b"], tags={"k": "v"}, state_dir=os.path.join(directory_with_key(), "s"))
        made.run(timeout=0.01)
        made.close()
    for _ in range(5):
        raises(ValueError, member, bind="0.0.0.0:0")
        raises(module().Error, member, params={"lease_margin_ms": 60000})
    gc.collect()
    tap.equal(fds(), before, "file descriptors")


if __name__ == "__main__":
    tap.main()
