"""The fencing recipes against real servers: two halves of a cluster, cut and healed again and again, each with a leader that
writes, and goes on after it was deposed until it is refused. Part of check-full: it needs PostgreSQL and Redis."""

import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import threading
import time

import tap
from cluster import BELLWETHER, Cluster, clean_environment
from namespaces import Network, command, why_not

HALVES = ((1, 2), (3, 4))
STORE = 5
SECONDS = 30
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
RESOURCE = "orders"


def postgres_programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


def why_no_servers():
    if not postgres_programs():
        return "needs PostgreSQL (Debian: postgresql)"
    if not shutil.which("redis-server"):
        return "needs Redis (Debian: redis-server)"
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return "needs the user postgres, as which PostgreSQL runs"
    return None


class Halves(Network):
    """Hosts 1 to 4 in two halves; host 5, the store, hears everybody always."""

    def part(self):
        for half, others in (HALVES, HALVES[::-1]):
            for number in half:
                strangers = ", ".join(self.address(other) for other in others)
                command(*self.inside(number), "nft",
                        "add table inet cut; add chain inet cut in { type filter hook input priority 0; }; "
                        f"add rule inet cut in ip saddr {{ {strangers} }} drop")

    def join(self):
        for half in HALVES:
            for number in half:
                self.heal(number)


def spawn(words, **more):
    process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=clean_environment(), **more)
    tap.cleanup(process.wait)
    tap.cleanup(process.terminate)
    return process


