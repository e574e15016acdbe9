"""The doctor, at clusters that are broken in one way each: it names the culprit, the direction, and the mend."""

import contextlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import sys
import threading
import time

import tap
from cluster import LIMIT, Cluster, run
from namespaces import Network, command, why_not


def found_by(result, expected=None):
    """What a doctor has found, but for what is the machine's own: that it holds agents up. expected: the exit code without that."""
    answer = json.loads(result.stdout)
    healthy = not any(finding["level"] == "problem" for finding in answer["findings"])
    if result.returncode != 3:
        tap.equal((result.returncode, answer["healthy"]), (0 if healthy else 1, healthy), f"exit code, healthy: {answer}")
    findings = [finding for finding in answer["findings"] if finding["check"] != "stall"]
    if expected is not None:
        tap.equal(int(any(finding["level"] == "problem" for finding in findings)), expected, f"problems: {result.stdout}")
    return findings


class Hosts:
    """Agents on hosts of their own, n1 on host 1 and so on."""

    def __init__(self, count, hosts=None):
        reason = why_not()
        if reason:
            tap.skip(reason)
        self.network = Network(hosts or count)
        tap.cleanup(self.network.close)
        self.cluster = Cluster()
        tap.cleanup(self.cluster.close)
        for number in range(1, count + 1):
            self.add(number).start()
        for agent in self.cluster.living():
            agent.wait_ready()
        if count > 1:
            self.cluster.wait_view(count)
        self.cluster.wait_leader()

    def add(self, number, *words, name=None):
        address = self.network.address
        return self.cluster.add(name or f"n{number}", "--bind", address(number) + ":7947", "--join", address(1) + ":7947",
                                *words, prefix=self.network.inside(number))

    def filter(self, number, *rules):
        """Drops at that host what comes in and one of the rules fits."""
        text = "add table inet test; add chain inet test in { type filter hook input priority 0; }; "
        command(*self.network.inside(number), "nft",
                text + "; ".join(f"add rule inet test in {rule} drop" for rule in rules))

    def findings(self, name, expected=1, levels=("problem",)):
        """The findings of the doctor there, by where they are."""
        agent = self.cluster.agents[name]
        result = agent.run("doctor", "--json")
        tap.check(result.returncode in (0, 1), f"exit code at {name}: {result.stdout} {result.stderr}")
        tap.equal(json.loads(result.stdout)["name"], name, "name")
        findings = found_by(result, expected)
        for finding in findings:
            tap.equal(set(finding), {"level", "check", "where", "what", "mend"}, "fields")
            tap.check(finding["level"] != "problem" or finding["mend"], f"no mend: {finding}")
        return [(finding["check"], finding["where"]) for finding in findings if finding["level"] in levels]


@tap.test
def a_cluster_that_works():
    hosts = Hosts(3)
    tap.equal(hosts.findings("n1", 0), [], "problems")
    tap.equal([check for check, _ in hosts.findings("n2", 0, ("fine",))], ["path", "leader", "files"], "what is fine")
    text = hosts.cluster.agents["n3"].run("doctor").stdout
    tap.check("datagrams of all sizes pass both ways with 2 members" in text, text)
    tap.equal([line for line in text.splitlines() if line.startswith("PROBLEM") and "held up" not in line], [], "no problem")


@tap.test(timeout=60)
def one_way_blocks_are_told_with_their_direction():
    hosts = Hosts(3)
    hosts.filter(2, f"ip saddr {hosts.network.address(1)}")
    for name in ("n1", "n2"):
        tap.equal(hosts.findings(name), [("path", "n1 -> n2")], f"seen from {name}")
    text = hosts.cluster.agents["n1"].run("doctor").stdout
    tap.check("datagrams from n1 to n2 do not arrive; the other way they do" in text, text)
    command(*hosts.network.inside(2), "nft", "delete table inet test")
    hosts.filter(1, f"ip saddr {hosts.network.address(2)}")
    for name in ("n1", "n2"):
        tap.equal(hosts.findings(name), [("path", "n2 -> n1")], f"seen from {name}")
    command(*hosts.network.inside(1), "nft", "delete table inet test")
    tap.wait_until(lambda: not problems(hosts.cluster.agents["n1"].run("doctor", "--json")), LIMIT, "well again")


