"""The core is pure: what its objects leave undefined is on a short list, without clock, chance, socket, printf, malloc."""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import house
import tap

ALLOWED = re.compile(
    r"""mem(cpy|set|cmp|move|chr) | str(len|nlen|cmp|ncmp|chr)
      | __(mem|str)(cpy|set|move|ncpy)_chk
      | crypto_\w+ | sodium_(memcmp|memzero|is_zero|increment|add|sub|compare|pad|unpad|bin2\w+|hex2\w+|base642\w+)
      | sodium_base64_encoded_len
      | sqrt  # of network coordinates; exact by IEEE 754, so the same everywhere
      | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_ | __tls_get_addr
      | __(asan|ubsan|sanitizer|lsan|gcov)_\w+ | llvm_gc\w+ | _Unwind_Resume""",
    re.VERBOSE,
)
# Keys live in libsodium's guarded memory, which comes from no allocator: in the key ring, what carries it, and keys of a member or a pair alone.
SECRETS = ("crypto/keyring.o", "crypto/exchange.o", "crypto/identity.o", "crypto/pair.o")
GUARDED = re.compile(r"sodium_(init|malloc|free|mprotect_readonly|mprotect_readwrite|stackzero)")
# libsodium's functions that draw random bytes, whatever their prefix says.
RANDOM = re.compile(r"crypto_\w+_keygen|crypto_(box|kx|sign|auth)\w*(?<!seed)_keypair|crypto_box_seal\w*|"
                    r"crypto_secretstream_\w+_init_push|crypto_pwhash_str\w*|crypto_core_\w+_random")


def objects(layer, build):
    """A layer's objects: those of the static library, where it is built, else those of the shared one."""
    return sorted((build / layer).glob("*.o")) or sorted((build / layer / ".libs").glob("*.o"))


def symbols(layer, build):
    """The symbols that a layer defines, and for each object those that it needs. The swarm's mutants are no product."""
    defined, needed = set(), {}
    for path in objects(layer, build):
        if path.name.startswith("libcore_mutants_la-"):
            continue
        defined |= house.nm(path, "--defined-only", "-g")
        needed[path.name] = house.nm(path, "-u")
    return defined, needed


def allowed(path, symbol):
    if path in SECRETS and GUARDED.fullmatch(symbol):
        return True
    return bool(ALLOWED.fullmatch(symbol)) and not RANDOM.fullmatch(symbol)


def violations(build):
    """Symbols that an object of the core needs and that neither the list nor a layer left of it has."""
    tables = {layer: symbols(layer, build) for layer in house.CORE}
    found = []
    for layer, (_, needed) in tables.items():
        ours = set().union(*(tables[other][0] for other in house.CORE if house.may_include(layer, other)))
        for name, wanted in needed.items():
            strangers = sorted(s for s in wanted - ours if not allowed(f"{layer}/{name}", s))
            found += [f"{layer}/{name} needs {symbol}" for symbol in strangers]
    return found


def planted(layer, text):
    """The violations of one object compiled from text, as if it were in a layer."""
    with tempfile.TemporaryDirectory() as temporary:
        build = pathlib.Path(temporary)
        for other in house.CORE:
            (build / other).mkdir()
        (build / "planted.c").write_text(text)
        (build / "other.c").write_text("int bw_planted_elsewhere(void); int bw_planted_elsewhere(void) { return 1; }\n")
        compiler = shlex.split(os.environ.get("CC") or "cc")
        subprocess.run([*compiler, "-w", "-O0", "-c", "planted.c", "-o", f"{layer}/planted.o"], check=True, cwd=build)
        subprocess.run([*compiler, "-w", "-c", "other.c", "-o", "gossip/other.o"], check=True, cwd=build)
        return violations(build)


@tap.test(timeout=120)
def the_core_needs_nothing_impure():
    counts = {layer: len(objects(layer, house.BUILD)) for layer in house.CORE}
    tap.note(f"objects: {counts}")
    tap.check(counts["base"] > 0, "no object of the core was found: where was it built?")
    found = violations(house.BUILD)
    tap.check(not found, "\n".join(found))


def one_function_each(calls, parameters):
    """A source with a function for each call."""
    return "".join(f"void f{i}({parameters}); void f{i}({parameters}) {{ {call}; }}\n" for i, call in enumerate(calls))


@tap.test(timeout=120)
def planted_calls_are_caught():
    calls = ["time(0)", "clock_gettime(0, 0)", "malloc(7)", "random()", "getrandom(0, 0, 0)", "printf(\"%d\", i)",
             "snprintf(0, 0, \"%d\", i)", "socket(0, 0, 0)", "getenv(\"x\")", "qsort(0, 0, 0, 0)",
             "randombytes_buf(0, 0)", "crypto_secretbox_keygen(0)", "crypto_sign_keypair(0, 0)", "sodium_malloc(7)",
             "sodium_init()", "abort()"]
    found = planted("gossip", one_function_each(calls, "int i"))
    for call in calls:
        symbol = call.split("(")[0]
        tap.check(f"gossip/planted.o needs {symbol}" in found, f"not caught: {call}")
    tap.equal(len(found), len(calls), "and nothing else")


@tap.test
def guarded_memory_is_for_the_key_ring_alone():
    tap.check(allowed("crypto/keyring.o", "sodium_malloc"), "the key ring")
    tap.check(not allowed("crypto/channel.o", "sodium_malloc"), "the channel")
    tap.check(not allowed("crypto/keyring.o", "randombytes_buf"), "random bytes")


@tap.test
def planted_call_across_layers_is_caught():
    text = "int bw_planted_elsewhere(void); int f(void); int f(void) { return bw_planted_elsewhere(); }\n"
    tap.check(planted("election", text), "election reached into gossip")
    tap.check(planted("base", text), "base reached into gossip")
    tap.equal(planted("gossip", text), [], "within one layer")


@tap.test(timeout=120)
def pure_calls_are_not_reported():
    calls = ["memcpy(a, b, n)", "memset(a, 0, n)", "sodium_memzero(a, n)", "crypto_generichash(a, n, b, n, 0, 0)",
             "crypto_sign_seed_keypair(a, a, b)", "strlen(a)"]
    tap.equal(planted("crypto", one_function_each(calls, "void *a, void *b, unsigned long n")), [], "pure calls")


if __name__ == "__main__":
    tap.main()
