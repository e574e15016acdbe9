"""bellwether's protocol a second time, from docs/PROTOCOL.md alone: opens packets, decodes frames, derives and compares what the
document says. The fields of the frames are read from the document's own tables, so that these are what is tested.

Standard library and PyNaCl (Debian: python3-nacl). As a program it shows what is in a packet:

    decoder.py KEY LABEL PACKET-HEX [RECIPIENT-ID-HEX SESSION-HEX]
"""

import base64
import hashlib
import pathlib
import re
import struct
import sys
import unicodedata

from nacl import bindings
from nacl.exceptions import CryptoError

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md"
NONE = bytes(16)
MASK = 2**64 - 1


class Refused(Exception):
    """A packet is dropped; the text is the name of its cause."""


class Malformed(Refused):
    def __init__(self, why):
        super().__init__("drop-malformed")
        self.why = why


# -- packets --


def siphash24(words, text):
    def turn(value, bits):
        return (value << bits | value >> 64 - bits) & MASK

    def rounds(count):
        for _ in range(count):
            v[0] = v[0] + v[1] & MASK
            v[2] = v[2] + v[3] & MASK
            v[1] = turn(v[1], 13) ^ v[0]
            v[3] = turn(v[3], 16) ^ v[2]
            v[0] = turn(v[0], 32)
            v[0] = v[0] + v[3] & MASK
            v[2] = v[2] + v[1] & MASK
            v[3] = turn(v[3], 21) ^ v[0]
            v[1] = turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    v = [words[i % 2] ^ int.from_bytes(b"somepseudorandomlygeneratedbytes"[8 * i : 8 * i + 8], "big") for i in range(4)]
    for (word,) in struct.iter_unpack("<Q", text + bytes(7 - len(text) % 8) + bytes([len(text) % 256])):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


class Key:
    """A key and what comes from it."""

    flags = 0

    def __init__(self, text):
        self.key = base64.b64decode(text)
        self.aead, self.mark = self.derive(1, 32), struct.unpack("<QQ", self.derive(2, 16))
        self.hint = self.derive(3, 16)[:2]

    def derive(self, number, size):
        return hashlib.blake2b(key=self.key, digest_size=size, salt=struct.pack("<QQ", number, 0),
                               person=b"bw-seal1" + bytes(8)).digest()


class PairKey:
    """What two members share, of a key of the ring: each a side (id, session, public X25519 key), and the secret of the one."""

    flags = 2

    def __init__(self, key, label, secret, own, other):
        shared = bindings.crypto_scalarmult(secret, other[2])
        sides = b"".join(ident + struct.pack(">Q", session) + public for ident, session, public in sorted((own, other)))
        text = b"bellwether-pair-1\0" + bytes([len(label.encode())]) + label.encode() + sides
        base = hashlib.blake2b(text, key=shared, digest_size=32).digest()
        keys = hashlib.blake2b(base, key=key.derive(5, 32), digest_size=48).digest()
        self.hint, self.aead, self.mark = key.hint, keys[:32], struct.unpack("<QQ", keys[32:])


def associated_data(header, label, recipient, session):
    bound = recipient + struct.pack(">Q", session) if header[1] & 1 else b""
    return header + bytes([len(label.encode())]) + label.encode() + bound


def seal(key, label, sender, session, counter, frames, recipient=NONE, recipient_session=0, echo=0):
    """A packet; bound if there is a recipient."""
    header = bytes([1, (recipient != NONE) | key.flags]) + key.hint
    associated = associated_data(header, label, recipient, recipient_session)
    plain = sender + struct.pack(">Q", echo) + frames
    mark = siphash24(key.mark, struct.pack(">Q", counter) + associated + plain)
    nonce = struct.pack(">QQ", session, counter) + struct.pack("<Q", mark)
    return header + nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, associated, nonce, key.aead)


class Packet:
    """One that opened: sender, session, counter, bound, echo, frames."""

    def __init__(self, packet, plain):
        self.session, self.counter = struct.unpack(">QQ", packet[4:20])
        self.bound = bool(packet[1] & 1)
        self.sender, self.frames = plain[:16], plain[24:]
        (self.echo,) = struct.unpack(">Q", plain[16:24])


