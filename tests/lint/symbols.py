"""The shared library exports the functions that the public headers declare, nothing less and nothing more."""

import re

import house
import tap

DECLARATION = re.compile(r"^[A-Za-z_][\w \t*]*?\b(bw_\w+)\(", re.MULTILINE)


def declared(text):
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.MULTILINE)
    return {name for line, name in ((m.group(0), m.group(1)) for m in DECLARATION.finditer(text))
            if not line.startswith(("static", "typedef"))}


def wanted():
    return set().union(*(declared(path.read_text()) for path in house.c_files(house.SOURCE, ["include"])))


def map_nodes():
    return set(re.findall(r"^(BELLWETHER_[0-9.]+) \{", (house.SOURCE / "libbellwether.map").read_text(), re.MULTILINE))


@tap.test
def the_map_lists_the_public_functions():
    listed = set(re.findall(r"^\s+(bw_\w+);", (house.SOURCE / "libbellwether.map").read_text(), re.MULTILINE))
    tap.equal(sorted(wanted() - listed), [], "declared, not in libbellwether.map")
    tap.equal(sorted(listed - wanted()), [], "in libbellwether.map, not declared")


@tap.test
def the_library_exports_the_public_functions():
    library = house.BUILD / ".libs" / "libbellwether.so"
    if not library.exists():
        tap.skip("no shared library was built")
    exported = dict(name.partition("@")[::2] for name in house.nm(library, "-D", "--defined-only"))
    nodes = {name for name, version in exported.items() if version.strip("@") == name or not version}
    tap.equal(sorted(nodes - wanted()), sorted(map_nodes()), "version nodes")
    tap.equal(sorted(wanted() - set(exported)), [], "declared, not defined")
    tap.equal(sorted(set(exported) - nodes - wanted()), [], "exported, not declared")
    tap.equal([name for name in wanted() if exported[name].strip("@") not in map_nodes()], [], "without a version")


@tap.test
def declarations_are_found():
    text = """
/* int bw_comment(void); */
#define BW_MACRO(x) bw_macro(x) \\
    bw_more(x)
int bw_one(void);
const char *bw_two(int a,
                   int b);
static inline void bw_inline(void) {
}
struct bw_thing {
    void (*bw_pointer)(void);
};
"""
    tap.equal(declared(text), {"bw_one", "bw_two"})


if __name__ == "__main__":
    tap.main()
