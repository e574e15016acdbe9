"""What an agent keeps to itself, and what it cannot do: keys in a dump that root's debugger takes, system calls, files."""

import base64
import ctypes
import ctypes.util
import os
import re
import shutil
import signal
import subprocess
import sys

import tap
from cluster import BELLWETHER, LIMIT, Cluster, clean_environment, run

PACKAGING = os.path.join(os.environ["BW_SOURCE_DIR"], "packaging")


def root_only():
    if os.geteuid() != 0:
        tap.skip("needs root: a process that cannot be dumped is root's to look at")


def pair():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    return cluster, cluster.start(2)


def confined(agent):
    return agent.ask("info")["confined"]


def derived(key):
    """What seals, as crypto/keyring.c derives it."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    keys = []
    for number, size in ((1, 32), (2, 16)):
        out = ctypes.create_string_buffer(size)
        sodium.crypto_kdf_derive_from_key(out, ctypes.c_size_t(size), ctypes.c_uint64(number), b"bw-seal1", key)
        keys.append(out.raw)
    return keys


def mappings(pid):
    """(start, end, flags, name) of each mapping that can be read."""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", text):
        start, end, rights, name = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", part).groups()
        flags = re.search(r"VmFlags: (.*)", part)
        if rights[0] == "r" and not name.startswith("[v"):
            yield int(start, 16), int(end, 16), flags.group(1).split() if flags else [], name


def found_in_memory(pid, secrets):
    """(name of the secret, whether its mapping is left out of dumps) for each place where it stands."""
    places = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, flags, _ in list(mappings(pid)):
            memory.seek(start)
            try:
                data = memory.read(end - start)
            except OSError:
                continue
            places += [(name, "dd" in flags) for name, secret in secrets.items() if secret in data]
    return places


def secrets_of(cluster):
    with open(cluster.key, "rb") as file:
        text = file.read().strip()
    return forms_of(text)


def forms_of(text):
    seal, nonce = derived(base64.b64decode(text))
    return {"key": base64.b64decode(text), "text": text, "hex": base64.b64decode(text).hex().encode(), "seal": seal, "nonce": nonce}


def plain_build_only():
    if "sanitize" in os.environ.get("MODE_CFLAGS", ""):
        tap.skip("a sanitizer's shadow of the memory is too large to search")


def planted(secrets):
    """A process that keeps all of them where they must not be."""
    program = "import sys; kept = sys.stdin.buffer.read(); sys.stdout.write('ready\\n'); sys.stdout.flush(); import time; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    tap.cleanup(process.wait)
    tap.cleanup(process.kill)
    process.stdin.write(b" ".join(secrets.values()))
    process.stdin.close()
    process.stdout.readline()
    return process.pid


@tap.test(timeout=90)
def keys_stand_in_guarded_memory_alone():
    root_only()
    plain_build_only()
    cluster, agents = pair()
    secrets = secrets_of(cluster)
    tap.equal({name for name, _ in found_in_memory(planted(secrets), secrets)}, set(secrets), "planted copies are found")
    for agent in agents:
        places = found_in_memory(agent.process.pid, secrets)
        # the keys themselves stay for members that come back and lack one
        tap.equal(sorted(set(places)), [("key", True), ("nonce", True), ("seal", True)], f"{agent.name}: all are guarded")


@tap.test(timeout=90)
def a_key_that_is_added_leaves_no_copy():
    root_only()
    plain_build_only()
    cluster, agents = pair()
    path = cluster.path("added")
    secrets = forms_of(run("keygen").stdout.strip().encode())
    with open(path, "wb") as file:
        file.write(secrets["text"] + b"\n")
    result = agents[0].run("keys", "add", "--file", path)
    tap.equal(result.returncode, 0, result.stderr)
    for agent in agents:
        places = found_in_memory(agent.process.pid, secrets)
        tap.check("key" in dict(places), "it has the key")
        tap.equal({place for place in places if not place[1]}, set(), f"{agent.name}: where a dump would show it")


@tap.test(timeout=90)
def keys_are_not_in_a_dump():
    root_only()
    plain_build_only()
    if shutil.which("gcore") is None:
        tap.skip("no gcore (Debian package gdb)")
    cluster, agents = pair()
    secrets = secrets_of(cluster)

    def found(pid):
        path = cluster.path(f"core-{pid}")
        result = subprocess.run(["gcore", "-o", path, str(pid)], capture_output=True, text=True, timeout=60, check=False)
        tap.equal(result.returncode, 0, result.stderr)
        with open(f"{path}.{pid}", "rb") as file:
            data = file.read()
        tap.check(len(data) > 100000, "a whole dump")
        return {name for name, secret in secrets.items() if secret in data}

    tap.equal(found(planted(secrets)), set(secrets), "planted copies are found")
    tap.equal(found(agents[0].process.pid), set(), "of the agent's")


@tap.test(timeout=60)
def keys_are_not_where_others_look():
    cluster, agents = pair()
    secrets = secrets_of(cluster)
    agents[0].run("info", "-v")
    for name in ("cmdline", "environ"):
        if os.geteuid() == 0:
            with open(f"/proc/{agents[0].process.pid}/{name}", "rb") as file:
                tap.check(secrets["text"] not in file.read(), name)
    log = "\n".join(line.text for agent in agents for line in agent.log())
    for name in ("text", "hex"):
        tap.check(secrets[name].decode() not in log, "the log")


@tap.test(timeout=60)
def no_core_is_written():
    cluster, agents = pair()
    with open(f"/proc/{agents[0].process.pid}/limits", encoding="ascii") as file:
        tap.check(re.search(r"Max core file size +0 +0 ", file.read()), "the limit")
    tap.equal(confined(agents[0])["memory"], True, "info says so")
    status = os.stat(f"/proc/{agents[0].process.pid}/mem")
    tap.equal(status.st_uid, 0, "of a process that cannot be dumped it is root's")


def status_of(agent, name):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return re.search(rf"{name}:\s+(\S+)", file.read()).group(1)


@tap.test(timeout=90)
def an_agent_that_is_made_to_execute_something_ends():
    root_only()
    if shutil.which("gdb") is None:
        tap.skip("no gdb")
    cluster, agents = pair()
    if not confined(agents[0])["calls"]:
        tap.skip("its system calls are not filtered here")
    mark = cluster.path("mark")
    result = subprocess.run(["gdb", "-nx", "-q", "-batch", "-p", str(agents[0].process.pid), "-ex",
                             f'call (int)execl("/bin/touch", "touch", "{mark}", (char*)0)'],
                            capture_output=True, text=True, timeout=60, check=False, cwd=cluster.directory)
    # gdb itself may stumble over the end of all threads at once, and leave a core of its own where it was started
    tap.equal(agents[0].wait_exit(), -signal.SIGSYS, f"how it ended: {result.stdout}{result.stderr}")
    tap.check(not os.path.exists(mark), "it has executed nothing")


@tap.test(timeout=60)
def the_filter_holds_for_all_threads():
    cluster, agents = pair()
    if not confined(agents[0])["calls"]:
        tap.skip("its system calls are not filtered here")
    threads = os.listdir(f"/proc/{agents[0].process.pid}/task")
    tap.check(len(threads) >= 2, f"{threads}")
    for thread in threads:
        with open(f"/proc/{agents[0].process.pid}/task/{thread}/status", encoding="ascii") as file:
            text = file.read()
        tap.check(re.search(r"Seccomp:\s+2\n", text) and re.search(r"NoNewPrivs:\s+1\n", text), f"thread {thread}")


@tap.test(timeout=60)
def a_confined_agent_resolves_names_keeps_state_and_stops_cleanly():
    cluster, agents = pair()
    port = agents[0].addr.rsplit(":", 1)[1]
    late = cluster.add("late", "--join", f"localhost:{port}", "--bind", "127.0.0.1:0").start().wait_ready()
    cluster.wait_view(3)
    tap.equal(late.run("join", f"localhost:{port}").returncode, 0, "join by name")
    late.signal(signal.SIGTERM)
    tap.equal(late.wait_exit(), 0, "exit code")
    tap.check(not os.path.exists(late.control), "its socket is removed")
    tap.check(os.path.getsize(os.path.join(late.state, "state")) > 0, "its state is there")
    before = late.id
    late.start().wait_ready()
    tap.equal(late.id, before, "it is the same member")


@tap.test
def it_can_be_switched_off_and_says_so():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("n1", "--confine", "no").start().wait_ready()
    tap.equal((confined(agent)["files"], confined(agent)["calls"]), (False, False), "info")
    tap.equal(status_of(agent, "Seccomp"), "0", "no filter")
    tap.check(any("not confined" in line.text for line in agent.log()), "the log")
    tap.equal(run("agent", "--confine", "perhaps").returncode, 2, "a mistake")


# ------------------------------------------------------------------ the unit


def unit(cluster, name="bellwether.service"):
    with open(os.path.join(PACKAGING, name + ".in"), encoding="utf-8") as file:
        text = file.read().replace("@bindir@", os.path.dirname(BELLWETHER)).replace("@docdir@", "/usr/share/doc/bellwether")
    tap.check(not re.search(r"@\w+@", text), "nothing is left to be filled in")
    path = cluster.path(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


@tap.test
def the_unit_is_exposed_as_little_as_said():
    if shutil.which("systemd-analyze") is None:
        tap.skip("no systemd-analyze")
    cluster = Cluster()
    tap.cleanup(cluster.close)
    path = unit(cluster)
    limit = 15
    result = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={limit}", path],
                            capture_output=True, text=True, timeout=LIMIT, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if "--offline" in result.stderr:
        tap.skip("this systemd-analyze cannot look at a unit that is not loaded")
    tap.check("exposure level" in result.stdout, result.stdout + result.stderr)
    level = float(re.search(r"exposure level for \S+: ([0-9.]+)", result.stdout).group(1))
    tap.note(f"exposure level {level}")
    tap.check(level <= limit / 10 and result.returncode == 0, f"{level}")
    tap.equal(complaints(path), [], "systemd takes it")


def complaints(*paths):
    """What systemd has to say of units; the manual that they name is the tree's."""
    environment = {**os.environ, "MANPATH": os.path.join(os.path.dirname(PACKAGING), "man")}
    verified = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, timeout=LIMIT, check=False,
                              env=environment)
    return [line for line in verified.stderr.splitlines() if "bellwether" in line]