def check_shape(packet, flags=1):
    if len(packet) < 68:
        raise Refused("drop-short")
    if len(packet) > 1232:
        raise Refused("drop-long")
    if packet[0] != 1 or packet[1] & ~flags:
        raise Refused("drop-version")


def unseal(packet, keys, label, recipient, session):
    check_shape(packet, 3)
    fitting = [key for key in keys if key.hint == packet[2:4] and key.flags == packet[1] & 2]
    if not fitting:
        raise Refused("drop-key")
    associated = associated_data(packet[:4], label, recipient, session)
    for key in fitting:
        try:
            return Packet(packet, bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                packet[28:], associated, packet[4:28], key.aead))
        except CryptoError:
            pass
    raise Refused("drop-auth")


class Window:
    def __init__(self, floor=0):
        self.floor, self.newest, self.seen = floor, 0, set()

    def fresh(self, counter):
        return counter > self.floor and counter not in self.seen and self.newest - counter <= 1024

    def mark(self, counter):
        self.seen.add(counter)
        self.newest = max(self.newest, counter)


class Receiver:
    """What a member knows of the others' sessions."""

    def __init__(self, keys, label, ident, session, sent=0, members=1000):
        self.keys, self.label, self.ident, self.session = keys, label, ident, session
        self.sent, self.members, self.caught_up = sent, members, False
        self.proven = {}  # id -> [session, window, our counter when it was proven, ended sessions]
        self.unproven = {}  # session -> (id, window); the oldest first

    def find(self, session):
        for ident, (number, window, _, _) in self.proven.items():
            if number == session:
                return ident, window
        return self.unproven.get(session, (None, None))

    def open(self, packet):
        """(packet, whether it is believed); raises Refused."""
        check_shape(packet)
        if not any(key.hint == packet[2:4] for key in self.keys):
            raise Refused("drop-key")
        session, counter = struct.unpack(">QQ", packet[4:20])
        owner, window = self.find(session)
        if window and not window.fresh(counter):
            raise Refused("drop-replay")
        opened = unseal(packet, self.keys, self.label, self.ident, self.session)
        if opened.sender == self.ident:
            raise Refused("drop-self")
        if opened.sender == NONE or session == 0 or counter == 0:
            raise Malformed("0")
        if opened.echo > (self.sent if opened.bound else 0):
            self.catch_up(opened)
        if owner not in (None, opened.sender):
            raise Refused("drop-session")
        return opened, self.enter(opened)

    def catch_up(self, opened):
        """We were set back; for those in the vectors no time passes."""
        if not opened.bound or self.caught_up or opened.echo - self.sent > 1 << 40 or opened.echo > 1 << 62:
            raise Malformed("impossible echo")
        self.sent = opened.echo + (1 << 20)
        self.caught_up = True

    def enter(self, opened):
        known = self.proven.get(opened.sender)
        if known and opened.session in known[3]:
            raise Refused("drop-session")
        if known and known[0] == opened.session:
            known[1].mark(opened.counter)
            return opened.bound
        if opened.bound and (not known or opened.echo > known[2]):
            return self.prove(opened, known)
        if opened.session not in self.unproven and len(self.unproven) == 64:
            del self.unproven[next(iter(self.unproven))]
        self.unproven.setdefault(opened.session, (opened.sender, Window(opened.counter - 1)))[1].mark(opened.counter)
        return False

    def prove(self, opened, known):
        if not known and len(self.proven) == self.members:
            raise Refused("full")
        _, window = self.unproven.pop(opened.session, (None, Window()))
        window.floor = opened.counter - 1
        window.mark(opened.counter)
        ended = [known[0], *known[3]][:4] if known else []
        self.proven[opened.sender] = [opened.session, window, self.sent, ended]
        return True


# -- frames --


def number(text):
    """2^62, 2^32-1, 600000"""
    power, _, less = text.partition("-")
    base, _, exponent = power.partition("^")
    return int(base) ** int(exponent or 1) - int(less or 0)


