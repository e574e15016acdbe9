"""Signatures and certificates once more, from docs/IDENTITY.md and without any library: vectors/identity.json has to agree."""

import base64
import hashlib
import json
import os
import pathlib
import struct

import tap

VECTORS = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2], "tests/vectors")
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
AUTHORITY = 0x99


def recover(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * ROOT % P if (x * x - square) % P else x
    return P - x if x % 2 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(count, point):
    total = (0, 1, 1, 0)
    while count:
        total = add(total, point) if count & 1 else total
        point = add(point, point)
        count >>= 1
    return total


def packed(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def secret_scalar(secret):
    low = int.from_bytes(hashlib.sha512(secret).digest()[:32], "little")
    return (low & ((1 << 254) - 8)) | (1 << 254)


def public(secret):
    return packed(times(secret_scalar(secret), BASE))


def sign(secret, message):
    """RFC 8032, 5.1.6."""
    prefix = hashlib.sha512(secret).digest()[32:]
    r = number(prefix, message) % ORDER
    head = packed(times(r, BASE))
    s = (r + number(head, public(secret), message) * secret_scalar(secret)) % ORDER
    return head + s.to_bytes(32, "little")


def identity(key):
    return hashlib.blake2b(b"bellwether-id-1\0" + key, digest_size=16).digest()


def certificate(authority, node, serial, start, end, name, grants):
    name = name.encode()
    body = bytes([1]) + struct.pack(">Q", serial) + public(bytes([node] * 32)) + struct.pack(">QQ", start, end)
    body += bytes([len(name)]) + name + bytes([len(grants)])
    for scope, priority in sorted((scope.encode(), priority) for scope, priority in grants):
        body += bytes([len(scope)]) + scope + struct.pack(">H", priority)
    return body + sign(bytes([authority] * 32), b"bellwether-certificate-1\0" + body)


@tap.test
def the_published_answers_come_out():
    """RFC 8032, 7.1, tests 1 and 2: the tools of this test themselves."""
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    tap.equal(public(secret).hex(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    tap.equal(sign(secret, b"").hex()[:32], "e5564300c360ac729086e2cc806e828a")
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    tap.equal(sign(secret, b"\x72").hex()[:32], "92a009a9f0d4cab8720e820b5f642540")


@tap.test
def the_file_has_what_the_document_says():
    cases = json.loads((VECTORS / "identity.json").read_text(encoding="utf-8"))["certificates"]
    for case in cases:
        secret, grants = int(case["secret"], 16), list(case["grants"].items())
        key = public(bytes([secret] * 32))
        encoded = certificate(AUTHORITY, secret, int(case["serial"]), case["not_before"], case["not_after"], case["name"], grants)
        tap.equal((base64.b64encode(public(bytes([AUTHORITY] * 32))).decode(), key.hex(), identity(key).hex(), encoded.hex()),
                  (case["authority"], case["key"], case["id"], case["certificate"]))
    tap.check(len(cases) >= 2, "some certificates")


if __name__ == "__main__":
    tap.main()