@tap.test(timeout=60)
def both_ways_blocked_between_two():
    hosts = Hosts(3)
    hosts.filter(2, f"ip saddr {hosts.network.address(1)}")
    hosts.filter(1, f"ip saddr {hosts.network.address(2)}")
    tap.equal(hosts.findings("n1"), [("path", "n1 <-> n2")], "seen from n1")
    text = hosts.cluster.agents["n2"].run("doctor").stdout
    tap.check("no datagram gets from n2 to n1 nor back; n3 hears it" in text, text)


@tap.test(timeout=60)
def where_two_are_all():
    hosts = Hosts(2)
    hosts.filter(2, f"ip saddr {hosts.network.address(1)}")
    found = hosts.findings("n1")
    tap.equal(found[0], ("path", "n1 -> n2"), f"n2 is heard, so the direction is known: {found}")
    tap.check(hosts.findings("n2")[0][0] in ("silent", "dead"), "n2 hears nothing, and has nobody to ask")


@tap.test(timeout=60)
def path_that_takes_no_full_sized_datagram():
    hosts = Hosts(3)
    hosts.filter(3, f"ip saddr {hosts.network.address(1)} meta length > 1200")
    for name in ("n1", "n3"):
        tap.equal(hosts.findings(name), [("mtu", "n1 -> n3")], f"seen from {name}")
    tap.equal(hosts.findings("n2", 0), [], "n2's paths are well")


@tap.test(timeout=60)
def firewall_on_everything():
    hosts = Hosts(3)
    hosts.network.cut(1)
    tap.equal(hosts.findings("n1")[0], ("firewall", "n1"), "this host is named")
    found = hosts.findings("n2")
    tap.check([(check, where) for check, where in found if check in ("silent", "dead")] == [(found[0][0], "n1 (10.111.7.1:7947)")],
              f"the others name it: {found}")


@tap.test(timeout=60)
def stopped_process():
    hosts = Hosts(3)
    hosts.cluster.agents["n3"].signal(signal.SIGSTOP)
    found = hosts.findings("n1")
    tap.check(found[0][0] in ("silent", "dead") and found[0][1].startswith("n3 "), f"{found}")
    tap.equal(len([check for check, _ in found if check in ("path", "mtu", "firewall")]), 0, f"nothing else: {found}")
    result = hosts.cluster.agents["n3"].run("doctor", "--timeout", "0.3")
    tap.equal(result.returncode, 4, "the stopped agent's own")
    hosts.cluster.agents["n3"].signal(signal.SIGCONT)


@tap.test(timeout=60)
def wrong_key():
    hosts = Hosts(2, 3)
    key = hosts.cluster.path("other")
    with open(key, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="ascii") as file:
        file.write(run("keygen").stdout)
    hosts.add(3, "--key-file", key).start().wait_ready()
    hosts.cluster.agents["n1"].wait_event("stranger", reason="drop-key")
    tap.equal(hosts.findings("n1"), [("key", "10.111.7.3:7947")], "the member that is knocked at names it")
    tap.check(("join", "10.111.7.1:7947") in hosts.findings("n3"), "who knocks learns that nobody answers")


@tap.test(timeout=60)
def wrong_label():
    hosts = Hosts(2, 3)
    hosts.add(3, "--cluster", "another").start().wait_ready()
    hosts.cluster.agents["n1"].wait_event("stranger", reason="drop-auth", timeout=50)
    tap.equal(hosts.findings("n1"), [("label", "10.111.7.3:7947")], "the member that is knocked at names it")
    text = hosts.cluster.agents["n1"].run("doctor").stdout
    tap.check("another cluster label than 'e2e'" in text, text)


