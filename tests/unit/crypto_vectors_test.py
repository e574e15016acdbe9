"""The packet format a second time, from docs/PROTOCOL.md and without libsodium: it has to agree with vectors/seal.txt and
vectors/beacons.json.

With the argument --print it prints the lines of the first anew, for when the format changes on purpose.
"""

import base64
import hashlib
import ipaddress
import json
import os
import pathlib
import struct
import sys

import tap

VECTORS = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2], "tests/vectors")
MASK32, MASK64 = 2**32 - 1, 2**64 - 1
KEY_A = base64.b64encode(bytes(range(32))).decode()
KEY_B = base64.b64encode(bytes(range(0x20, 0x40))).decode()
# key, label, sender, session, counter, recipient (0: unbound), its session, echo, frames
CASES = [
    (KEY_A, "prod", 0x01, 0x0102030405060708, 1, 0x02, 0x1112131415161718, 0, "-"),
    (KEY_A, "prod", 0x01, 0x0102030405060708, 1, 0x02, 0x1112131415161718, 0, "frames"),
    (KEY_A, "prod", 0x01, 0x0102030405060708, 2, 0x02, 0x1112131415161718, 0, "frames"),
    (KEY_A, "prod", 0x01, 0x0102030405060708, 1, 0x02, 0x1112131415161718, 3, "frames"),
    (KEY_A, "prod", 0x01, 0x0102030405060708, 1, 0x03, 0x1112131415161718, 0, "frames"),
    (KEY_A, "prod", 0x01, 0x0102030405060708, 1, 0, 0, 0, "frames"),
    (KEY_A, "stage", 0x01, 0x0102030405060708, 1, 0x02, 0x1112131415161718, 0, "frames"),
    (KEY_B, "prod", 0x01, 0xFFFFFFFFFFFFFFFF, 300, 0xFE, 0xFFFFFFFFFFFFFFFE, 2, "x" * 200),
]


def rotate(value, count, bits):
    return (value << count | value >> (bits - count)) & (2**bits - 1)


def quarter(s, a, b, c, d):
    for x, y, z, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & MASK32
        s[z] = rotate(s[z] ^ s[x], count, 32)


def chacha_rounds(state):
    s = list(state)
    for _ in range(10):
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


def start(key, tail):
    return [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), *struct.unpack("<4I", tail)]


def hchacha20(key, nonce):
    s = chacha_rounds(start(key, nonce))
    return struct.pack("<8I", *s[:4], *s[12:])


