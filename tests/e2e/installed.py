"""The library as it is installed: built against with pkg-config, with CMake and from C++, and run from there."""

import base64
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tap

sys.path.insert(0, os.path.join(os.environ["BW_SOURCE_DIR"], "examples"))
from example import Member, free_port  # noqa: E402

SOURCE = pathlib.Path(os.environ["BW_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["BW_BUILD_DIR"])
FLAGS = (os.environ.get("MODE_CFLAGS") or "").split()
KEY = base64.b64encode(os.urandom(32)).decode() + "\n"

CMAKE = """
cmake_minimum_required(VERSION 3.18)
project(outside C)
find_package(bellwether 0.1 CONFIG REQUIRED)
add_executable(embed "{source}/examples/embed.c")
set_property(TARGET embed PROPERTY C_STANDARD 11)
target_link_libraries(embed PRIVATE bellwether::bellwether ev)
"""


def run(*command, directory=None, environment=None, code=0):
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=directory, env=environment,
                         timeout=100, check=False)
    tap.equal(ran.returncode, code, f"{command}:\n{ran.stdout}{ran.stderr}\nexit code")
    return ran.stdout


def installed():
    """Installs the library into a root of its own; gives root and what programs need in their environment."""
    if not (BUILD / ".libs" / "libbellwether.so").exists():
        tap.skip("no shared library was built")
    if any(flag.startswith("-fsanitize") for flag in FLAGS):
        tap.skip("built with sanitizers")
    directory = tempfile.TemporaryDirectory()
    tap.cleanup(directory.cleanup)
    root = pathlib.Path(directory.name)
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    run("make", "-s", "install-libLTLIBRARIES", "install-bellwetherincludeHEADERS", "install-pkgconfigDATA", "install-cmakeDATA",
        f"DESTDIR={root}", directory=BUILD, environment=clean)
    pc = next(root.rglob("bellwether.pc"))
    prefix = pathlib.Path(str(pc.parent.parent.parent))
    clean |= {"PKG_CONFIG_PATH": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": str(root), "LD_LIBRARY_PATH": str(pc.parent.parent)}
    return root, prefix, clean


def pkg_config(environment, *words):
    return run("pkg-config", *words, "bellwether", environment=environment).split()


def compiler(variable, *names):
    found = next((name for name in [os.environ.get(variable), *names] if name and shutil.which(name)), None)
    return found or tap.skip(f"no {names[0]}")


def two_lead_one(program, environment, root):
    """The built example is the whole library: two members find each other, one leads."""
    (root / "key").write_text(KEY)
    os.environ["LD_LIBRARY_PATH"] = environment["LD_LIBRARY_PATH"]
    address = f"127.0.0.1:{free_port()}"
    first = Member(program, root, "first", address)
    second = Member(program, root, "second", f"127.0.0.1:{free_port()}", address)
    tap.wait_until(lambda: any(all(m.said(f"leader-elected {n} default") for m in (first, second)) for n in ("first", "second")),
                   20, "both know one leader")


@tap.test(timeout=120)
def a_c_program_builds_with_pkg_config():
    root, _, environment = installed()
    program = root / "embed"
    run(compiler("CC_PLAIN", "cc", "gcc"), "-std=c11", "-D_GNU_SOURCE", *FLAGS, SOURCE / "examples/embed.c",
        *pkg_config(environment, "--cflags", "--libs"), "-lev", "-o", program, environment=environment)
    tap.equal(run("pkg-config", "--modversion", "bellwether", environment=environment).split(), [version()], "version")
    needed = run("readelf", "-d", program)
    tap.check("[libbellwether.so.0]" in needed, needed)
    two_lead_one(program, environment, root)


def version():
    return next(line.split()[3] for line in (BUILD / "bellwether.pc").read_text().replace("Version: ", "Version: _ _ ").splitlines()
                if line.startswith("Version"))


@tap.test(timeout=120)
def a_cmake_project_finds_the_package():
    if shutil.which("cmake") is None:
        tap.skip("cmake is not installed")
    root, prefix, environment = installed()
    project = root / "project"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(CMAKE.format(source=SOURCE))
    run("cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={prefix}", environment=environment)
    run("cmake", "--build", project / "build", environment=environment)
    two_lead_one(project / "build" / "embed", environment, root)


@tap.test(timeout=60)
def cmake_refuses_another_version():
    if shutil.which("cmake") is None:
        tap.skip("cmake is not installed")
    root, prefix, environment = installed()
    for wanted, found in [("0.1", True), ("0.1.0", True), ("0.9", False), ("1", False), ("0", False)]:
        project = root / ("project" + wanted)
        project.mkdir()
        (project / "CMakeLists.txt").write_text(CMAKE.format(source=SOURCE).replace("0.1 CONFIG", wanted + " CONFIG"))
        ran = subprocess.run(["cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={prefix}"], env=environment,
                             capture_output=True, text=True, timeout=60, check=False)
        tap.equal(ran.returncode == 0, found, f"{wanted}: {ran.stderr}")


@tap.test(timeout=120)
def a_member_in_c_plus_plus_leads_and_leaves():
    cxx = compiler("CXX", "g++", "clang++", "c++")
    root, _, environment = installed()
    run(cxx, "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror",
        SOURCE / "tests/e2e/member.cpp", *pkg_config(environment, "--cflags", "--libs"), "-lev", "-o", root / "member",
        environment=environment)
    said = run(root / "member", KEY, environment=environment)
    for line in ("member-alive plus", "leader-elected plus c++", "self-elected plus c++", "may act: 1"):
        tap.check(line in said, f"{line}: {said}")
    run(root / "member", "no key", environment=environment, code=1)


if __name__ == "__main__":
    tap.main()
