"""What the tests of the examples share."""

import base64
import os
import pathlib
import socket
import subprocess
import tempfile

import tap

EXAMPLES = pathlib.Path(os.environ["BW_BUILD_DIR"]) / "examples"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Member:
    def __init__(self, program, directory, name, *addresses):
        self.output = pathlib.Path(directory, name + ".out")
        command = [EXAMPLES / program, name, pathlib.Path(directory, "key"), *addresses]
        with open(self.output, "wb") as file:
            self.process = subprocess.Popen(command, stdout=file)
        tap.cleanup(self.process.wait)
        tap.cleanup(self.process.kill)

    def said(self, line):
        return line in [text.strip() for text in self.output.read_text().splitlines()]


def directory_with_key():
    directory = tempfile.TemporaryDirectory()
    tap.cleanup(directory.cleanup)
    pathlib.Path(directory.name, "key").write_bytes(base64.b64encode(os.urandom(32)) + b"\n")
    return directory.name
