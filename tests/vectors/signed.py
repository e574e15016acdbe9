"""What is signed in identity mode, and beacons, a second time, from docs/IDENTITY.md and docs/PROTOCOL.md alone. Beside decoder.py."""

import base64
import hashlib
import struct

import decoder
from nacl import bindings
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import SigningKey, VerifyKey

# -- signatures --


def sized(text):
    return bytes([len(text)]) + text


def sign(secret, words, said):
    """secret: the byte that 32 of make it."""
    return SigningKey(bytes([secret]) * 32).sign(words + b"\0" + said).signature


def public(secret):
    return bytes(SigningKey(bytes([secret]) * 32).verify_key)


def signed(key, words, said, signature):
    try:
        VerifyKey(key).verify(words + b"\0" + said, signature)
    except BadSignatureError:
        return False
    return True


def identity(key):
    return hashlib.blake2b(b"bellwether-id-1\0" + key, digest_size=16).digest()


def certificate(serial, key, start, end, name, grants):
    """All but the signature."""
    listed = sorted((scope.encode(), priority) for scope, priority in grants.items())
    return (bytes([1]) + struct.pack(">Q", serial) + key + struct.pack(">QQ", start, end) + sized(name.encode())
            + bytes([len(listed)]) + b"".join(sized(scope) + struct.pack(">H", priority) for scope, priority in listed))


def certified_key(encoded):
    return encoded[9:41]


def member_said(label, fields):
    """Of a signed_member frame, decoded: what its subject signs."""
    subject = {**fields, "status": fields["word"], "age_ms": 0, "heard_s": 0, "signature": b""}
    return sized(label.encode()) + decoder.encode("gossip", "signed_member", subject)[3:]


def accusers(fields):
    """Of an accusation frame, decoded: (accuser, refused, signature, what it signs but for the label)."""
    for at in range(0, len(fields["accusers"]), 81):
        one = fields["accusers"][at : at + 81]
        yield one[:16], one[16], one[17:], fields["id"] + struct.pack(">Q", fields["incarnation"]) + one[:17]


def claim_said(label, scope, rank, body):
    """Of a claim record: what its leader signs."""
    (_, fields), = decoder.parts(body, "body")
    normal = {**fields, "mode": 1 if fields["mode"] == 1 else 0}
    return sized(label.encode()) + sized(scope.encode()) + rank + decoder.encode("election", "body", normal)[3:]


# -- beacons --

BEACON_FIELDS = (("id", "id"), ("session", "u64"), ("number", "u64"), ("addr", "addr"), ("members", "u32"),
                 ("protocol_min", "u8"), ("protocol_max", "u8"), ("name", "bytes"), ("cluster", "bytes"))


class BeaconKey:
    def __init__(self, text):
        self.key = base64.b64decode(text)
        self.aead, self.nonce = self.derive(1, 32), self.derive(2, 32)
        self.hint = struct.unpack("<QQ", self.derive(3, 16))

    def derive(self, number, size):
        return hashlib.blake2b(key=self.key, digest_size=size, salt=struct.pack("<QQ", number, 0),
                               person=b"bw-beac1" + bytes(8)).digest()

    def hint_of(self, nonce):
        return struct.pack("<Q", decoder.siphash24(self.hint, nonce))


def seal_beacon(key, values):
    body = b"".join(decoder.encode_field(kind, values[field]) for field, kind in BEACON_FIELDS)
    plain = struct.pack(">BH", 1, len(body)) + body
    plain += struct.pack(">BH", 0, 332 - len(plain) - 3)
    plain += bytes(332 - len(plain))
    nonce = hashlib.blake2b(plain, digest_size=24, key=key.nonce).digest()
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, b"bwd\1", nonce, key.aead)
    return b"bwd\1" + nonce + key.hint_of(nonce) + sealed


def open_beacon(key, beacon):
    """The fields; raises decoder.Refused with the cause."""
    if len(beacon) != 384:
        raise decoder.Refused("drop-short" if len(beacon) < 384 else "drop-long")
    if beacon[:4] != b"bwd\1":
        raise decoder.Refused("drop-version")
    nonce, hint = beacon[4:28], beacon[28:36]
    if key.hint_of(nonce) != hint:
        raise decoder.Refused("drop-key")
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(beacon[36:], beacon[:4], nonce, key.aead)
    except CryptoError:
        raise decoder.Refused("drop-auth") from None
    (body,) = [body for number, body in decoder.split(plain) if number == 1]
    reader = decoder.Reader(body)
    limits = {"name": 63, "cluster": 63}
    return {field: reader.field(kind, limits.get(field), None) for field, kind in BEACON_FIELDS}
