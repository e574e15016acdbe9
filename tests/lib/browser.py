"""A headless Chromium for tests, driven over its debugging pipe: commands and events are JSON, each ended by a zero byte.

    with Browser() as browser:
        browser.open("file:///tmp/page.html")
        browser.eval("document.title")
        browser.problems   # exceptions, console errors, requests to anywhere but the page itself
"""

import base64
import collections
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 30
PIPE_AND_EXEC = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(word), fcntl.F_DUPFD, 10) for word in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    def __init__(self, width=1400, height=900):
        self.profile = tempfile.mkdtemp(prefix="bw-browser-")
        self.requests, self.problems, self.waiting = [], [], collections.deque()
        self.number, self.rest = 0, b""
        to_read, self.to = os.pipe()
        self.come, from_write = os.pipe()
        words = [program(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                 f"--window-size={width},{height}", f"--user-data-dir={self.profile}", "--remote-debugging-pipe",
                 "about:blank"]
        # Descriptors 3 and 4 are the pipe. (A shell's redirections take descriptors of one digit only.)
        start = [sys.executable, "-c", PIPE_AND_EXEC, str(to_read), str(from_write), *words]
        self.process = subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, pass_fds=(to_read, from_write), start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        pages = [target for target in self.call("Target.getTargets", session=None)["targetInfos"]
                 if target["type"] == "page"]
        attached = self.call("Target.attachToTarget", session=None, targetId=pages[0]["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)  # its children write, too
        self.process.wait()
        os.close(self.to)
        os.close(self.come)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, session="", **parameters):
        """Returns the result; what else comes meanwhile is looked at."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session or self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(time.monotonic() + LIMIT)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self._look_at(answer)

    def _next(self, end):
        while b"\0" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.come], [], [], left)[0]:
                raise AssertionError("the browser does not answer")
            got = os.read(self.come, 1 << 20)
            if not got:
                raise AssertionError("the browser has ended")
            self.rest += got
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def _look_at(self, event):
        method, what = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and what["entry"]["level"] == "error":
            self.problems.append(what["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "assert"):
            self.problems.append(str(what["args"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Page.loadEventFired":
            self.waiting.append(method)

    def open(self, url):
        """Until it is loaded; returns how long that took, in seconds."""
        self.waiting.clear()
        start = time.monotonic()
        self.call("Page.navigate", url=url)
        while not self.waiting:
            self._look_at(self._next(start + LIMIT))
        return time.monotonic() - start

    def eval(self, expression):
        """The value of an expression; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def frames(self, count=2):
        """Until that many frames have been drawn."""
        self.eval(f"new Promise(done => {{ let n = {count}; const f = () => n-- > 0 ? requestAnimationFrame(f) : done(); f(); }})")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)
        self.frames()

    def key(self, key, text=None):
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        self.frames()

    def screenshot(self, path):
        shot = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
