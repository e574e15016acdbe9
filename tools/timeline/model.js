// The model: what the story says, as steps in time. Nothing here draws.

const data = JSON.parse(document.getElementById("data").textContent);
const KIND = {};
data.kinds.forEach((name, number) => { KIND[name] = number; });

const ALIVE = 0, SUSPECT = 1, DEAD = 2, LEFT = 3, UNKNOWN = -1;
const STATUS = ["alive", "suspect", "dead", "left"];
const DOWN = 0, UP = 1, PAUSED = 2, GONE = 3;
const N = data.members.length;
const COUNT = data.at.length;
const END = Math.max(data.end / 1000, 1);
const itemTimes = new Float64Array(COUNT); // ms
for (let i = 0, us = 0; i < COUNT; i++) {
    us += data.at[i];
    itemTimes[i] = us / 1000;
}

// [at, kind, who, ...]: status: whom, status, by, own; of a leader: whom, scope, term, text; group: group;
// fault: whom, text, until (ms); violation: text.
function itemAt(i) {
    const until = data.kind[i] === KIND.fault && data.c[i] > 0 ? data.c[i] / 1000 : data.c[i];
    return [itemTimes[i], data.kind[i], data.who[i], data.a[i], data.b[i], until, data.d[i]];
}

const names = data.members;

// The order of lanes: as simulated; names of real members in their natural order.
const lanes = names.map((_, member) => member);
if (data.source === "streams")
    lanes.sort((a, b) => names[a].localeCompare(names[b], "en", {numeric: true}));

const scopes = [...new Set(data.b.filter((_, i) => data.kind[i] >= KIND.leader && data.kind[i] <= KIND.healed))];
const scopeIndex = new Map(scopes.map((text, index) => [text, index]));
const SCOPES = Math.max(scopes.length, 1);

function mix(subject, salt) {
    let x = Math.imul(subject + 1, 0x9e3779b1) ^ salt;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
}

// Everything at one moment. A view is a list of members (alive or suspect); equal lists have equal hashes.
class Moment {
    constructor() {
        this.next = 0; // item
        this.view = new Int8Array(N * N).fill(UNKNOWN); // of an observer, of a subject
        this.counts = new Uint16Array(N * 4); // of a subject, by status: how many others hold it for this
        this.process = new Uint8Array(N);
        this.group = new Uint16Array(N);
        this.leader = new Int16Array(N * SCOPES).fill(-1);
        this.term = new Float64Array(N * SCOPES);
        this.reign = new Uint8Array(N * SCOPES);
        this.hash = new Uint32Array(N * 2);
        this.suspicions = 0;
    }

    copy() {
        const made = Object.create(Moment.prototype);
        for (const [key, value] of Object.entries(this))
            made[key] = typeof value === "number" ? value : value.slice();
        return made;
    }

    toggle(observer, subject) {
        this.hash[2 * observer] ^= mix(subject, 0x51ed270b);
        this.hash[2 * observer + 1] ^= mix(subject, 0x2545f491);
    }

    hold(observer, subject, status, changed) {
        const at = observer * N + subject, was = this.view[at];
        if (was === status)
            return;
        this.view[at] = status;
        if ((was === ALIVE || was === SUSPECT) !== (status === ALIVE || status === SUSPECT))
            this.toggle(observer, subject);
        if (observer === subject)
            return;
        this.suspicions += (status === SUSPECT) - (was === SUSPECT);
        if (was >= 0)
            this.counts[subject * 4 + was]--;
        if (status >= 0)
            this.counts[subject * 4 + status]++;
        if (changed)
            changed(subject);
    }

    forget(who, changed) {
        for (let subject = 0; subject < N; subject++)
            this.hold(who, subject, UNKNOWN, changed);
        for (let s = 0; s < SCOPES; s++) {
            this.leader[who * SCOPES + s] = -1;
            this.reign[who * SCOPES + s] = 0;
        }
    }

    revive(who, changed) {
        this.forget(who, changed);
        this.process[who] = UP;
        this.hold(who, who, ALIVE, changed);
    }

