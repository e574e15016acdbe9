// Words: events as sentences, times. A sentence is a list of texts, and of names in {b: …}; what members wrote is only ever set as text.

const byId = id => document.getElementById(id);

// Characters that hide others, or turn the direction of writing, are shown as what they are.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const plain = text => String(text).replace(HIDDEN, one => `<U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);

function element(tag, text, name) {
    const made = document.createElement(tag);
    if (text !== undefined)
        made.textContent = plain(text);
    if (name)
        made.className = name;
    return made;
}

const b = name => ({b: String(name ?? "")});
const payloadOf = event => event.payload ?? (event.payload_base64 ? `base64:${event.payload_base64}` : "");

const SENTENCES = {
    "member-alive": e => ["good", b(e.name), ` is alive at ${e.addr}`],
    "member-suspect": e => ["warn", b(e.name), " is suspected by ", b(e.by)],
    "member-dead": e => ["bad", b(e.name), " is dead, says ", b(e.by)],
    "member-left": e => ["note", b(e.name), ...(e.by ? [" was forgotten by ", b(e.by)] : [" has left"])],
    "member-update": e => ["", b(e.name), " has changed its record"],
    "member-conflict": e => ["bad", "two members are called ", b(e.name), `: one at ${e.member_addr}, and one at ${e.addr}`],
    "member-twice": e => ["bad", b(e.name), ` runs twice with one id, and stands for nothing: the other one is at ${e.addr}`],
    "member-incompatible": e => ["bad", b(e.name), ` at ${e.addr} speaks no version that this member speaks`],
    "leader-elected": e => ["good", b(e.leader), " leads ", b(e.scope), `, term ${e.term}`],
    "leader-lost": e => ["bad", b(e.leader), " leads ", b(e.scope), ` no longer: ${e.reason}`],
    "self-elected": e => ["good", "this member leads ", b(e.scope)],
    "self-deposed": e => ["bad", "this member leads ", b(e.scope), ` no longer: ${e.reason}`],
    "split-brain-healed": e => ["bad", "two led ", b(e.scope), ": ", b(e.leader), " stays"],
    "scope-frozen": e => ["note", b(e.scope), " is frozen by ", b(e.by)],
    "scope-thawed": e => ["note", b(e.scope), " is thawed", ...(e.by ? [" by ", b(e.by)] : [": its time is over"])],
    "converged": () => ["", "all members heard of have the same view"],
    "diverged": () => ["", "views differ"],
    "user-event": e => ["note", b(e.from), " tells all: ", b(e.name), ` ${payloadOf(e)}`],
    "query": e => ["note", b(e.from), " asks: ", b(e.name), ` ${payloadOf(e)}`],
    "query-ack": e => ["", b(e.from), " has been asked"],
    "query-response": e => ["", b(e.from), ` answers: ${payloadOf(e)}`],
    "query-end": e => ["", `no more answers are waited for: ${e.responses} came`],
    "keys-changed": e => ["note", `the key ring has version ${e.version} now, with ${e.keys} keys`],
    "stranger": e => ["warn", `${e.addr} has other keys, or another cluster: ${e.reason}`],
    "term-refused": e => ["bad", b(e.name), ` sent term ${e.term} of `, b(e.scope), ", which is out of bounds: refused"],
    "bound-passed": e => ["warn", `a bound is passed, and the least useful is dropped: ${e.what}`],
};

// [tone, ...parts]
function sentence(event) {
    const words = Object.hasOwn(SENTENCES, event.type) ? SENTENCES[event.type] : e => ["", String(e.type)];
    return words(event);
}

function put(to, parts) {
    for (const part of parts)
        to.append(typeof part === "string" ? plain(part) : element("b", part.b, "name"));
    return to;
}

const LOSSES = {
    "died": "died", "resigned": "resigned", "deposed": "a larger token", "lease-expired": "its lease expired", "left": "left",
    "storage": "could not write its state", "not-ready": "not ready", "preempted": "a better candidate asked",
    "half-reachable": "reached less than half", "view-too-small": "saw too few members", "second-seat": "held another seat",
};

const pad = (number, size) => String(number).padStart(size, "0");
const clock = (date, ms) => `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}`
    + (ms ? `.${pad(date.getMilliseconds(), 3)}` : "");
const sameDay = (a, other) => a.toDateString() === other.toDateString();
const moment = (time, ms) => (sameDay(new Date(time), new Date()) ? "" : `${new Date(time).toLocaleDateString()} `) + clock(new Date(time), ms);

function duration(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60)
        return `${s} s`;
    if (s < 3600)
        return `${Math.floor(s / 60)} min ${s % 60} s`;
    return s < 86400 ? `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min` : `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

const trip = ms => ms === null || ms === undefined ? "–" : ms < 10 ? `${ms.toFixed(2)} ms` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
