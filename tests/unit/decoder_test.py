"""The known answers of tests/vectors, held against the second implementation, which knows docs/PROTOCOL.md and not the program."""

import base64
import importlib
import json
import os
import pathlib
import struct
import sys

import tap

SOURCE = pathlib.Path(os.environ.get("BW_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
VECTORS = [SOURCE / "tests" / "vectors"]  # the last one is read
sys.path.insert(0, str(VECTORS[0]))
try:
    import decoder
except ModuleNotFoundError as missing:
    if missing.name != "nacl":
        raise
    decoder = None


def load(name):
    if decoder is None:
        tap.skip(f"needs PyNaCl (Debian: python3-nacl), which {sys.executable} does not have")
    return json.loads((VECTORS[-1] / name).read_text(encoding="utf-8"))


def unhex(text):
    return bytes.fromhex(text)


def outcome(function, *words):
    try:
        return function(*words)
    except decoder.Refused as refused:
        return str(refused)


@tap.test
def packets_come_out_sealed_as_written():
    for case in load("packets.json")["sealed"]:
        key, session = decoder.Key(case["key"]), int(case["session"], 16)
        recipient = unhex(case["recipient"]) if "recipient" in case else decoder.NONE
        recipient_session = int(case.get("recipient_session", "0"), 16)
        sealed = decoder.seal(key, case["label"], unhex(case["sender"]), session, case["counter"], unhex(case["frames"]),
                              recipient, recipient_session, case["echo"])
        tap.equal(sealed.hex(), case["packet"])
        packet = decoder.unseal(sealed, [key], case["label"], recipient, recipient_session)
        tap.equal((packet.sender.hex(), packet.session, packet.counter, packet.bound, packet.echo, packet.frames.hex()),
                  (case["sender"], session, case["counter"], "recipient" in case, case["echo"], case["frames"]))


@tap.test
def pairs_seal_as_written():
    for case in load("packets.json")["paired"]:
        own = (unhex(case["sender"]), int(case["session"], 16), unhex(case["exchange"]))
        other = (unhex(case["recipient"]), int(case["recipient_session"], 16), unhex(case["recipient_exchange"]))
        ring = decoder.Key(case["key"])
        key = decoder.PairKey(ring, case["label"], unhex(case["secret"]), own, other)
        theirs = decoder.PairKey(ring, case["label"], unhex(case["recipient_secret"]), other, own)
        tap.equal((key.aead, key.mark), (theirs.aead, theirs.mark), "both sides compute the same")
        sealed = decoder.seal(key, case["label"], own[0], own[1], case["counter"], unhex(case["frames"]), other[0], other[1], case["echo"])
        tap.equal(sealed.hex(), case["packet"])
        packet = decoder.unseal(sealed, [ring, theirs], case["label"], other[0], other[1])
        tap.equal((packet.sender, packet.frames), (own[0], unhex(case["frames"])))


@tap.test
def each_packet_is_received_with_the_written_result():
    vectors = load("packets.json")
    who = vectors["receiver"]
    receiver = decoder.Receiver([decoder.Key(key) for key in who["keys"]], who["label"], unhex(who["id"]),
                                int(who["session"], 16), who["sent"], who["members"])
    results = set()
    for case in vectors["received"]:
        receiver.sent += case["what"].startswith("another session, that echoes")
        got = outcome(receiver.open, unhex(case["packet"]))
        got = got if isinstance(got, str) else "believed" if got[1] else "not-believed"
        tap.equal(got, case["result"], case["what"])
        results.add(got)
    tap.check(len(results) == 12, f"each result is among them: {sorted(results)}")


def plain(kind, value):
    """As the vectors write it."""
    if kind == "u64":
        return str(value)
    if kind == "addr":
        return {"family": value[0], "port": value[1], "ip": value[2].hex()}
    return value.hex() if isinstance(value, bytes) else value


def check_frames(name, layer):
    vectors = load(name)
    names = set()
    for case in vectors["accepted"]:
        frame = unhex(case["frame"])
        if case["layer"] == "part":
            (found, fields), = decoder.parts(frame, case["name"])
        else:
            (found, fields), = decoder.decode(layer, frame)
        kinds = {row[0]: row[1] for row in next(row for row in decoder.TABLES[layer].values() if row[0] == found)[1]}
        tap.equal((found, {key: plain(kinds[key], value) for key, value in fields.items()}), (case["name"], case["fields"]))
        tap.equal(decoder.encode(layer, found, fields).hex(), case["frame"], "encoded again")
        names.add(found)
    known = {row[0] for row in decoder.TABLES[layer].values()}
    tap.equal(names, known if len(VECTORS) == 1 else names & known, "each frame of the document's table")
    for case in vectors["refused"]:
        tap.equal(outcome(decoder.decode, layer, unhex(case["frame"])), "drop-malformed", case["why"])


@tap.test
def frames_of_gossip_are_what_the_document_says():
    check_frames("frames.json", "gossip")


@tap.test
def messages_of_the_election_are_what_the_document_says():
    check_frames("messages.json", "election")


@tap.test
def every_cut_and_every_longer_frame_is_malformed():
    for name, layer in (("frames.json", "gossip"), ("messages.json", "election")):
        for case in load(name)["accepted"]:
            frame = unhex(case["frame"])
            longer = frame[:1] + struct.pack(">H", len(frame) - 2) + frame[3:] + b"\0"
            for bad in [longer, *(frame[:size] for size in range(1, len(frame)))]:
                tap.equal(outcome(decoder.decode, layer, bad), "drop-malformed", case["name"])


@tap.test
def views_are_digested_alike():
    vectors = load("digests.json")
    for case in vectors["digests"]:
        key, ident, incarnation = decoder.digest_key(case["label"]), unhex(case["id"]), int(case["incarnation"])
        member = decoder.member_digest(key, ident, incarnation, 0)
        record = decoder.record_digest(key, case["kind"], unhex(case["key"]), unhex(case["rank"]))
        tap.equal([f"{value:016x}" for value in (member, decoder.member_digest(key, ident, incarnation, 3),
                                                 (member + record) % 2**64)],
                  [case["member"], case["left"], case["member_and_record"]], case["label"])
        tap.equal(decoder.bucket(key, ident), case["bucket"])
        tap.equal(member, decoder.member_digest(key, ident, incarnation, 1), "a suspect counts as alive")
    order = [(int(row["incarnation"]), row["status"]) for row in vectors["claims_rise"]]
    tap.equal(order, sorted(order))


@tap.test
def candidates_are_ranked_alike():
    vectors = load("ranks.json")
    for case in vectors["hashes"]:
        value = decoder.text_hash(unhex(case["text"]))
        tap.equal((f"{value:016x}", value % case["shards"]), (case["hash"], case["shard"]), case["text"])
    for case in vectors["scores"]:
        tap.equal(f"{decoder.score(case['scope'].encode(), unhex(case['id'])):016x}", case["score"])
    candidates = [{**row, "id": unhex(row["id"]), "score": int(row["score"], 16)} for row in vectors["candidates_fall"]]
    tap.equal(sorted(candidates[::-1], key=decoder.rank_key), candidates)


@tap.test
def claims_are_read_and_ordered_alike():
    vectors = load("ranks.json")
    for case in vectors["claims_rise"]:
        fields = decoder.claim(unhex(case["rank"]), unhex(case["body"]))
        tap.equal(decoder.token_text(fields["term"], fields["id"]), case["token"])
        for name, value in fields.items():
            wide = name in ("term", "sequence", "boot")
            tap.equal(str(value) if wide else value.hex() if isinstance(value, bytes) else value, case[name], name)
    ranks = [case["rank"] for case in vectors["claims_rise"]]
    tap.equal(ranks, sorted(ranks))
    for case in vectors["claims_refused"]:
        tap.equal(outcome(decoder.claim, unhex(case["rank"]), unhex(case["body"])), "drop-malformed", case["why"])
    for case in vectors["terms_accepted"]:
        tap.equal(decoder.term_accepted(int(case["held"]), int(case["term"])), bool(case["accepted"]), case)
    for case in vectors["terms_next"]:
        tap.equal(decoder.term_next(int(case["seen"]), int(case["wall_s"])), int(case["term"]), case)

AUTHORITY = 0x99  # identity.json says it of itself


def load_signed():
    vectors = load("identity.json")
    return vectors, importlib.import_module("signed")


@tap.test
def certificates_and_revocations_are_signed_as_written():
    vectors, signed = load_signed()
    authority = signed.public(AUTHORITY)
    tap.check(f"{AUTHORITY:02x}" in vectors["about"], "the authority's secret")
    for case in vectors["certificates"]:
        key = signed.public(int(case["secret"], 16))
        body = signed.certificate(int(case["serial"]), key, case["not_before"], case["not_after"], case["name"], case["grants"])
        encoded = body + signed.sign(AUTHORITY, b"bellwether-certificate-1", body)
        tap.equal((encoded.hex(), key.hex(), signed.identity(key).hex(), base64.b64encode(authority).decode()),
                  (case["certificate"], case["key"], case["id"], case["authority"]))
        tap.equal(signed.certified_key(encoded), key)
    for case in vectors["revocations"]:
        serial = struct.pack(">Q", int(case["serial"]))
        tap.equal((serial + signed.sign(AUTHORITY, b"bellwether-revocation-1", serial)).hex(), case["revocation"])


def signed_words(signed, vectors):
    """(key's secret, words, what is signed, signature) of each record, accusation and claim."""
    for case in vectors["records"]:
        ((name, fields),) = decoder.decode("gossip", unhex(case["frame"]))
        tap.equal((name, fields["id"]), ("signed_member", signed.identity(signed.certified_key(fields["certificate"]))))
        yield case["secret"], b"bellwether-member-1", signed.member_said(case["label"], fields), fields["signature"]
    for case in vectors["accusations"]:
        ((name, fields),) = decoder.decode("gossip", unhex(case["frame"]))
        tap.equal(name, "accusation")
        for secret, (accuser, refused, signature, said) in zip(case["secrets"], signed.accusers(fields), strict=True):
            tap.equal((accuser, refused), (signed.identity(signed.public(int(secret, 16))), int(secret, 16) - 1))
            yield secret, b"bellwether-accusation-1", signed.sized(case["label"].encode()) + said, signature
    for case in vectors["claims"]:
        rank, body = unhex(case["rank"]), unhex(case["body"])
        ((_, fields),) = decoder.parts(body, "signature")
        tap.equal(decoder.claim(rank, body)["id"], signed.identity(signed.public(int(case["secret"], 16))))
        yield case["secret"], b"bellwether-claim-1", signed.claim_said(case["label"], case["scope"], rank, body), fields["signature"]


@tap.test
def records_accusations_and_claims_are_signed_as_written():
    vectors, signed = load_signed()
    kinds = set()
    for secret, words, said, signature in signed_words(signed, vectors):
        tap.equal(signed.sign(int(secret, 16), words, said).hex(), signature.hex(), words)
        kinds.add(words)
    tap.equal(len(kinds), 3)


@tap.test
def no_changed_byte_of_what_is_signed_passes():
    vectors, signed = load_signed()
    for secret, words, said, signature in signed_words(signed, vectors):
        key = signed.public(int(secret, 16))
        tap.check(signed.signed(key, words, said, signature), words)
        for at in range(len(said)):
            changed = said[:at] + bytes([said[at] ^ 1]) + said[at + 1 :]
            tap.check(not signed.signed(key, words, changed, signature), f"{words} at {at}")
        tap.check(not signed.signed(key, words[:-1] + b"2", said, signature), "other words")


@tap.test
def beacons_are_sealed_opened_and_refused_as_written():
    vectors = load("beacons.json")
    signed = importlib.import_module("signed")
    for case in vectors["sealed"]:
        key = signed.BeaconKey(case["key"])
        addr = case["addr"]
        values = {"id": unhex(case["id"]), "session": int(case["session"]), "number": int(case["number"]),
                  "addr": (addr["family"], addr["port"], unhex(addr["ip"])), "members": case["members"],
                  "protocol_min": case["protocol_min"], "protocol_max": case["protocol_max"],
                  "name": case["name"].encode(), "cluster": case["cluster"].encode()}
        sealed = signed.seal_beacon(key, values)
        tap.equal(sealed.hex(), case["beacon"])
        tap.equal(signed.open_beacon(key, sealed), values)
    for case in vectors["refused"]:
        tap.equal(outcome(signed.open_beacon, signed.BeaconKey(case["key"]), unhex(case["beacon"])), case["result"], case["why"])


@tap.test
def each_protocol_version_is_read_as_it_was_written():
    folders = sorted(VECTORS[0].glob("protocol-*"))
    tap.check(folders, "there are some")
    for folder in folders:
        VECTORS.append(folder)
        tap.cleanup(VECTORS.remove, folder)
        for check in (packets_come_out_sealed_as_written, pairs_seal_as_written, each_packet_is_received_with_the_written_result,
                      frames_of_gossip_are_what_the_document_says, messages_of_the_election_are_what_the_document_says,
                      views_are_digested_alike, candidates_are_ranked_alike, claims_are_read_and_ordered_alike,
                      certificates_and_revocations_are_signed_as_written, records_accusations_and_claims_are_signed_as_written,
                      beacons_are_sealed_opened_and_refused_as_written):
            check()


if __name__ == "__main__":
    tap.main()