    // changed(subject): how others see it is another than before.
    apply(item, changed) {
        const who = item[2], slot = who * SCOPES + (scopeIndex.get(item[4]) || 0);
        switch (item[1]) {
        case KIND.up: this.revive(who, changed); break;
        case KIND.down:
            this.forget(who, changed);
            this.process[who] = DOWN;
            break;
        case KIND.paused: this.process[who] = PAUSED; break;
        case KIND.continued: this.process[who] = UP; break;
        case KIND.gone:
            this.forget(who, changed);
            this.process[who] = GONE;
            break;
        case KIND.status:
            if (item[3] < 0 || item[3] === who || this.process[who] === DOWN)
                break;
            if (this.process[who] === GONE) // it is back
                this.revive(who, changed);
            this.hold(who, item[3], item[4], changed);
            break;
        case KIND.leader:
            this.leader[slot] = item[3];
            this.term[slot] = item[5];
            break;
        case KIND.leaderless: this.leader[slot] = -1; break;
        case KIND.reign:
            this.leader[slot] = who;
            this.term[slot] = item[5];
            this.reign[slot] = 1;
            break;
        case KIND["reign-end"]:
            this.reign[slot] = 0;
            if (this.leader[slot] === who)
                this.leader[slot] = -1;
            break;
        case KIND.group: this.group[who] = item[3]; break;
        }
        this.next++;
    }

    // Of those whose process runs: different lists of members, different leaders, who knows none, who may act.
    agreement(scope) {
        const tally = new Tally(this, scope);
        for (let who = 0; who < N; who++)
            tally.update(who);
        return tally.sums();
    }
}

// Agreement, kept up to date: an item changes nothing but what `who` believes.
class Tally {
    constructor(moment, scope) {
        Object.assign(this, {moment, scope, views: new Map(), leaders: new Map(), running: 0, none: 0, acting: 0});
        this.last = new Array(N).fill(null); // what was counted of whom: view, leader, acting
    }

    update(who) {
        const m = this.moment, slot = who * SCOPES + this.scope, was = this.last[who];
        const now = m.process[who] !== UP ? null
            : [m.hash[2 * who] * 2097152 + (m.hash[2 * who + 1] & 2097151), m.leader[slot], m.reign[slot]];
        if (was && now && was[0] === now[0] && was[1] === now[1] && was[2] === now[2])
            return;
        this.count(was, -1);
        this.count(now, 1);
        this.last[who] = now;
    }

    count(what, by) {
        if (what === null)
            return;
        const add = (map, key) => {
            const count = (map.get(key) || 0) + by;
            if (count > 0)
                map.set(key, count);
            else
                map.delete(key);
        };
        this.running += by;
        this.acting += by * what[2];
        add(this.views, what[0]);
        if (what[1] < 0)
            this.none += by;
        else
            add(this.leaders, what[1]);
    }

    sums() {
        return {views: this.views.size, leaders: this.leaders.size, running: this.running, none: this.none, acting: this.acting,
            suspicions: this.moment.suspicions};
    }
}

// Growing columns of numbers.
class Steps {
    constructor(width) {
        this.width = width;
        this.count = 0;
        this.times = new Float64Array(16);
        this.values = new Uint16Array(16 * width);
    }

    push(time, values) {
        if (this.count > 0 && this.times[this.count - 1] === time)
            this.count--;
        if (this.count === this.times.length) {
            const times = new Float64Array(2 * this.count), all = new Uint16Array(2 * this.count * this.width);
            times.set(this.times);
            all.set(this.values);
            this.times = times;
            this.values = all;
        }
        this.times[this.count] = time;
        this.values.set(values, this.count * this.width);
        this.count++;
    }

    // The last step at or before the time; -1: none.
    find(time) { return lastBefore(this.times, this.count, time); }
}

