"""What others make of the agent's HTTP, with the samples of examples/http: a real HAProxy follows the leader, a real Prometheus reads
the metrics and knows its alerts, a real nginx passes the dashboard on."""

import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import tap
from cluster import LIMIT
from http_client import Answer, ask, place, serving

EXAMPLES = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2]) / "examples" / "http"
WORKER = """
import http.server, sys
class Worker(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = sys.argv[1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Worker)
print(server.server_port, flush=True)
server.serve_forever()
"""


def need(program, package):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        tap.skip(f"{program} is not installed (Debian package {package})")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(words, log, port):
    """A program in the foreground, until it listens."""
    with open(log, "wb") as file:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    tap.cleanup(process.wait)
    tap.cleanup(process.kill)

    def listens():
        tap.check(process.poll() is None, f"it runs: {pathlib.Path(log).read_text()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    tap.wait_until(listens, LIMIT, f"{words[0]} listens")
    return process


def get(port, path="/", headers=(), timeout=LIMIT):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


# ------------------------------------------------------------------ HAProxy

def worker(name):
    process = subprocess.Popen([sys.executable, "-c", WORKER, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    tap.cleanup(process.wait)
    tap.cleanup(process.stdout.close)
    tap.cleanup(process.kill)
    return process, int(process.stdout.readline())


def haproxy(cluster, workers):
    program, port = need("haproxy", "haproxy"), free_port()
    text = (EXAMPLES / "haproxy.cfg").read_text().replace("192.0.2.100:80", f"127.0.0.1:{port}")
    for number, (name, (_, served)) in enumerate(workers.items(), 1):
        line = f"server n{number} 192.0.2.{number}:8000 port 7980"
        tap.check(line in text, f"{line} is in the sample")
        text = text.replace(line, f"server {name} 127.0.0.1:{served} port {place(cluster.agents[name])[1]}")
    path = cluster.path("haproxy.cfg")
    pathlib.Path(path).write_text(text)
    started([program, "-db", "-f", path], cluster.path("haproxy.log"), port)
    return port


def served_by(port):
    """The worker that answered, None: none could."""
    try:
        answer = get(port)
    except (http.client.HTTPException, OSError):
        return None
    return answer.body.decode() if answer.status == 200 else None


def settled(port, name):
    """Until HAProxy has looked at all of them: before its first check it holds each for good."""
    tap.wait_until(lambda: {served_by(port) for _ in range(10)} == {name}, LIMIT, f"{name}'s worker answers, and no other")


@tap.test(timeout=120)
def requests_follow_the_leader_through_haproxy():
    need("haproxy", "haproxy")
    cluster = serving(3)
    leader = cluster.wait_leader()
    workers = {name: worker(name) for name in cluster.agents}
    port = haproxy(cluster, workers)
    settled(port, leader.name)
    tap.equal({served_by(port) for _ in range(30)}, {leader.name}, "and no other")

    token = leader.reign()[0]
    at = leader.kill()
    workers[leader.name][0].kill()
    token, name, elected = cluster.wait_reign(above=token)
    tap.wait_until(lambda: served_by(port) == name, LIMIT, "the next leader's worker answers")
    took = time.monotonic() - at
    settled(port, name)
    tap.note(f"host killed: elected after {elected - at:.3f} s, served by the next one after {took:.3f} s")
    tap.equal({served_by(port) for _ in range(30)}, {name}, "and no other")

    second = cluster.agents[name]
    at = second.kill()  # the agent alone: its worker would answer still
    token, name, elected = cluster.wait_reign(above=token)
    tap.wait_until(lambda: served_by(port) == name, LIMIT, "the last one's worker answers")
    took = time.monotonic() - at
    settled(port, name)  # until its next check the old one's worker is up, too
    tap.note(f"agent killed: elected after {elected - at:.3f} s, served by the next one after {took:.3f} s")
    tap.equal({served_by(port) for _ in range(30)}, {name}, "and no other")
    cluster.agents[name].kill()
    tap.wait_until(lambda: served_by(port) is None, LIMIT, "with no leader nobody answers, though the worker could")


@tap.test(timeout=120)
def a_stepdown_moves_requests_too():
    need("haproxy", "haproxy")
    cluster = serving(3)
    leader = cluster.wait_leader()
    port = haproxy(cluster, {name: worker(name) for name in cluster.agents})
    settled(port, leader.name)
    token = leader.reign()[0]
    at = time.monotonic()
    tap.equal(leader.run("stepdown", "default").returncode, 0, "stepdown")
    name = cluster.wait_reign(above=token)[1]
    tap.check(name != leader.name, "another one leads")
    tap.wait_until(lambda: served_by(port) == name, LIMIT, "its worker answers")
    tap.note(f"served by the next one after {time.monotonic() - at:.3f} s")


# ------------------------------------------------------------------ Prometheus

@tap.test(timeout=60)
def samples_for_prometheus_are_valid():
    promtool = need("promtool", "prometheus")
    for words in (["check", "rules", EXAMPLES / "alerts.yml"], ["check", "config", EXAMPLES / "prometheus.yml"]):
        result = subprocess.run([promtool, *words], capture_output=True, text=True, timeout=LIMIT, check=False)
        tap.equal(result.returncode, 0, f"{words}: {result.stdout}{result.stderr}")


def series(name, values, **labels):
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{inside}}}", "values": values}


@tap.test(timeout=60)
def alerts_fire_when_they_should():
    promtool = need("promtool", "prometheus")
    both = ({"instance": "a"}, {"instance": "b"})
    cases = {
        "BellwetherAgentDown": [series("up", "0x40", job="bellwether")],
        "BellwetherNoLeader": [series("bellwether_scope_has_leader", "0x40", scope="s", **one) for one in both],
        "BellwetherTwoLeaders": [series("bellwether_scope_leads", "1x40", scope="s", **one) for one in both],
        "BellwetherLeadersChange": [series("bellwether_scope_term", "1+1x40", scope="s")],
        "BellwetherMemberDied": [series("bellwether_events_total", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1", type="member-dead")],
        "BellwetherSuspicions": [series("bellwether_suspicions_total", "0+10x40", by="self")],
        "BellwetherViewsDiffer": [series("bellwether_converged", "0x40")],
        "BellwetherAgentSlow": [series("bellwether_local_health", "3x40")],
        "BellwetherStrangers": [series("bellwether_datagrams_dropped_total", "0+5x40", cause="drop-key")],
        "BellwetherCertificateEnds": [series("bellwether_certificate_expiry_timestamp_seconds", "86400x40")],
        "BellwetherForgottenFreeze": [series("bellwether_scope_frozen", "1x200", scope="s")],
        "BellwetherBoundsReached": [series("bellwether_bounds_passed_total", "0+5x40", bound="members")],
    }
    well = [series("up", "1x200", job="bellwether"), series("bellwether_scope_leads", "1x200", scope="s", instance="a"),
            series("bellwether_scope_leads", "0x200", scope="s", instance="b"), series("bellwether_scope_has_leader", "1x200", scope="s"),
            series("bellwether_scope_term", "7x200", scope="s"), series("bellwether_events_total", "3x200", type="member-dead"),
            series("bellwether_suspicions_total", "3x200", by="self"), series("bellwether_converged", "1x200"),
            series("bellwether_local_health", "0x200"), series("bellwether_datagrams_dropped_total", "9x200", cause="drop-key"),
            series("bellwether_certificate_expiry_timestamp_seconds", "31536000x200"), series("bellwether_scope_frozen", "0x200", scope="s"),
            series("bellwether_bounds_passed_total", "4x200", bound="members")]
    text = (EXAMPLES / "alerts.yml").read_text()
    tap.equal(sorted(line.split()[-1] for line in text.splitlines() if "- alert:" in line), sorted(cases), "each alert has its case")
    with tempfile.TemporaryDirectory(prefix="bw-alerts-") as name_of_folder:
        folder = pathlib.Path(name_of_folder)
        for name, inputs in cases.items():
            # count by name: the labels and texts of an alert are not what is looked at
            late = "100m" if name == "BellwetherForgottenFreeze" else "20m"
            fires = {"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > bool 0', "eval_time": late}
            quiet = {"expr": 'count(ALERTS{alertstate="firing"})', "eval_time": late, "exp_samples": []}
            tests = {"rule_files": [str(EXAMPLES / "alerts.yml")], "evaluation_interval": "15s", "tests": [
                {"interval": "1m", "input_series": inputs, "promql_expr_test": [{**fires, "exp_samples": [{"labels": "{}", "value": 1}]}]},
                {"interval": "1m", "input_series": well, "promql_expr_test": [quiet]}]}
            path = folder / f"{name}.yml"
            path.write_text(json.dumps(tests))
            result = subprocess.run([promtool, "test", "rules", path], capture_output=True, text=True, timeout=LIMIT, check=False)
            tap.equal(result.returncode, 0, f"{name}: {result.stdout}{result.stderr}")


@tap.test(timeout=120)
def a_prometheus_reads_them_all():
    program = need("prometheus", "prometheus")
    cluster = serving(3)
    cluster.wait_leader()
    port = free_port()
    targets = ", ".join('"127.0.0.1:%d"' % place(agent)[1] for agent in cluster.living())
    text = (EXAMPLES / "prometheus.yml").read_text()
    text = text.replace('"192.0.2.1:7980", "192.0.2.2:7980", "192.0.2.3:7980"', targets).replace("15s", "1s")
    pathlib.Path(cluster.path("prometheus.yml")).write_text(text.replace("alerts.yml", str(EXAMPLES / "alerts.yml")))
    started([program, "--config.file", cluster.path("prometheus.yml"), "--storage.tsdb.path", cluster.path("tsdb"),
             "--web.listen-address", f"127.0.0.1:{port}"], cluster.path("prometheus.log"), port)

    def asked(query):
        answer = get(port, "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
        return [entry["value"][1] for entry in answer.json()["data"]["result"]] if answer.status == 200 else []
    tap.wait_until(lambda: asked('bellwether_members{status="alive",cluster="default"}') == ["3"] * 3, LIMIT, "three say three")
    tap.equal(asked('sum(bellwether_scope_leads{scope="default"})'), ["1"], "one leads")
    tap.equal(asked('up{job="bellwether"}'), ["1"] * 3, "all are up")


# ------------------------------------------------------------------ nginx

@tap.test(timeout=60)
def nginx_passes_the_dashboard_on():
    program = need("nginx", "nginx-light")
    cluster = serving(1)
    agent = cluster.wait_leader()
    port = free_port()
    folder = cluster.path("nginx")
    os.mkdir(folder)
    os.chmod(cluster.directory, 0o755)  # its workers are not root
    pathlib.Path(folder, "htpasswd").write_text("me:{PLAIN}secret\n")
    text = (EXAMPLES / "nginx.conf").read_text()
    for old, new in (("192.0.2.1:8443", f"127.0.0.1:{port}"), ("127.0.0.1:7980", "%s:%d" % place(agent)),
                     ("/etc/nginx/bellwether.htpasswd", f"{folder}/htpasswd"),
                     ("http {\n", "http {\naccess_log off;\n" + "".join(
                         f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")))):
        tap.check(old in text, f"{old} is in the sample")
        text = text.replace(old, new)
    pathlib.Path(folder, "nginx.conf").write_text(text)
    started([program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf", "-g", f"daemon off; master_process off; pid {folder}/pid;"],
            cluster.path("nginx.log"), port)
    tap.equal(get(port, "/bellwether/").status, 401, "without the password")
    key = {"Authorization": "Basic bWU6c2VjcmV0"}
    page = get(port, "/bellwether/", key)
    tap.equal((page.status, page.body), (200, ask(agent, "/").body), "the page")
    tap.check("script-src 'sha256-" in page.headers["Content-Security-Policy"], "its policy")
    tap.equal(get(port, "/bellwether/v1/members", key).json()["self"], "n1", "JSON")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    connection.request("GET", "/bellwether/v1/events?types=user-event", headers=key)
    stream = connection.getresponse()
    while stream.readline() != b"\n":
        pass
    threading.Timer(.1, lambda: agent.run("event", "hello")).start()
    tap.check(stream.readline().startswith(b"id: "), "an event comes as it happens")
    connection.close()


if __name__ == "__main__":
    tap.main()