@tap.test
def the_unit_of_run_is_one_that_systemd_takes():
    if shutil.which("systemd-analyze") is None:
        tap.skip("no systemd-analyze")
    cluster = Cluster()
    tap.cleanup(cluster.close)
    paths = [unit(cluster), unit(cluster, "bellwether-run@.service")]
    tap.equal(complaints(*paths), [], "systemd takes it")
    with open(paths[1], "a", encoding="utf-8") as file:
        file.write("[Service]\nNoSuchThing=yes\n")
    tap.check(complaints(*paths), "and not what is wrong")


@tap.test(timeout=60)
def the_command_line_of_the_unit_of_run_works():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    agent = cluster.add("n1").start().wait_ready()
    with open(unit(cluster, "bellwether-run@.service"), encoding="utf-8") as file:
        text = file.read()
    words = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE).group(1).split()
    settings = {"${SCOPE}": ["nightly"], "$OPTIONS": ["--priority", "7"], "$COMMAND": ["touch", cluster.path("done")]}
    command = [part for word in words for part in settings.get(word, [word])]
    tap.check(not any("$" in word for word in command), command)
    ran = subprocess.run(command, env={**os.environ, "BELLWETHER_CONTROL": agent.control}, timeout=LIMIT, capture_output=True, text=True,
                         check=False)
    tap.equal((ran.returncode, os.path.exists(cluster.path("done"))), (0, True), ran.stderr)


