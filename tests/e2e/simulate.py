"""simulate: tables, JSON, sweeps, faults on the command line and in files, mistakes, reproduction."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import tap

BELLWETHER = os.environ["BELLWETHER"]


def simulate(*words, code=0):
    done = subprocess.run([BELLWETHER, "simulate", *words], capture_output=True, text=True, timeout=150, check=False)
    tap.equal(done.returncode, code, f"exit code of {words}: {done.stderr[-500:]}")
    return done


def measured(*words, code=0):
    return json.loads(simulate("--json", *words, code=code).stdout)


@tap.test
def a_quiet_cluster_is_shown_in_a_table():
    text = simulate().stdout
    for part in ("one view everywhere", "one leader, all know", "bytes sent, node and second", "MEDIAN", "WORST",
                 "5 nodes, 1m, seed 1, trace hash ", "Invariants: all held"):
        tap.check(part in text, f"{part!r} in {text}")


@tap.test
def a_crash_of_the_leader_in_json():
    result = measured("--fault", "crash:leader@30s", "--runs", "5")
    tap.equal((result["nodes"], result["duration_s"], result["violations"]), (5, 60.0, 0))
    fault = result["faults"][0]
    tap.equal(fault["fault"], "crash:leader@30s")
    for name in ("first_ms", "everywhere_ms", "acting_ms", "known_ms", "whole_ms"):
        figures = fault[name]
        tap.equal((figures["count"], figures["due"]), (5, 5), name)
        tap.check(0 < figures["median"] <= figures["p90"] <= figures["worst"] < 30000, f"{name}: {figures}")
    tap.check(fault["acting_ms"]["median"] < fault["everywhere_ms"]["worst"], "the port was refused")
    tap.equal([run["seed"] for run in result["runs"]], [1, 2, 3, 4, 5])
    tap.equal(len({run["hash"] for run in result["runs"]}), 5, "each seed has its own run")
    tap.equal(result["reigns"]["median"], 2)
    tap.equal(result["dead"]["worst"], 0)


@tap.test
def the_same_seed_gives_the_same_run():
    words = ("--nodes", "7", "--loss", "5%", "--fault", "partition:50/50@20s-30s", "--seed", "42")
    first, again = measured(*words), measured(*words)
    tap.equal(first, again)
    tap.check(measured(*words[:-1], "43")["hash"] != first["hash"], "another seed, another run")


@tap.test
def extra_ticks_change_nothing():
    words = ("--fault", "crash:n2@10s-20s", "--fault", "stop:n1@30s-40s", "--loss", "10%", "--seed", "7")
    tap.equal(measured(*words)["hash"], measured(*words, "--extra-ticks", "30%")["hash"])


@tap.test
def a_run_of_several_can_be_repeated_by_its_seed():
    several = measured("--fault", "stop:any@20s-30s", "--runs", "3", "--seed", "5")
    alone = measured("--fault", "stop:any@20s-30s", "--seed", "6")
    tap.equal(several["runs"][1]["hash"], alone["hash"])


@tap.test
def a_broken_invariant_gives_1_and_the_command_that_repeats_it():
    done = simulate("--fault", "partition:50/50@30s-60s", "--forbid-overlap", "--runs", "2", code=1)
    tap.check("may both act in default" in done.stderr, done.stderr)
    tap.check("Invariants: BROKEN" in done.stdout, done.stdout)
    command = re.search(r"^To repeat it: (.*)$", done.stderr, re.MULTILINE).group(1)
    words = shlex.split(command)
    tap.equal(words[:2], ["bellwether", "simulate"])
    result = measured("--fault", "partition:50/50@30s-60s", "--forbid-overlap", code=1)
    again = measured(*words[2:], code=1)
    tap.equal((again["hash"], again["violations"]), (result["hash"], 1))
    tap.equal(again["runs"][0]["repeat"], command)
    tap.check("may both act" in again["runs"][0]["violation"], again)


@tap.test
def all_settings_are_in_the_command_that_repeats_a_run():
    words = ["--nodes", "4", "--duration", "50s", "--profile", "local", "--latency", "1ms..3ms", "--loss", "0.5%",
             "--duplicate", "1%", "--reorder", "2%", "--extra-ticks", "1%", "--set", "lease_ms=900", "--fault",
             "partition:n0,n1/n2,n3@30s-40s", "--failover", "safe", "--no-state", "--forbid-overlap", "--seed", "9"]
    result = measured(*words, code=1)
    again = measured(*shlex.split(result["runs"][0]["repeat"])[2:], code=1)
    tap.equal(again, result)


@tap.test
def two_lead_in_a_partition_but_not_in_quorum_mode():
    words = ("--nodes", "5", "--fault", "partition:n0,n1/n2,n3,n4@20s-50s", "--forbid-overlap", "--duration", "90s")
    found = measured(*words, code=1)["runs"][0]["violation"]
    tap.check(found.startswith("no-overlap: "), found)
    tap.equal(measured(*words, "--mode", "quorum")["violations"], 0)


@tap.test
def what_an_unguarded_resource_would_take_is_counted():
    words = ("--fault", "partition:50/50@20s-50s")
    result = measured(*words)
    tap.check(result["guard_refused"]["worst"] > 0 < result["overlap_ms"]["worst"], result)
    tap.check(re.search(r"^  uses that a guard refused +[1-9]", simulate(*words).stdout, re.MULTILINE), "in the table")
    for quiet in ((), (*words, "--mode", "quorum")):
        tap.equal(measured(*quiet)["guard_refused"]["worst"], 0, f"{quiet}")


@tap.test
def faults_come_from_a_file():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "faults")
        path.write_text("# two of them\n\n  crash:n1@10s  # for ever\nstop:n2@20s-30s\n")
        result = measured("--faults", str(path))
        tap.equal([fault["fault"] for fault in result["faults"]], ["crash:n1@10s", "stop:n2@20s-30s"])
        tap.equal(result["hash"], measured("--fault", "crash:n1@10s", "--fault", "stop:n2@20s-30s")["hash"])
        path.write_text("crash:n1@10s\n\ncrash:n99@10s\n")
        tap.equal(simulate("--faults", str(path), code=2).stderr,
                  f"bellwether: {path}:3: 'crash:n99@10s': there is no n99 among 5 nodes: n0 to n4\n")
        path.write_text("x" * 600 + "\n")
        tap.check(f"{path}:1: the line is longer" in simulate("--faults", str(path), code=2).stderr, "long line")
    tap.check("cannot be read" in simulate("--faults", "/nonexistent/faults", code=2).stderr, "no file")


@tap.test
def mistakes_are_named_and_give_2():
    for words, part in [
        (["--nodes", "0"], "--nodes 0: a number of nodes from 1 to 10000"),
        (["--duration", "60"], "--duration 60: a time above zero: 30s"),
        (["--loss", "101%"], "--loss 101%: a share, 0% to 100%"),
        (["--latency", "5ms..1ms"], "--latency 5ms..1ms: a time one way"),
        (["--latency", "5"], "--latency 5: a time one way"),
        (["--profile", "moon"], "--profile moon: local, lan or wan"),
        (["--mode", "quark"], "--mode quark: priority, bully or quorum"),
        (["--mode", "quorum", "--nodes", "2"], "--mode quorum needs three members or more"),
        (["--mode", "quorum", "--no-state"], "and their state (no --no-state)"),
        (["--failover", "never"], "--failover never: fast or safe"),
        (["--set", "probe_intervall_ms=5"], "did you mean 'probe_interval_ms'?"),
        (["--set", "lease_ms=1"], "lease_ms goes from 100 to 600000"),
        (["--set", "lease_ms"], "PARAM=VALUE is wanted"),
        (["--set", "probe_timeout_max_ms=5000"], "do not fit together"),
        (["--fault", "crash:n5@3s"], "--fault 'crash:n5@3s': there is no n5 among 5 nodes: n0 to n4"),
        (["--fault", "crash:n1@90s"], "it would begin when all is over"),
        (["--fault", "crsh:n1@3s"], "'crsh' is no kind of fault; there are crash, restart"),
        (["--stopped", "9"], "any9 of 5 nodes are too many"),
        (["--stopped-for", "0"], "--stopped-for 0: a time above zero"),
        (["--seed", "x"], "--seed x: a whole number"),
        (["--runs", "0"], "--runs 0: a number of runs from 1"),
        (["--sweep", "loss"], "--sweep loss: what and from where to where? NAME=FROM..TO:STEP"),
        (["--sweep", "loss=0..40"], "'0..40' has no step"),
        (["--sweep", "loss=0..40:0"], "'0' is no step"),
        (["--sweep", "loss=a..40:1"], "'a' is no number"),
        (["--sweep", "loss=0..x:1"], "'x' is no number"),
        (["--sweep", "loss=40..0:10"], "40..0 goes backwards"),
        (["--sweep", "latency=1ms..9s:1ms"], "have different units"),
        (["--sweep", "loss=0..40:0.001"], "more than 1000 values"),
        (["--sweep", "loss=10,,20"], "'' is no value"),
        (["--sweep", "loss=50..150:50"], "loss=150: a share, 0% to 100%"),
        (["--sweep", "los=1,2"], "there is no parameter 'los'"),
        (["--sweep", "loss=1", "--sweep", "nodes=3", "--sweep", "stopped=1", "--sweep", "lease_ms=900"],
         "at most 3 sweeps"),
        (["--swarm", "many"], "--swarm many: a number of scenarios, 200, or a time, 10m"),
        (["--swarm", "5", "--fault", "crash:n1@3s"], "--swarm draws its own faults and settings"),
        (["now"], "'now' is one word too many"),
        (["--nods", "3"], "did you mean '--nodes'?"),
    ]:
        done = simulate(*words, code=2)
        tap.check(part in done.stderr, f"{part!r} in {done.stderr!r}")
        tap.equal((done.stdout, done.stderr.count("\n")), ("", 1), f"one complaint for {words}")


@tap.test
def a_sweep_is_a_table():
    lines = simulate("--nodes", "8", "--no-scope", "--sweep", "loss=0..40:20", "--runs", "2").stdout.splitlines()
    tap.equal(len(lines), 4)
    tap.equal(lines[0].split()[0], "loss")
    tap.equal([line.split()[0] for line in lines[1:]], ["0", "20", "40"])
    tap.check("KNOWN" in lines[0] and "2/2" in lines[1], lines)


@tap.test
def sweeps_multiply():
    done = simulate("--json", "--nodes", "16", "--no-scope", "--sweep", "stopped=1,4", "--sweep", "stopped-for=0.5s,8s",
                    "--sweep", "suspicion_beta=12,24")
    points = [json.loads(line) for line in done.stdout.splitlines()]
    tap.equal([tuple(point["settings"].values()) for point in points],
              [(n, t, b) for n in ("1", "4") for t in ("0.5s", "8s") for b in ("12", "24")])
    for point in points:
        tap.equal((point["dead_by_healthy"], point["violations"]), (0, 0), "nobody healthy dies")
    tap.equal(sum(point["known"] for point in points if point["settings"]["stopped-for"] == "0.5s"), 0,
              "half a second is too short to be noticed")


@tap.test
def a_trace_is_told_on_standard_error():
    done = simulate("--trace", "--fault", "crash:n1@10s", "--duration", "20s")
    for part in ("n1 crashes", "fault crash:n1@10s", "member-dead n1", "rule "):
        tap.check(part in done.stderr, part)


@tap.test
def last_writes_are_torn_or_lost():
    for way, words in [("torn", "bytes are left on the disk"), ("old", "the last write is lost: ")]:
        done = simulate("--trace", "--runs", "5", "--fault", f"restart:leader:{way}@20s", "--fault", f"restart:any2:{way}@30s")
        tap.check(done.stderr.count(words) >= 15, f"{words}: {done.stderr[-500:]}")
        tap.check("Invariants: all held" in done.stdout, done.stdout)


@tap.test(timeout=180)
def a_swarm_passes():
    text = simulate("--swarm", "60").stdout
    tap.check(re.fullmatch(r"60 scenarios, seeds 1 to 60, [0-9.]+ hours of nodes: 0 failed\n", text), text)
    tap.check(" 0 failed" in simulate("--swarm", "30", "--seed", "1001").stdout, "last writes are torn or lost, too")
    tap.check(" scenarios, seeds 9 to " in simulate("--swarm", "300ms", "--seed", "9").stdout, "for a time")


@tap.test(timeout=120)
def what_a_swarm_finds_is_small_and_can_be_repeated():
    lines = simulate("--swarm", "12", "--forbid-overlap", code=1).stdout.splitlines()
    tap.check(len(lines) > 1, lines)
    for line in lines[:-1]:
        command, violation = line.split("  # ")
        tap.check(violation.startswith("no-overlap: "), violation)
        result = measured(*shlex.split(command)[2:], code=1)
        tap.check(result["runs"][0]["violation"].startswith("no-overlap: "), result["runs"])
        words = shlex.split(command)[2:]
        for at in [i for i, word in enumerate(words) if word == "--fault"]:
            done = subprocess.run([BELLWETHER, "simulate", "--json", *words[:at], *words[at + 2:]], capture_output=True,
                                  text=True, timeout=60, check=False)
            tap.check("no-overlap: " not in done.stdout, f"needs {words[at + 1]}: {command}")
        tap.check("--set" not in command, f"no parameter is needed: {command}")


@tap.test
def help_lists_every_fault():
    text = simulate("--help").stdout
    for word in ("crash", "restart", "stop", "sleep", "leave", "stepdown", "transfer", "priority", "unready", "silent", "partition", "cut", "loss",
                 "latency", "duplicate", "reorder", "flap", "mtu", "bandwidth", "refuse", "slow", "clock", "rate",
                 "disk"):
        tap.check(f"  {word}:" in text, word)


@tap.test
def every_invariant_and_fault_is_in_the_document():
    source = pathlib.Path(os.environ["BW_SOURCE_DIR"])
    text = (source / "docs" / "SIMULATOR.md").read_text(encoding="utf-8")
    names = re.findall(r'^    X\([A-Z_]+, "([a-z-]+)"', (source / "sim" / "invariants.h").read_text(), re.MULTILINE)
    tap.check(len(names) > 15, names)
    tap.equal([name for name in names if f"| {name} |" not in text], [])
    kinds = re.findall(r'^    X\([A-Z_]+, "([a-z]+)"', (source / "sim" / "fault.h").read_text(), re.MULTILINE)
    tap.check(len(kinds) > 15, kinds)
    tap.equal([kind for kind in kinds if f"| `{kind}:" not in text and f", `{kind}:" not in text], [])


if __name__ == "__main__":
    tap.main()