@tap.test(timeout=60)
def addresses_to_join_that_nobody_has():
    hosts = Hosts(1, 2)
    agent = hosts.cluster.add("m", "--bind", hosts.network.address(2) + ":7947", "--join", hosts.network.address(1) + ":1",
                              "--join", "no-such-host.invalid", prefix=hosts.network.inside(2))
    agent.start().wait_ready()
    result = run_inside(hosts, 2, agent)
    tap.check("10.111.7.1:1: the address to join refuses: no agent has that port" in result, result)
    tap.check("no-such-host.invalid: the address to join has no address" in result, result)


def run_inside(hosts, number, agent):
    """On that host, whose ports and routes are looked at."""
    words = [*hosts.network.inside(number), os.environ["BELLWETHER"], "doctor", "--control", agent.control]
    result = command(*words, check=False)
    tap.equal(result.returncode, 1, f"exit code: {result.stdout} {result.stderr}")
    return result.stdout


@tap.test(timeout=60)
def names_given_twice():
    hosts = Hosts(2, 3)
    hosts.add(3, "--name", "n2", name="twin").start().wait_ready()
    hosts.cluster.agents["n1"].wait_event("member-conflict", name="n2")
    tap.check(("name", "n2") in hosts.findings("n1"), "the name")
    tap.equal(hosts.cluster.agents["twin"].run("leave").returncode, 0, "one of them leaves")
    n1 = hosts.cluster.agents["n1"]
    tap.wait_until(lambda: "left" in [member["status"] for member in n1.ask("members")["members"]], LIMIT, "it is gone")
    tap.equal(hosts.findings("n1", 0), [], "mended")
    notes = [note for note in hosts.findings("n1", 0, ("note",)) if note[0] != "confine"]  # agents built for tests may not be
    tap.equal(notes, [("name", "n2")], "what has been")


class Endless(threading.Thread):
    """What listens in an agent's place, and sends events without end to whoever looks back. said: what it answers else."""

    SAID = {"info": {"name": "n1", "state": "left"}, "setup": {}, "members": {"members": []}, "leader": {"scopes": []},
            "reachability": {"members": []}, "monitor": {"oldest": 1, "newest": 3}}

    def __init__(self, path, **said):
        super().__init__(daemon=True)
        self.said = {**self.SAID, **said}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rw") as lines:
            self.answer(lines)

    def answer(self, lines):
        def say(what):
            lines.write(json.dumps(what) + "\n")
            lines.flush()

        say({"bellwether": "0", "name": "n1"})
        for line in lines:
            op = json.loads(line)["op"]
            say(self.said[op])
            for seq in itertools.count(1) if op == "monitor" else ():
                say({"seq": seq, "type": "stranger", "addr": f"192.0.2.{seq % 200}:1", "reason": "drop-key", "dropped": 1,
                     "time": "2020-01-01T00:00:00.000Z" if seq != 3 else time.strftime("%FT%T.000Z", time.gmtime())})


@tap.test(timeout=60)
def events_without_end_do_not_hold_it_up():
    cluster = new_cluster()
    Endless(cluster.path("endless"))
    result = run("doctor", "--json", "--control", cluster.path("endless"))
    tap.equal((result.returncode, problems(result)), (1, [("left", "n1"), ("key", "192.0.2.3:1")]), "what was there")
    tap.check("not all events" not in result.stdout, result.stdout)
    Endless(cluster.path("many"), monitor={"oldest": 1, "newest": 1 << 40})
    result = run("doctor", "--control", cluster.path("many"))
    tap.check("not all events that the agent remembers were read" in result.stdout, result.stdout)


