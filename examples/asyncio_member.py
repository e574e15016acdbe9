#!/usr/bin/env python3
"""A cluster member in asyncio: says what happens, does its work while it leads, leaves at SIGTERM or Ctrl-C.

    asyncio_member.py NAME KEY-FILE ADDRESS:PORT [SEED-ADDRESS:PORT...]
"""

import asyncio
import pathlib
import signal
import sys

from bellwether import aio


async def tell(member):
    async for event in member.events():
        print(event.type, event.name, event.scope, flush=True)


async def work(member):
    """While we lead; each piece asks whether we still may, and goes under our token."""
    while True:
        token = await member.elected("default")
        print("working under", token, flush=True)
        while member.may_act("default"):
            await asyncio.sleep(0.1)  # the work: in small steps, or in a thread, as the loop must turn
        print("not leading any more", flush=True)


async def answer(member):
    async for event in member.events("query"):
        if event.topic == "who-leads":
            member.respond(event.query, (member.leader("default") or "nobody").encode())


async def main(name, key_file, bind, *seeds):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    key = pathlib.Path(key_file).read_bytes()
    async with aio.Member(name, key, bind=bind, seeds=seeds, scopes=["default"]) as member:
        tasks = [asyncio.create_task(part(member)) for part in (tell, work, answer)]
        print("ready", member.address, flush=True)
        await stop.wait()
        for task in tasks:
            task.cancel()
    print("left", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except (OSError, ValueError) as error:
        sys.exit(f"cannot start: {error}")