class Postgres:
    def __init__(self, network, folder):
        programs = postgres_programs()
        user = pwd.getpwnam("postgres")
        data = folder / "postgres"
        data.mkdir()
        os.chown(data, user.pw_uid, user.pw_gid)
        folder.chmod(0o755)
        demote = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}
        subprocess.run([f"{programs}/initdb", "-D", data, "-A", "trust", "-U", "writer", "--no-sync"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, **demote)
        with open(data / "pg_hba.conf", "a", encoding="ascii") as file:
            file.write("host all all 10.111.7.0/24 trust\n")
        self.words = [f"{programs}/psql", "-X", "-q", "-A", "-t", "-h", network.address(STORE), "-U", "writer", "postgres"]
        self.network = network
        inside = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        spawn([*network.inside(STORE), *inside, f"{programs}/postgres", "-D", data, "-h", network.address(STORE),
               "-k", data], cwd="/")
        tap.wait_until(lambda: self.ask("SELECT 1") == "1", 20, "PostgreSQL answers")
        self.ask((EXAMPLES / "fence.sql").read_text(encoding="utf-8"))
        self.ask("CREATE TABLE careless (id bigserial PRIMARY KEY, token text COLLATE \"C\", entry text)")

    def ask(self, text):
        result = subprocess.run([*self.network.inside(STORE), *self.words, "-c", text], capture_output=True, text=True,
                                timeout=20, check=False)
        return result.stdout.strip()

    def session(self, number):
        return PostgresSession(self, number)

    def rows(self, table="journal"):
        return [line.split("|") for line in self.ask(f"SELECT token, entry FROM {table} ORDER BY id").splitlines()]


class Session:
    """One client process of a host: a line goes in, a line comes out."""

    def __init__(self, words, number, network):
        self.process = subprocess.Popen([*network.inside(number), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=clean_environment(PGCONNECT_TIMEOUT="5"))
        tap.cleanup(self.process.wait)
        tap.cleanup(self.process.kill)

    def line(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


class PostgresSession(Session):
    undecided = 0  # refused, and whose place it was had not written to the table without a guard: nobody knows which would be later

    def __init__(self, server, number):
        super().__init__([word for word in server.words if word != "-q"], number, server.network)
        prepare = (EXAMPLES / "fence.sql").read_text(encoding="utf-8")
        tap.equal(self.line(prepare[prepare.index("PREPARE"):]), "PREPARE", "psql")

    def write(self, token, entry):
        """True: acknowledged; False: refused."""
        answer = self.line(f"EXECUTE append('{RESOURCE}', '{token}', '{entry}');")
        tap.check(answer in ("INSERT 0 1", "INSERT 0 0"), f"psql said {answer!r}")
        if answer == "INSERT 0 0" and not self.is_followed(token):
            self.undecided += 1
            return False
        self.line(f"INSERT INTO careless (token, entry) VALUES ('{token}', '{entry}');")
        return answer == "INSERT 0 1"

    def is_followed(self, token):
        """Who has its place writes both, one after the other: waits for the second."""
        try:
            return tap.wait_until(lambda: self.line("SELECT coalesce(max(token), '') FROM careless;") > token, 10, "the newer one")
        except AssertionError:
            return False


class Redis:
    def __init__(self, network, folder):
        self.network = network
        self.words = ["redis-cli", "-h", network.address(STORE)]
        spawn([*network.inside(STORE), "redis-server", "--bind", network.address(STORE), "--protected-mode", "no", "--dir",
               folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        tap.wait_until(lambda: self.ask("PING") == "PONG", 20, "Redis answers")
        self.script = self.ask("SCRIPT", "LOAD", (EXAMPLES / "fence.lua").read_text(encoding="utf-8"))

    def ask(self, *words):
        result = subprocess.run([*self.network.inside(STORE), *self.words, *words], capture_output=True, text=True,
                                timeout=20, check=False)
        return result.stdout.strip()

    def session(self, number):
        return RedisSession(self, number)

    def rows(self):
        return [line.split("|") for line in self.ask("LRANGE", "journal", "0", "-1").splitlines()]


class RedisSession(Session):
    def __init__(self, server, number):
        super().__init__(server.words, number, server.network)
        self.script = server.script

    def write(self, token, entry):
        answer = self.line(f"EVALSHA {self.script} 2 guard journal {token} {token}|{entry}")
        if answer.startswith("STALE"):
            self.process.stdout.readline()  # an error is followed by an empty line
            return False
        tap.check(answer.isdigit(), f"redis-cli said {answer!r}")
        return True


class GuardedFile:
    """What all hosts of this machine share: one guard, one journal."""

    def __init__(self, folder):
        self.guard, self.journal = folder / "guard", folder / "journal"

    def session(self, _number):
        return self

    def write(self, token, entry):
        result = subprocess.run([BELLWETHER, "fence", self.guard, token, "--", "sh", "-c", 'echo "$1" >>"$0"', self.journal,
                                 f"{token}|{entry}"], capture_output=True, text=True, timeout=60, env=clean_environment(),
                                check=False)
        tap.check(result.returncode in (0, 1), f"fence: {result.returncode} {result.stderr}")
        return result.returncode == 0

    def rows(self):
        return [line.split("|") for line in self.journal.read_text(encoding="ascii").splitlines()]


class Writer(threading.Thread):
    """Writes to one store under the newest reign of its agent, goes on after it ended, and stops only when it is refused."""

    def __init__(self, agent, number, store, end):
        super().__init__(daemon=True)
        self.agent, self.session, self.end, self.number = agent, store.session(number), end, number
        self.acknowledged, self.refused, self.late, self.problem = [], [], 0, None

    def run(self):
        try:
            while time.monotonic() < self.end:
                self._write_once()
        except (OSError, AssertionError, subprocess.SubprocessError) as problem:
            self.problem = problem

    def _write_once(self):
        reigns = self.agent.events("self-elected")
        token = reigns[-1].object["token"] if reigns else None
        if token is None or token in self.refused:
            time.sleep(.02)
            return
        over = any(line.object["token"] == token for line in self.agent.events("self-deposed"))
        entry = f"{self.number}:{len(self.acknowledged)}"
        if self.session.write(token, entry):
            self.acknowledged.append([token, entry])
            self.late += over
        else:
            self.refused.append(token)


def falls(rows):
    """How often a row has a smaller token than a row before it."""
    largest, count = "", 0
    for token, _ in rows:
        count += token < largest
        largest = max(largest, token)
    return count


def judge(name, store, writers):
    rows = store.rows()
    acknowledged = [row for writer in writers for row in writer.acknowledged]
    kept = set(map(tuple, rows))
    tap.note(f"{name}: {len(rows)} rows of {len({row[0] for row in rows})} reigns, {sum(len(w.refused) for w in writers)} times "
             f"refused, {sum(w.late for w in writers)} writes by who led no more and nobody had followed yet")
    tap.equal(falls(rows), 0, f"{name}: writes with a smaller token after a larger one")
    tap.equal([row for row in acknowledged if tuple(row) not in kept], [], f"{name}: acknowledged and lost")
    tap.equal(len(kept), len(rows), f"{name}: nothing twice")
    tap.check(len({row[0] for row in rows}) >= 3, f"{name}: leaders changed")
    tap.check(any(writer.refused for writer in writers), f"{name}: somebody was refused")
    # A leader of each half has written, so there was something to fence.
    for half in HALVES:
        tap.check(any(writer.acknowledged and writer.number in half for writer in writers), f"{name}: {half} wrote")


@tap.test(timeout=180)
def no_store_takes_a_write_of_an_older_reign():
    reason = why_not() or why_no_servers()
    if reason:
        tap.skip(reason)
    network = Halves(STORE)
    tap.cleanup(network.close)
    cluster = Cluster()
    tap.cleanup(cluster.close)
    folder = pathlib.Path(cluster.directory)
    stores = {"PostgreSQL": Postgres(network, folder), "Redis": Redis(network, folder), "guarded file": GuardedFile(folder)}
    agents = {}
    for number in range(1, STORE):
        agents[number] = cluster.add(f"n{number}", "--bind", network.address(number), "--join", network.address(1),
                                     prefix=network.inside(number)).start()
    for agent in agents.values():
        agent.wait_ready()
    cluster.wait_view(len(agents))
    cluster.wait_leader()
    end = time.monotonic() + SECONDS
    writers = {name: [Writer(agent, number, store, end) for number, agent in agents.items()] for name, store in stores.items()}
    everybody = [writer for group in writers.values() for writer in group]
    for writer in everybody:
        writer.start()
    while time.monotonic() < end - 4:
        network.part()
        time.sleep(5)
        network.join()
        time.sleep(4)
    for writer in everybody:
        writer.join(60)
    tap.equal([str(writer.problem) for writer in everybody if writer.problem], [], "problems of the writers")
    for name, store in stores.items():
        judge(name, store, writers[name])
    careless = falls(stores["PostgreSQL"].rows("careless"))
    tap.note(f"in the table without a guard: {careless} writes of an older reign after a newer one's")
    refused = sum(len(writer.refused) - writer.session.undecided for writer in writers["PostgreSQL"])
    tap.check(careless >= refused > 0, f"{careless} in the table without a guard, {refused} refused by the one with it")


if __name__ == "__main__":
    tap.main()