def start_as_nobody(cluster, prefix=()):
    """An agent without root's rights, whose files are its own."""
    for program in ("setpriv",):
        if os.geteuid() != 0 or not shutil.which(program):
            tap.skip(f"needs root and {program}")
    os.chmod(cluster.directory, 0o755)
    place = pathlib.Path(cluster.path("nobody"))
    place.mkdir()
    shutil.copy(cluster.key, place / "key")
    for path in (place, place / "key"):
        os.chown(path, 65534, 65534)
    os.chmod(place / "key", 0o600)
    agent = cluster.add("n1", "--key-file", place / "key", "--control", place / "sock", "--state-dir", place / "state",
                        prefix=[*prefix, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    agent.control, agent.state = str(place / "sock"), str(place / "state")
    agent.start().wait_ready()
    cluster.wait_leader()
    return agent


def new_cluster():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return cluster


def problems(result):
    return [(finding["check"], finding["where"]) for finding in found_by(result) if finding["level"] == "problem"]


@tap.test
def rights_of_files():
    agent = start_as_nobody(new_cluster())
    tap.equal(problems(agent.run("doctor", "--json")), [], "at first")
    key = os.path.join(os.path.dirname(agent.state), "key")
    os.chmod(agent.state, 0)
    tap.equal(problems(agent.run("doctor", "--json")), [("state", agent.state)], "a state directory without rights")
    os.chmod(agent.state, 0o700)
    os.chown(agent.state, 0, 0)
    tap.equal(problems(agent.run("doctor", "--json")), [("state", agent.state)], "another's")
    os.chown(agent.state, 65534, 65534)
    os.chmod(key, 0o644)
    tap.equal(problems(agent.run("doctor", "--json")), [("key-file", key)], "a key that all can read")
    os.chmod(key, 0o600)
    os.chown(key, 0, 0)
    tap.equal(problems(agent.run("doctor", "--json")), [("key-file", key)], "another's key")


@tap.test
def rights_are_those_that_the_agent_has():
    """A group's right to write beside the key; and a state directory that others see otherwise, as with systemd's id-mapped mounts."""
    cluster = new_cluster()
    state = pathlib.Path(cluster.path("nobody/state"))
    view = ["unshare", "-m", "sh", "-c", 'mkdir "$0" && mount -t tmpfs -o uid=65534,mode=700 none "$0" && exec "$@"', str(state)]
    if why_not():
        tap.skip(why_not())
    agent = start_as_nobody(cluster, view)
    tap.equal((state.stat().st_uid, list(state.iterdir())), (0, []), "as others see it")
    os.chown(state.parent, 0, 65534)
    os.chmod(state.parent, 0o770)
    answer = json.loads(agent.run("doctor", "--json").stdout)["findings"]
    tap.equal([finding for finding in answer if finding["check"] in ("state", "key-file")], [], "nothing to complain of")
    os.chmod(state.parent, 0o750)
    answer = json.loads(agent.run("doctor", "--json").stdout)["findings"]
    tap.equal([(finding["level"], finding["check"], finding["where"]) for finding in answer if finding["check"] in ("state", "key-file")],
              [("note", "key-file", str(state.parent / "key"))], "no right to write beside it")


@tap.test
def credentials_are_what_systemd_makes_of_them():
    """Root's, with a list of who reads: here a group stands for that."""
    cluster = new_cluster()
    place = cluster.path("nobody")
    agent = start_as_nobody(cluster, ["env", f"CREDENTIALS_DIRECTORY={place}"])
    key = os.path.join(place, "key")
    for mode, owner, group in ((0o440, 0, 65534), (0o400, 65534, 0)):
        os.chown(key, owner, group)
        os.chmod(key, mode)
        tap.equal(problems(agent.run("doctor", "--json")), [], f"{mode:o} of {owner}")
    tap.equal(agent.ask("reload"), {"keys_changed": False, "applied": [], "restart": [], "credentials": ["key-file"]}, "reload")
    text = agent.run("reload").stdout
    tap.equal(text.splitlines()[-1], "systemd's copies, which 'systemctl restart' makes anew: key-file", "in words")
    agent.signal(signal.SIGHUP)
    cluster.wait(lambda: [line for line in agent.log() if "makes anew: key-file" in line.text], LIMIT, "in the log")
    os.chown(key, 0, 65534)
    for mode in (0o444, 0o460):
        os.chmod(key, mode)
        tap.equal(problems(agent.run("doctor", "--json")), [("key-file", key)], f"{mode:o}: that is none of systemd's")


@tap.test
def the_systems_agent_is_not_overlooked():
    """By a user who may not ask it, and has a place for agents of his own."""
    if why_not() or not shutil.which("setpriv"):
        tap.skip(why_not() or "no setpriv")
    place = "/run/bellwether/agent.sock"
    listen = f"import os, socket; os.mkdir(os.path.dirname('{place}')); socket.socket(socket.AF_UNIX).bind('{place}'); os.chmod('{place}', 0o600)"
    view = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run && "$0" -c "$1" && shift && exec "$@"', sys.executable, listen,
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "XDG_RUNTIME_DIR=/nowhere", os.environ["BELLWETHER"]]
    result = command(*view, "doctor", "--json", check=False)
    found = json.loads(result.stdout)["findings"][0]
    tap.equal((found["check"], found["where"], found["what"]), ("agent", place, "the agent's control socket is another user's"), "doctor")
    result = command(*view, "info", check=False)
    tap.check(f"the agent at {place} is another user's" in result.stderr, result.stderr)


@tap.test
def an_agent_that_hangs_is_none_that_has_crashed():
    cluster = new_cluster()
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as waiting:
        listener.bind(cluster.path("hangs"))
        listener.listen(0)
        for full in (False, True):
            while full:
                client = waiting.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                full = client.connect_ex(cluster.path("hangs")) == 0
            result = run("doctor", "--control", cluster.path("hangs"), "--timeout", "0.3")
            tap.equal((result.returncode, result.stdout, result.stderr), (4, "", "bellwether: the agent does not answer\n"), f"{full}")


@tap.test
def time_that_is_too_short_is_told():
    cluster = new_cluster()
    Endless(cluster.path("slow"), info={"name": "n1", "state": "member"}, paths={"pending": True})
    result = run("doctor", "--timeout", "1.5", "--control", cluster.path("slow"))
    tap.equal((result.returncode, result.stdout, result.stderr), (4, "", "bellwether: the agent has not tried all members in 1.5 s\n"), "why")


@tap.test
def scopes_that_nobody_leads():
    cluster = new_cluster()
    agent = cluster.add("n1", "--scope", "db:gate", "--scope", "big:min_view=3").start().wait_ready()
    tap.wait_until(lambda: {("leader", "db"), ("leader", "big")} <= set(problems(agent.run("doctor", "--json"))), LIMIT,
                   "both are named")
    text = agent.run("doctor").stdout
    tap.check("nobody leads 'db': no candidate is alive and ready" in text and "bellwether ready" in text, text)


def raise_term(agent, times):
    """Its guard names a token 2^32 - 2 above its own, so often."""
    for _ in range(times):
        token = agent.run("leader", "default", "--json")
        token = json.loads(token.stdout)["scopes"][0]["token"]
        larger = f"{int(token[:16], 16) + 2 ** 32 - 2:016x}{token[16:]}"
        tap.equal(agent.run("refused", "default", larger).returncode, 0, "its lead is given up")
        tap.wait_until(lambda: agent.run("is-leader", "-q").returncode == 0 and
                       (agent.ask("leader")["scopes"][0]["token"] or "") > larger, LIMIT, "it leads again, above it")


@tap.test(timeout=60)
def member_whose_terms_are_out_of_bounds():
    cluster = new_cluster()
    agents = [cluster.add(name).start().wait_ready() for name in ("n1", "n2")]
    for agent in agents:
        tap.equal(agent.run("wait", "--leader=default", "--timeout", str(LIMIT)).returncode, 0, "each leads alone")
    raise_term(agents[1], 2)
    tap.equal(agents[1].run("join", agents[0].addr).returncode, 0, "they meet")
    event = agents[0].wait_event("term-refused", name="n2", leader="n2", scope="default")
    tap.check(event.object["term"] > 2 ** 33, f"{event.object}")
    tap.wait_until(lambda: any("n2 sent term" in line.text for line in agents[0].log()), LIMIT, "a warning")
    result = agents[0].run("doctor", "--json")
    tap.equal((result.returncode, problems(result)), (1, [("term", "n2")]), "named")
    tap.check(agents[0].ask("info")["rules"]["refuse-far-term"] > 0, "counted")


def settings_found(agent):
    return [(finding["where"], finding["what"]) for finding in json.loads(agent.run("doctor", "--json").stdout)["findings"]
            if finding["check"] == "settings"]


@tap.test(timeout=120)
def settings_that_differ_are_noticed_and_said():
    cluster = new_cluster()
    first = cluster.add("n1", "--scope", "default:priority=300,lease=1500").start().wait_ready()
    tap.equal(first.run("wait", "--leader=default", "--timeout", str(LIMIT)).returncode, 0, "n1 leads first, and stays")
    cluster.add("n2", "--scope", "default:priority=200,lease=1000", "--join", first.addr).start().wait_ready()
    third = cluster.add("n3", "--scope", "default:priority=100,lease=1500,mode=bully,failover=safe", "--join", first.addr)
    third.start().wait_ready()
    others = cluster.add("n4", "--observer", "--join", first.addr).start().wait_ready()
    cluster.wait_view(4)
    tap.equal(cluster.wait_leader().name, "n1", "who leads")
    ours = {"n1": [("default", "n3 has mode=bully, this agent priority")],
            "n2": [("default", "n1 has lease=1500, this agent 1000"), ("default", "n3 has mode=bully, this agent priority")],
            "n3": [("default", f"{name} has mode=priority, this agent bully") for name in ("n1", "n2")], "n4": []}
    for agent in cluster.living():
        tap.wait_until(lambda agent=agent: sorted(settings_found(agent)) == ours[agent.name], LIMIT, f"the doctor at {agent.name}")
        if ours[agent.name]:  # of the others it may be another finding's: that the machine stalls
            tap.equal(agent.run("doctor").returncode, 1, f"exit code at {agent.name}")
    differs = cluster.agents["n2"].ask("leader", "default")["scopes"][0]["differs"]
    tap.equal(sorted(differs, key=lambda entry: entry["name"]),
              [{"name": "n1", "id": first.id, "setting": "lease", "theirs": "1500", "ours": "1000"},
               {"name": "n3", "id": third.id, "setting": "mode", "theirs": "bully", "ours": "priority"}], "differs")
    tap.check("n1 has lease=1500, this agent 1000" in cluster.agents["n2"].run("leader").stdout, "a note in the table")
    for agent in cluster.living():
        if ours[agent.name]:
            tap.wait_until(lambda agent=agent: any("give all members the same" in line.text for line in agent.log()), LIMIT,
                           f"a warning at {agent.name}")
    tap.check(not any("give all members the same" in line.text for line in others.log()), "an observer has no settings")
    third.end()
    third.words = [word.replace(",mode=bully", "") for word in third.words]
    third.start().wait_ready()
    tap.wait_until(lambda: not settings_found(first) and not settings_found(third), LIMIT, "they agree again")
    tap.equal(settings_found(cluster.agents["n2"]), ours["n2"][:1], "the lease differs still")


@tap.test
def scopes_that_are_given_up_are_no_problem():
    agent = new_cluster().add("n1").start().wait_ready()
    tap.equal(run("run", "--scope", "cron", "--control", agent.control, "--", "true").returncode, 0, "a job that has ended")
    tap.equal([scope["scope"] for scope in agent.ask("leader")["scopes"]], ["cron", "default"], "it is still known")
    tap.equal(agent.run("leader", "--wait=20").returncode, 0, "each scope that is in use is led")
    tap.equal(agent.run("leader", "cron", "--wait=0.2").returncode, 4, "who names it waits for it")
    result = agent.run("doctor", "--json")
    tap.equal(problems(result), [], "healthy")
    tap.check(("note", "leader", "cron") in [(finding["level"], finding["check"], finding["where"]) for finding in found_by(result)],
              f"a note: {result.stdout}")


@tap.test
def where_no_agent_runs():
    cluster = new_cluster()
    nowhere = ["--control", cluster.path("nobody.sock")]
    result = run("doctor", "--json", *nowhere)
    tap.equal((result.returncode, problems(result)), (3, [("agent", nowhere[1])]), "no agent")
    run("init", cluster.path("etc"))
    config = cluster.path("etc/bellwether.conf")
    state = cluster.path("state")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with open(config, "a", encoding="utf-8") as file:
            file.write(f"bind = 127.0.0.1:{port}\nstate-dir = {state}\njoin = 127.0.0.1:1\n")
        found = problems(run("doctor", "--json", "--config", config, *nowhere))
    tap.equal(found, [("agent", nowhere[1]), ("bind", f"127.0.0.1:{port}"), ("join", "127.0.0.1:1")], "port, join")
    found = problems(run("doctor", "--json", "--config", config, *nowhere))
    tap.equal(found, [("agent", nowhere[1]), ("join", "127.0.0.1:1")], "the port is free now")
    pathlib.Path(state).write_text("in the way", encoding="ascii")
    os.chmod(cluster.path("etc/bellwether.key"), 0o644)
    text = run("doctor", "--config", config, *nowhere).stdout
    tap.check("chmod 600" in text and "bellwether.key" in text, f"the key's rights: {text}")
    os.chmod(cluster.path("etc/bellwether.key"), 0o600)
    with open(config, "a", encoding="utf-8") as file:
        file.write("nmae = x\n")
    text = run("doctor", "--config", config, *nowhere).stdout
    tap.check("unknown key 'nmae'; did you mean 'name'?" in text, text)
    agent = cluster.add("n1").start().wait_ready()
    agent.kill()
    result = agent.run("doctor")
    tap.equal(result.returncode, 3, "a killed agent")
    tap.check("no agent listens at its control socket" in result.stdout, result.stdout)


@tap.test
def a_name_with_several_addresses_needs_one_that_does_not_refuse():
    if why_not():
        tap.skip(why_not())
    cluster = new_cluster()
    run("init", cluster.path("etc"))
    hosts = pathlib.Path(cluster.path("hosts"))
    hosts.write_text("127.0.0.1 seeds.test\n127.0.0.2 seeds.test\n", encoding="ascii")
    view = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts), os.environ["BELLWETHER"]]
    config = cluster.path("etc/bellwether.conf")
    for address in ("127.0.0.1", "127.0.0.2"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as seed:
            seed.bind((address, 0))
            with open(config, "a", encoding="utf-8") as file:
                file.write(f"bind = 127.0.0.1:0\nstate-dir = {cluster.path('state')}\njoin = seeds.test:{seed.getsockname()[1]}\n")
            found = json.loads(command(*view, "doctor", "--json", "--config", config, "--control", "/nowhere", check=False).stdout)["findings"]
        tap.equal([finding["level"] for finding in found if finding["check"] == "join"], ["note"], f"{address}: {found}")
        with open(config, encoding="utf-8") as file:
            lines = file.readlines()[:-3]
        with open(config, "w", encoding="utf-8") as file:
            file.writelines(lines)


@tap.test(timeout=60)
def what_others_are_called_is_shown_escaped():
    cluster = new_cluster()
    first = cluster.add("n1").start().wait_ready()
    evil = cluster.add("evil", "--name", "x\u202ey", "--join", first.addr).start().wait_ready()
    cluster.wait_view(2)
    evil.signal(signal.SIGSTOP)
    text = first.run("doctor").stdout
    evil.signal(signal.SIGCONT)
    tap.check("x<U+202E>y" in text and "\u202e" not in text, text)


if __name__ == "__main__":
    tap.main()