def chacha20(key, block, nonce, text):
    out = b""
    for at in range(0, len(text), 64):
        first = start(key, struct.pack("<I", block + at // 64) + nonce)
        mixed = struct.pack("<16I", *((a + b) & MASK32 for a, b in zip(first, chacha_rounds(first))))
        out += bytes(a ^ b for a, b in zip(text[at : at + 64], mixed))
    return out


def poly1305(key, text):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(text), 16):
        total = (total + int.from_bytes(text[at : at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def padded(text):
    return text + bytes(-len(text) % 16)


def xchacha20poly1305(key, nonce, associated, text):
    """draft-irtf-cfrg-xchacha-03, section 2."""
    subkey, short = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    sealed = chacha20(subkey, 1, short, text)
    sizes = struct.pack("<QQ", len(associated), len(sealed))
    return sealed + poly1305(chacha20(subkey, 0, short, bytes(32)), padded(associated) + padded(sealed) + sizes)


def siphash24(key, text):
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(count):
        for _ in range(count):
            for a, b, turn in ((0, 1, 13), (2, 3, 16)):
                v[a] = (v[a] + v[b]) & MASK64
                v[b] = rotate(v[b], turn, 64) ^ v[a]
            v[0] = rotate(v[0], 32, 64)
            for a, b, turn in ((2, 1, 17), (0, 3, 21)):
                v[a] = (v[a] + v[b]) & MASK64
                v[b] = rotate(v[b], turn, 64) ^ v[a]
            v[2] = rotate(v[2], 32, 64)

    text += bytes(7 - len(text) % 8) + bytes([len(text) % 256])
    for (word,) in struct.iter_unpack("<Q", text):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return struct.pack("<Q", v[0] ^ v[1] ^ v[2] ^ v[3])


def derive(key, number, size, purpose=b"bw-seal1"):
    return hashlib.blake2b(digest_size=size, key=key, salt=struct.pack("<QQ", number, 0), person=purpose + bytes(8)).digest()


def seal(key, label, sender, session, counter, recipient, recipient_session, echo, frames):
    key = base64.b64decode(key)
    header = bytes([1, 1 if recipient else 0]) + derive(key, 3, 16)[:2]
    bound = bytes([recipient] * 16) + struct.pack(">Q", recipient_session) if recipient else b""
    associated = header + bytes([len(label)]) + label.encode() + bound
    plain = bytes([sender] * 16) + struct.pack(">Q", echo) + (b"" if frames == "-" else frames.encode())
    mark = siphash24(derive(key, 2, 16), struct.pack(">Q", counter) + associated + plain)
    nonce = struct.pack(">QQ", session, counter) + mark
    return header + nonce + xchacha20poly1305(derive(key, 1, 32), nonce, associated, plain)


def line(case):
    key, label, sender, session, counter, recipient, recipient_session, echo, frames = case
    return (f"seal {key} {label} {sender:02x} {session:016x} {counter} {recipient:02x} {recipient_session:016x} "
            f"{echo} {frames} {seal(*case).hex()}")


def beacon(key, sender, session, number, address, port, members, least, newest, name, cluster):
    key, packed = base64.b64decode(key), ipaddress.ip_address(address)
    texts = b"".join(struct.pack(">H", len(text)) + text.encode() for text in (name, cluster))
    body = (bytes([sender] * 16) + struct.pack(">QQBH", session, number, packed.version, port) + packed.packed
            + struct.pack(">IBB", members, least, newest) + texts)
    plain = struct.pack(">BH", 1, len(body)) + body
    plain += struct.pack(">BH", 0, 332 - len(plain) - 3)
    plain += bytes(332 - len(plain))
    nonce = hashlib.blake2b(plain, digest_size=24, key=derive(key, 2, 32, b"bw-beac1")).digest()
    hint = siphash24(derive(key, 3, 16, b"bw-beac1"), nonce)
    return b"bwd\1" + nonce + hint + xchacha20poly1305(derive(key, 1, 32, b"bw-beac1"), nonce, b"bwd\1", plain)


def rows(name):
    text = (VECTORS / name).read_text(encoding="utf-8")
    return [row for row in text.splitlines() if row and not row.startswith("#")]


@tap.test
def the_published_answers_come_out():
    """RFC 8439 2.5.2, SipHash appendix A, draft-irtf-cfrg-xchacha-03 A.3.1: the tools of this test themselves."""
    key = bytes.fromhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
    tap.equal(poly1305(key, b"Cryptographic Forum Research Group").hex(), "a8061dc1305136c6c22b8baf0c0127a9")
    tap.equal(siphash24(bytes(range(16)), bytes(range(15))), struct.pack("<Q", 0xA129CA6149BE45E5))
    sealed = xchacha20poly1305(
        bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)), bytes.fromhex("50515253c0c1c2c3c4c5c6c7"),
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.")
    tap.equal(sealed[-16:].hex(), "c0875924c1c7987947deafd8780acf49")


@tap.test
def the_vectors_come_out():
    tap.equal(rows("seal.txt"), [line(case) for case in CASES])


@tap.test
def the_beacons_come_out():
    cases = json.loads((VECTORS / "beacons.json").read_text(encoding="utf-8"))["sealed"]
    for case in cases:
        address = str(ipaddress.ip_address(bytes.fromhex(case["addr"]["ip"])))
        tap.equal(beacon(case["key"], int(case["id"][:2], 16), int(case["session"]), int(case["number"]), address,
                         case["addr"]["port"], case["members"], case["protocol_min"], case["protocol_max"], case["name"],
                         case["cluster"]).hex(), case["beacon"])
    tap.check(len(cases) >= 4, "some beacons")


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        print("\n".join(map(line, CASES)))
    else:
        tap.main()