def parse_fields(text):
    """A column of a table: "seq u32, still u8≤1" as (name, kind, limit, exact)."""
    fields = []
    for part in text.split(","):
        words = part.split()
        if words[0] in ("scope", "lease_ms") and len(words) == 1:
            words += {"scope": ["bytes≤63"], "lease_ms": ["u32≤600000"]}[words[0]]
        name, kind, exact = words[0], words[1] if len(words) > 1 else words[0], None
        if words[2:3] == ["of"]:
            exact = int(words[3])
        kind, _, limit = kind.partition("≤")
        fields.append((name, kind, number(limit) if limit else None, exact))
    return fields


def read_tables(path=DOCUMENT):
    """{"gossip": {type: (name, fields)}, "election": ...} from the document."""
    tables = {"gossip": {}, "election": {}}
    layer = None
    for line in path.read_text(encoding="utf-8").splitlines():
        layer = {"## Gossip": "gossip", "## Election": "election"}.get(line, None if line.startswith("## ") else layer)
        row = re.match(r"\| (\d+) \| (\w+) \| ([^|]+) \|", line)
        if layer and row:
            tables[layer][int(row[1])] = (row[2], parse_fields(row[3]))
    return tables


TABLES = read_tables()
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise Malformed("cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def field(self, kind, limit, exact):
        if kind in SIZES:
            value = self.number(SIZES[kind])
            if limit is not None and value > limit:
                raise Malformed("above its limit")
            return value
        if kind == "id":
            return self.take(16)
        if kind == "addr":
            return self.addr()
        size = self.number(2)
        if (limit is not None and size > limit) or exact not in (None, size):
            raise Malformed("size")
        return self.take(size)

    def addr(self):
        family, port = self.number(1), self.number(2)
        if family not in (0, 4, 6) or (family == 0 and port):
            raise Malformed("family")
        return family, port, self.take({0: 0, 4: 4, 6: 16}[family])


def encode_field(kind, value):
    if kind in SIZES:
        return value.to_bytes(SIZES[kind], "big")
    if kind == "addr":
        return bytes([value[0]]) + struct.pack(">H", value[1]) + value[2]
    return value if kind == "id" else struct.pack(">H", len(value)) + value


def encode(layer, name, values):
    """A frame from its fields."""
    number, fields = next((number, row[1]) for number, row in TABLES[layer].items() if row[0] == name)
    body = b"".join(encode_field(kind, values[field]) for field, kind, _, _ in fields)
    return bytes([number]) + struct.pack(">H", len(body)) + body


def split(data):
    """(type, body) of each frame, known or not."""
    reader = Reader(data)
    while reader.at < len(data):
        number = reader.number(1)
        yield number, reader.take(reader.number(2))


def decode_body(layer, number, body):
    name, fields = TABLES[layer][number]
    reader = Reader(body)
    values = {field: reader.field(kind, limit, exact) for field, kind, limit, exact in fields}
    if reader.at != len(body):
        raise Malformed("too long")
    return name, values


def parts(data, *names):
    """Frames of a record's body or of candidacies that have these names; others are skipped."""
    known = {number for number, row in TABLES["election"].items() if row[0] in names}
    return [decode_body("election", number, body) for number, body in split(data) if number in known]


def decode(layer, data):
    """All known frames as (name, fields), each checked; raises Malformed."""
    frames = []
    for number, body in split(data):
        if number in TABLES[layer]:
            frames.append(decode_body(layer, number, body))
            (check_gossip if layer == "gossip" else check_election)(*frames[-1])
    return frames


# -- what frames must be besides --


def demand(condition, why):
    if not condition:
        raise Malformed(why)


def is_text(data, limit=63):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return 0 < len(data) <= limit and not any(unicodedata.category(letter) == "Cc" for letter in text)


def whole_ids(data, least=0):
    return len(data) % 16 == 0 and len(data) >= 16 * least


def check_tags(data):
    reader, names = Reader(data), []
    while reader.at < len(data):
        names.append(reader.take(reader.number(1)))
        value = reader.take(reader.number(2))
        demand(is_text(names[-1]) and (not value or is_text(value, 512)), "a tag is no text")
    demand(len(set(names)) == len(names) <= 32, "tags")


def check_names(data):
    reader = Reader(data)
    while reader.at < len(data):
        demand(is_text(reader.take(reader.number(1))), "a name is no text")


def check_member(f):
    demand(f["id"] != NONE and f["session"] and f["addr"][0] and f["addr"][1], "0")
    demand(f["status"] in (0, 2, 3) and (f["status"] or not f["age_ms"]), "status")
    demand(f["protocol_min"] <= f["protocol_max"], "versions")
    demand(is_text(f["name"]) and len(f["name"] + f["tags"] + f["candidacies"]) <= 1024, "name")
    check_tags(f["tags"])


def check_signed_member(f):
    check_member(f)
    demand(f["word"] == 0 or (f["word"] == 3 and f["status"] == 3), "word")
    demand(f["certificate"] and len(f["exchange"]) == 32 and len(f["signature"]) == 64, "certificate, exchange, signature")
    demand(len(f["name"] + f["tags"] + f["candidacies"] + f["certificate"]) <= 880, "size")


def check_accusation(f):
    accusers = f["accusers"]
    demand(f["id"] != NONE and f["status"] in (1, 2) and (f["status"] == 2 or not f["age_ms"]), "accusation")
    demand(accusers and len(accusers) % 81 == 0 and all(accusers[at] <= 1 for at in range(16, len(accusers), 81)), "accusers")


def check_sync(f):
    count, rest = divmod(len(f["digests"]), 8)
    demand(f["buckets"] >= 64 and f["buckets"] & f["buckets"] - 1 == 0, "buckets")
    demand(not rest and 1 <= count <= f["buckets"] - f["first"] and f["first"] < f["buckets"], "digests")


def check_query(f):
    demand(f["ltime"] and f["origin"] != NONE and is_text(f["name"]), "query")
    demand(len(f["name"] + f["payload"] + f["nodes"] + f["tags"]) <= 1024, "size")
    check_names(f["nodes"])
    check_tags(f["tags"])


def check_gossip(name, f):
    if name in ("member", "signed_member", "sync", "query"):
        {"member": check_member, "signed_member": check_signed_member, "sync": check_sync, "query": check_query}[name](f)
    elif name == "accusation":
        check_accusation(f)
    elif name == "twice":
        demand(f["addr"][0] and f["addr"][1], "twice")
    elif name == "sealed":
        demand(len(f["datagram"]) >= 68, "sealed")
    elif name == "suspect":
        demand(f["id"] != NONE and whole_ids(f["accusers"], 1), "suspect")
    elif name == "verdict":
        demand(f["id"] != NONE and f["status"] in (2, 3), "verdict")
    elif name == "record":
        demand(f["key"], "key")
    elif name == "page":
        demand(f["first"] < f["next"] <= 1024, "page")
    elif name == "user_event":
        demand(f["ltime"] and f["origin"] != NONE and is_text(f["name"]), "event")
        demand(len(f["name"] + f["payload"]) <= 1024, "size")
    elif name == "reply":
        demand(not (f["ack"] and f["payload"]), "ack with a payload")
    elif name == "have":
        demand(len(f["digests"]) % 4 == 0, "digests")
    elif name == "heard":
        demand(whole_ids(f["ids"]) and len(f["ids"]) // 16 <= f["unheard"], "ids")


def check_set(f):
    last = f["after"]
    demand(all(not f[key] or is_text(f[key]) for key in ("after", "until")), "range")
    before = None
    for number, body in split(f["entries"]):
        name, before_it = TABLES["election"].get(number, [None])[0], before
        before = name
        if name == "signature" and before_it == "entry":
            decode_body("election", number, body)
            continue
        demand(name == "entry", "no entry")
        _, entry = decode_body("election", number, body)
        demand(is_text(entry["scope"]) and entry["scope"] > last, "order")
        demand(entry["term"] and entry["sequence"] and entry["lease_ms"], "0")
        last = entry["scope"]
    demand(not f["until"] or last <= f["until"], "above until")


def check_voters(data):
    voters = [data[at : at + 16] for at in range(0, len(data), 16)]
    demand(whole_ids(data) and voters == sorted(set(voters)) and NONE not in voters, "voters")


def check_election(name, f):
    demand(name not in ("entry", "body", "candidacy", "range", "freeze"), "a part alone")
    demand("scope" not in f or is_text(f["scope"]), "scope")
    if name in ("question", "claim", "confirm", "object", "resign", "want", "ballot", "vote"):
        demand(f["term"], "term 0")
    if name == "heartbeat":
        demand(f["round"], "round 0")
    elif name == "set":
        check_set(f)
    elif name == "answer":
        demand(not f["leads"] or (f["term"] and f["sequence"] and f["lease_ms"]), "answer")
    elif name == "ask":
        demand((f["term"] == 0) == (f["leader"] == NONE), "ask")
    elif name == "claim":
        demand(f["lease_ms"], "lease 0")
    elif name == "resign":
        demand(f["sequence"], "sequence 0")
    elif name == "healed":
        demand(f["winner_term"] and f["loser_term"] and NONE not in (f["winner_id"], f["loser_id"]), "healed")
    elif name == "record":
        claim(struct.pack(">Q", f["term"]) + f["id"] + struct.pack(">Q", f["sequence"]), f["body"])
    elif name == "ballot":
        demand(f["lease_ms"] and f["voters"], "ballot")
        check_voters(f["voters"])
    elif name == "vote":
        demand(f["kind"] != 3, "a vote on a release")
        check_voters(f["voters"])


def claim(rank, body):
    """A claim record as its fields; raises Malformed."""
    bodies = parts(body, "body")
    demand(len(bodies) == 1, "one body")
    fields = bodies[0][1]
    term, sequence = struct.unpack(">Q16xQ", rank)
    demand(fields["lease_ms"] and (fields["successor"] == NONE or fields["state"] == 1), "body")
    demand(term and rank[8:24] != NONE and 1 <= sequence <= 2**62, "rank")
    return {"term": term, "id": rank[8:24], "sequence": sequence, **fields}


# -- what is derived and compared --


def digest_key(label):
    words = (0x62656C6C77657468, 0x65722D7669657721)
    return siphash24(words, label.encode()), siphash24(words[::-1], label.encode())


def member_digest(key, ident, incarnation, status):
    return siphash24(key, ident + struct.pack(">QB", incarnation, 0 if status == 1 else status))


def record_hash(key, kind, name):
    return b"".join(struct.pack(">Q", siphash24(key, bytes([half, kind]) + name)) for half in (0, 1))


def record_digest(key, kind, name, rank):
    return siphash24(key, record_hash(key, kind, name) + rank)


def bucket(key, ident, buckets=1024):
    return ((siphash24(key, ident) >> 32) * 1024 >> 32) * buckets // 1024


def mix(value):
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


def text_hash(text):
    value = 0xCBF29CE484222325
    for byte in text:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return mix(value)


def score(scope, ident):
    first, second = struct.unpack(">QQ", ident)
    return mix(mix(text_hash(scope) ^ first) ^ second)


def rank_key(candidate):
    """sorted() with it: the best candidate first. A dict with shaky, seated, priority, incumbent, score (0: not spread), id."""
    return (candidate["shaky"], candidate["seated"], -candidate["priority"], not candidate["incumbent"],
            -candidate["score"], bytes(255 - byte for byte in candidate["id"]))


def term_accepted(held, term):
    return term <= held + 2**32 if held else term <= 2**33


def term_next(seen, wall_s):
    return wall_s if wall_s > seen + 1 and term_accepted(seen, wall_s) else seen + 1


def token_text(term, ident):
    return struct.pack(">Q", term).hex() + ident[:8].hex()


def main(words):
    if len(words) not in (3, 5):
        sys.exit(__doc__)
    recipient, session = (bytes.fromhex(words[3]), int(words[4], 16)) if len(words) == 5 else (NONE, 0)
    try:
        packet = unseal(bytes.fromhex(words[2]), [Key(words[0])], words[1], recipient, session)
        print(f"from {packet.sender.hex()} session {packet.session:016x} counter {packet.counter} echo {packet.echo}")
        for name, fields in decode("gossip", packet.frames):
            print(name, {key: value.hex() if isinstance(value, bytes) else value for key, value in fields.items()})
    except Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main(sys.argv[1:])