function lastBefore(times, count, time) {
    let low = 0, high = count;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

const model = {
    scope: 0,
    status: [],   // of each member, steps: how many others hold it for alive, suspect, dead, left
    belief: [],   // of each member: [from, to, leader, term]
    reigns: [],   // of each member: [from, to, term, reason]
    process: [],  // of each member: [from, to, DOWN or PAUSED or GONE]
    groups: [],   // of each member: [from, to, group above 0]
    faults: [],   // {from, to, text, who, whom, row}
    faultRows: 0,
    accusations: [], // items: by own ears
    violations: [],
    agreement: null, // steps: views, leaders, none, acting, suspicions
    moments: [],
    leaderColors: new Map(),
};

const describe = {
    fault(item) {
        const text = data.texts[item[4]] || "fault";
        if (item[2] < 0)
            return text;
        return text + " · " + names[item[2]] + (item[3] >= 0 ? " → " + names[item[3]] : "");
    },
    status(item) {
        const word = ["alive", "suspect", "dead", "gone"][item[4]];
        const by = item[4] === ALIVE || item[4] === LEFT ? "" : item[6] ? " (by its own ears)" : item[5] >= 0 ? ` (says ${names[item[5]]})` : "";
        return `${names[item[2]]} holds ${item[3] >= 0 ? names[item[3]] : "somebody"} for ${word}${by}`;
    },
    group(same) {
        const who = same.slice(0, 12).map(item => names[item[2]]).join(", ") + (same.length > 12 ? ` and ${same.length - 12} more` : "");
        return `${who} are in partition ${same[0][3]}`;
    },
    item(item) {
        const who = item[2] >= 0 ? names[item[2]] : "";
        const leader = item[3] >= 0 ? names[item[3]] : "somebody";
        const scope = scopes.length > 1 ? " " + data.texts[item[4]] : "";
        switch (item[1]) {
        case KIND.up: return data.source === "streams" ? `${who}: its stream begins` : `${who} starts`;
        case KIND.down: return data.source === "streams" ? `${who}: its stream ends` : `${who} ends`;
        case KIND.paused: return `${who} is paused`;
        case KIND.continued: return `${who} goes on`;
        case KIND.gone: return `${who} has left`;
        case KIND.status: return describe.status(item);
        case KIND.leader: return `${who} believes that ${leader} leads${scope}, term ${item[5]}`;
        case KIND.leaderless: return `${who} knows no leader${scope} any more: ${data.texts[item[6]]}`;
        case KIND.reign: return `${who} claims${scope} and leads, term ${item[5]}`;
        case KIND["reign-end"]: return `${who} leads${scope} no longer: ${data.texts[item[6]]}`;
        case KIND.healed: return `${who} sees that there were two leaders${scope}; ${leader} stays`;
        case KIND.converged: return `${who} finds that its peers have its view`;
        case KIND.diverged: return `${who} finds that views differ`;
        case KIND.group: return `${who} is in partition ${item[3]}`;
        case KIND.fault: return describe.fault(item);
        case KIND.violation: return `INVARIANT BROKEN: ${data.texts[item[3]]}`;
        }
        return data.kinds[item[1]];
    },
};

// Rows for what overlaps in time.
function packFaults() {
    const ends = [];
    for (const fault of model.faults) {
        const least = END / 40; // as long as a word is wide, more or less
        let row = ends.findIndex(end => end <= fault.from);
        if (row < 0 && ends.length < 5)
            row = ends.length;
        if (row < 0)
            row = ends.indexOf(Math.min(...ends));
        ends[row] = Math.max(fault.to, fault.from + least);
        fault.row = row;
    }
    model.faultRows = ends.length;
    const next = [];
    for (const fault of model.faults.slice().reverse()) {
        fault.next = next[fault.row] || END;
        next[fault.row] = fault.from;
    }
}

// Follows one thing about each member over time: open(member, value...) ends the span before.
function spans(into) {
    const open = new Array(N).fill(null);
    return {
        set(who, time, ...values) {
            if (open[who] !== null && time > open[who][0])
                into[who].push([open[who][0], time, ...open[who].slice(1)]);
            open[who] = values.length > 0 ? [time, ...values] : null;
        },
        close() { for (let who = 0; who < N; who++) this.set(who, END); },
        opened(who) { return open[who]; },
    };
}

// One fault of many members is one bar.
function addFault(item) {
    const last = model.faults[model.faults.length - 1], name = data.texts[item[4]] || "fault";
    const who = item[2] < 0 ? "" : names[item[2]] + (item[3] >= 0 ? " → " + names[item[3]] : "");
    if (last && who && last.from === item[0] && last.name === name && last.who.length > 0) {
        last.who.push(who);
        last.text = `${name} · ${last.who.length > 6 ? last.who.length + " members" : last.who.join(", ")}`;
        return;
    }
    model.faults.push({from: item[0], to: item[5] < 0 ? END : Math.max(item[5], item[0]), endless: item[5] < 0, name,
        who: who ? [who] : [], text: who ? `${name} · ${who}` : name});
}

function build(scope) {
    const moment = new Moment(), tally = new Tally(moment, scope), many = () => Array.from({length: N}, () => []);
    const size = N * N + N * 40 + N * SCOPES * 12;
    const every = Math.max(500, Math.ceil(COUNT / Math.max(4, Math.min(200, 48e6 / size))));
    Object.assign(model, {scope, status: Array.from({length: N}, () => new Steps(4)), belief: many(), reigns: many(),
        process: many(), groups: many(), faults: [], accusations: [], violations: [], agreement: new Steps(5),
        moments: []});
    const belief = spans(model.belief), reigns = spans(model.reigns);
    const process = spans(model.process), groups = spans(model.groups);
    let now = 0, dirty = false;
    const changed = subject => model.status[subject].push(now, moment.counts.subarray(4 * subject, 4 * subject + 4));
    for (let who = 0; who < N; who++)
        process.set(who, 0, DOWN);
    const settle = () => {
        const a = tally.sums();
        model.agreement.push(now, [a.views, a.leaders, a.none, a.acting, a.suspicions]);
        dirty = false;
    };
    for (let i = 0; i < COUNT; i++) {
        const item = itemAt(i), who = item[2];
        if (i % every === 0)
            model.moments.push(moment.copy());
        if (dirty && item[0] !== now)
            settle();
        now = item[0];
        moment.apply(item, changed);
        if (who >= 0)
            tally.update(who);
        dirty = true;
        note(item, who, now);
    }
    settle();
    [belief, reigns, process, groups].forEach(s => s.close());
    packFaults();

    function note(item, who, now) {
        const ours = scopeIndex.get(item[4]) === scope;
        switch (item[1]) {
        case KIND.up: process.set(who, now); belief.set(who, now); reigns.set(who, now); break;
        case KIND.down: case KIND.gone:
            process.set(who, now, item[1] === KIND.gone ? GONE : DOWN);
            belief.set(who, now);
            reigns.set(who, now);
            break;
        case KIND.paused: process.set(who, now, PAUSED); break;
        case KIND.continued: process.set(who, now); break;
        case KIND.leader: if (ours) believe(who, now, item[3], item[5]); break;
        case KIND.leaderless: if (ours) belief.set(who, now); break;
        case KIND.reign: if (ours) { reigns.set(who, now, item[5]); believe(who, now, who, item[5]); } break;
        case KIND["reign-end"]:
            if (ours) {
                reigns.set(who, now);
                if (belief.opened(who) && belief.opened(who)[1] === who)
                    belief.set(who, now);
            }
            break;
        case KIND.group: if (item[3] > 0) groups.set(who, now, item[3]); else groups.set(who, now); break;
        case KIND.status:
            if (process.opened(who) && process.opened(who)[1] === GONE && item[3] !== who)
                process.set(who, now);
            if (item[4] === SUSPECT && item[6] && item[3] >= 0)
                model.accusations.push(item);
            break;
        case KIND.fault:
            addFault(item);
            break;
        case KIND.violation: model.violations.push(item); break;
        }
    }

    function believe(who, now, leader, term) {
        const open = belief.opened(who);
        if (open && open[1] === leader && open[2] === term)
            return;
        belief.set(who, now, leader, term);
        if (leader >= 0 && !model.leaderColors.has(leader))
            model.leaderColors.set(leader, model.leaderColors.size);
    }
}

// Everything at a time, all items of that time applied.
function momentAt(time) {
    const last = lastBefore(itemTimes, COUNT, time);
    let best = null;
    for (const moment of model.moments)
        if (moment.next <= last + 1)
            best = moment;
    const moment = best ? best.copy() : new Moment();
    while (moment.next <= last)
        moment.apply(itemAt(moment.next));
    return moment;
}

// Times for people.
function clock(time, digits = 3) {
    if (data.epoch)
        return new Date(data.epoch + time).toISOString().slice(11, 19 + (digits ? 1 + digits : 0));
    const ms = Math.round(time), sign = ms < 0 ? "-" : "";
    const s = Math.floor(Math.abs(ms) / 1000), h = Math.floor(s / 3600);
    const two = n => String(n).padStart(2, "0");
    const rest = digits ? "." + String(Math.abs(ms) % 1000).padStart(3, "0").slice(0, digits) : "";
    return sign + (h ? h + ":" + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ":" + two(s % 60) + rest;
}

function span(ms) {
    if (ms < 1000)
        return Math.round(ms * 10) / 10 + " ms";
    return ms < 120e3 ? (ms / 1000).toFixed(2) + " s" : (ms / 60e3).toFixed(1) + " min";
}