@tap.test
def the_services_user_can_be_made():
    if shutil.which("systemd-sysusers") is None:
        tap.skip("no systemd-sysusers")
    cluster = Cluster()
    tap.cleanup(cluster.close)
    os.makedirs(cluster.path("root/etc"))
    made = subprocess.run(["systemd-sysusers", f"--root={cluster.path('root')}", os.path.join(PACKAGING, "bellwether.sysusers")],
                          capture_output=True, text=True, timeout=LIMIT, check=False)
    if made.returncode != 0 and os.geteuid() != 0:
        tap.skip("needs root")
    with open(cluster.path("root/etc/passwd"), encoding="utf-8") as file:
        user = [line.split(":") for line in file if line.startswith("bellwether:")]
    tap.equal([(line[5], line[6].strip()) for line in user], [("/var/lib/bellwether", "/usr/sbin/nologin")], made.stderr)


@tap.test(timeout=60)
def the_units_command_line_works_with_credentials():
    cluster = Cluster()
    tap.cleanup(cluster.close)
    credentials = cluster.path("credentials")
    tap.equal(run("init", credentials).returncode, 0, "init")
    with open(unit(cluster), encoding="utf-8") as file:
        words = re.search(r"ExecStart=(.*)", file.read()).group(1).replace("%d", credentials).split()
    control = cluster.path("sock")
    more = ["--state-dir", cluster.path("state"), "--control", control, "--bind", "127.0.0.1:0", "--profile", "local"]
    environment = clean_environment(CREDENTIALS_DIRECTORY=credentials)
    key = os.path.join(credentials, "bellwether.key")

    def first_line():
        process = subprocess.Popen([*words, *more], stderr=subprocess.PIPE, text=True, env=environment)
        try:
            for line in process.stderr:
                if "type=ready" in line or "level=error" in line:
                    return line
        finally:
            process.terminate()
            process.communicate()
        return ""

    tap.check("type=ready" in first_line(), "as init makes it")
    if os.geteuid() != 0:
        return
    os.chmod(key, 0o440)  # as systemd makes it with a list of who reads: the group's right is the list's mask
    tap.check("type=ready" in first_line(), "as systemd makes it")
    os.chmod(key, 0o444)
    tap.check("others can read" in first_line(), "anybody may read it")
    os.chmod(key, 0o440)
    environment["CREDENTIALS_DIRECTORY"] = "/elsewhere"
    tap.check("others can read" in first_line(), "it is no credential")


if __name__ == "__main__":
    tap.main(parallel=4)
