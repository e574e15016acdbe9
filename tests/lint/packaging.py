"""Debian's packages are built from what the bootstrap names, and everything of theirs is in a release."""

import re

import house
import tap

DEBIAN = house.SOURCE / "packaging" / "debian"


def packages(name):
    """A list of packages in the bootstrap."""
    return set(re.findall(r"^(\S+)", re.search(rf"^{name}='\n(.*?)^'", (house.SOURCE / "bootstrap").read_text(), re.MULTILINE | re.DOTALL)[1],
                          re.MULTILINE))


@tap.test
def what_a_build_needs_is_what_the_bootstrap_installs():
    control = (DEBIAN / "control").read_text()
    wanted = set(re.findall(r"^ ([a-z0-9.+-]+-dev)\b", control.partition("Standards-Version")[0], re.MULTILINE))
    own = {name for name in packages("packages_build") if name.endswith("-dev")} - {"libc6-dev", "libcunit1-dev"}
    tap.equal(sorted(wanted ^ own), [], "packaging/debian/control and packages_build of the bootstrap")
    tap.check(len(wanted) > 4, wanted)


@tap.test
def the_packaging_is_in_a_release():
    listed = (house.SOURCE / "packaging" / "local.mk").read_text().split()
    files = [str(path.relative_to(house.SOURCE)) for path in (house.SOURCE / "packaging").rglob("*") if path.is_file()]
    generated = {"packaging/bellwether.service", "packaging/bellwether-run@.service", "packaging/bellwether-config.cmake",
                 "packaging/bellwether-config-version.cmake", "packaging/sysusers/bellwether.conf", "packaging/local.mk"}
    tap.equal([name for name in files if name not in listed and name not in generated], [], "not in packaging/local.mk")


@tap.test
def symbols_and_versions_agree():
    node = re.search(r"^(BELLWETHER_[0-9.]+) \{", (house.SOURCE / "libbellwether.map").read_text(), re.MULTILINE)[1]
    tap.check(f"(symver){node} " in (DEBIAN / "libbellwether0.symbols").read_text(), node)
    current, _, age = re.search(r"LIBRARY_VERSION\], \[(\d+):(\d+):(\d+)\]", (house.SOURCE / "configure.ac").read_text()).groups()
    soname = int(current) - int(age)
    tap.check(f"libbellwether.so.{soname} libbellwether{soname} " in (DEBIAN / "libbellwether0.symbols").read_text(), soname)
    tap.check(f'"libbellwether.so.{soname}"' in (house.SOURCE / "python/bellwether/_library.py").read_text(), "the Python module's library")


if __name__ == "__main__":
    tap.main()
