// The ring: members in order of their names, this agent's round trips as spokes, suspicions as arrows with a fuse.

const SVG = "http://www.w3.org/2000/svg", RADIUS = 232, NAMED_MAX = 28, DRAWN_MAX = 800;
const ring = byId("ring"), places = new Map(), drawn = new Map();
let chosen = null;

function svg(tag, attributes, name) {
    const made = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes || {}))
        made.setAttribute(key, value);
    if (name)
        made.setAttribute("class", name);
    return made;
}

const layers = {};
for (const name of ["hoops", "spokes", "arrows", "nodes", "middle"])
    ring.append(layers[name] = svg("g"));
{
    const defs = svg("defs"), tip = svg("marker", {id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto"});
    tip.append(svg("path", {d: "M0 0 8 4 0 8z", fill: "var(--accuse)"}));
    defs.append(tip);
    ring.prepend(defs);
    layers.count = svg("text", {y: 6}, "middle count");
    layers.under = svg("text", {y: 32}, "middle under");
    layers.third = svg("text", {y: 60}, "middle under");
    layers.middle.append(layers.count, layers.under, layers.third);
}

// In large clusters whoever needs no attention is left out before whoever does.
function notable(member) {
    return member.name === state.info.name || member.status !== "alive" || ledBy(member.id).length > 0;
}

function shownMembers() {
    if (state.members.length <= DRAWN_MAX)
        return state.members;
    const first = new Set(state.members.filter(notable).slice(0, DRAWN_MAX));
    for (const member of state.members)
        if (first.size < DRAWN_MAX)
            first.add(member);
    return state.members.filter(member => first.has(member));
}

// One ring as long as the dots have room on it, else several inside each other.
function arrange(members) {
    const dot = members.length <= 12 ? 22 : members.length <= NAMED_MAX ? 16 : members.length <= 80 ? 11 : members.length <= 250 ? 7 : 4.5;
    const radii = [];
    let room = 0;
    for (let radius = members.length > NAMED_MAX ? 262 : RADIUS; room < members.length && radius > 90; radius -= 3.2 * dot) {
        const places = Math.floor(2 * Math.PI * radius / (2.7 * dot));
        radii.push({radius, places});
        room += places;
    }
    places.clear();
    let at = 0;
    for (const {radius, places: capacity} of radii) {
        const count = Math.min(members.length - at, Math.ceil(members.length * capacity / room));
        for (let i = 0; i < count; i++, at++) {
            const angle = 2 * Math.PI * i / count - Math.PI / 2;
            places.set(members[at].id, {x: radius * Math.cos(angle), y: radius * Math.sin(angle), cos: Math.cos(angle), sin: Math.sin(angle), dot, out: radius === radii[0].radius ? 1 : -1});
        }
    }
    layers.hoops.replaceChildren(...radii.map(({radius}) => svg("circle", {r: radius}, "hoop")));
}

function makeNode(member) {
    const group = svg("g", {tabindex: 0, role: "button"});
    const parts = {group, halo: svg("circle", {}, "halo"), dot: svg("circle", {}, "dot"), fuse: svg("path", {}, "fuse"), cross: svg("path", {}, "cross"),
        crown: svg("text", {}, "crown"), label: svg("text", {}, "name"), rtt: svg("text", {}, "rtt")};
    group.append(parts.halo, parts.dot, parts.fuse, parts.cross, parts.crown, parts.label, parts.rtt);
    const id = member.id;
    group.addEventListener("click", () => choose(id));
    group.addEventListener("keydown", event => event.key === "Enter" && choose(id));
    group.addEventListener("pointerenter", event => event.pointerType === "mouse" && showTip(id));
    group.addEventListener("pointerleave", event => event.pointerType === "mouse" && showTip(null));
    group.addEventListener("focus", () => showTip(id));
    group.addEventListener("blur", () => showTip(null));
    layers.nodes.append(group);
    drawn.set(id, parts);
    return parts;
}

const cut = (name, most) => [...name].length > most ? [...name].slice(0, most - 1).join("") + "…" : name;

function drawNode(member, named) {
    const parts = drawn.get(member.id) || makeNode(member), place = places.get(member.id), leads = ledBy(member.id);
    const gone = member.status === "dead" || member.status === "left", self = member.name === state.info.name && member.id === state.info.id;
    parts.group.setAttribute("class", ["member", member.status, gone && "gone", self && "self", member.id === chosen && "chosen"].filter(Boolean).join(" "));
    parts.group.setAttribute("transform", `translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`);
    parts.group.setAttribute("aria-label", `${plain(member.name)}: ${member.status}` + (leads.length ? `, leads ${leads.map(s => s.scope).join(", ")}` : ""));
    parts.halo.setAttribute("r", place.dot + Math.min(5, place.dot / 3));
    parts.dot.style.strokeWidth = place.dot < 10 && member.status !== "left" ? .5 : "";
    parts.dot.setAttribute("r", place.dot);
    parts.dot.style.fill = leads.length > 0 && member.status === "alive" ? leaderColor(member.id) : "";
    parts.crown.textContent = leads.length === 0 || gone || place.dot < 6 ? "" : leads.length === 1 || place.dot < 15 ? "★" : `★${leads.length}`;
    parts.crown.style.fontSize = `${(leads.length > 1 ? .85 : 1.1) * place.dot}px`;
    const arm = .4 * place.dot;
    parts.cross.setAttribute("d", member.status === "dead" && place.dot > 9 ? `M${-arm} ${-arm} ${arm} ${arm}M${-arm} ${arm} ${arm} ${-arm}` : "");
    const show = named || (notable(member) && state.members.length <= 250);
    const cos = place.cos * place.out, sin = place.sin * place.out; // names of inner rings stand inside them
    const x = cos * (place.dot + 12), y = sin * (place.dot + 14), anchor = cos > .25 ? "start" : cos < -.25 ? "end" : "middle";
    const narrow = innerWidth < 860, below = narrow ? 25 : 17, up = sin < -.6 ? (narrow ? -22 : -14) : sin > .6 ? (narrow ? 16 : 8) : 0;
    for (const [text, dy, words] of [[parts.label, 0, show ? cut(plain(member.name), narrow ? 9 : 14) : ""],
        [parts.rtt, below, !show ? "" : self ? "this agent" : gone ? member.status : member.rtt_ms === null ? "" : trip(member.rtt_ms)]]) {
        text.setAttribute("x", x.toFixed(1));
        text.setAttribute("y", (y + up + dy).toFixed(1));
        text.setAttribute("text-anchor", anchor);
        text.textContent = words;
    }
    drawFuse(member);
}

// What is left of the time that a suspect has to refute.
function drawFuse(member) {
    const parts = drawn.get(member.id), place = places.get(member.id), why = state.why.get(member.id);
    if (!why || member.status !== "suspect") {
        parts.fuse.setAttribute("d", "");
        return;
    }
    const left = 1 - (why.lasted_ms + Date.now() - why.asked) / Math.max(1, why.wait_ms), share = Math.max(0.01, Math.min(.999, left));
    const radius = place.dot + 6, angle = 2 * Math.PI * share;
    parts.fuse.setAttribute("d", `M0 ${-radius}A${radius} ${radius} 0 ${share > .5 ? 1 : 0} 1 ${(radius * Math.sin(angle)).toFixed(2)} ${(-radius * Math.cos(angle)).toFixed(2)}`);
}

function drawSpokes(members) {
    const self = places.get(state.info.id);
    if (!self || members.length > 40) {
        layers.spokes.replaceChildren();
        return;
    }
    layers.spokes.replaceChildren(...members.filter(member => member.id !== state.info.id).map(member => {
        const place = places.get(member.id), gone = member.status === "dead" || member.status === "left";
        return svg("path", {d: `M${self.x.toFixed(1)} ${self.y.toFixed(1)}Q0 0 ${place.x.toFixed(1)} ${place.y.toFixed(1)}`, fill: "none"}, gone ? "spoke gone" : "spoke");
    }));
}

function drawAccusations() {
    const arrows = [], ids = new Map(state.members.map(member => [member.name, member.id]));
    for (const [id, why] of state.why) {
        const to = places.get(id);
        for (const name of why.accusers) {
            const from = places.get(ids.get(name));
            if (!from || !to || from === to)
                continue;
            const length = Math.hypot(to.x - from.x, to.y - from.y), stop = (length - to.dot - 12) / length;
            const x = from.x + (to.x - from.x) * stop, y = from.y + (to.y - from.y) * stop;
            arrows.push(svg("path", {d: `M${from.x.toFixed(1)} ${from.y.toFixed(1)}Q${((from.x + x) * .35).toFixed(1)} ${((from.y + y) * .35).toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)}`,
                "marker-end": "url(#head)"}, "accusation"));
        }
    }
    layers.arrows.replaceChildren(...arrows);
}

function drawMiddle() {
    const counts = state.info.members, missing = state.members.length - places.size;
    layers.count.textContent = counts.alive + counts.suspect;
    layers.under.textContent = counts.suspect ? `living, ${counts.suspect} of them suspect` : counts.alive === 1 ? "member" : "members";
    layers.under.setAttribute("class", counts.suspect ? "middle under bad" : "middle under");
    layers.third.textContent = missing > 0 ? `${missing} more are not drawn` : "";
}

function showRing() {
    const members = shownMembers(), named = members.length <= NAMED_MAX;
    arrange(members);
    for (const [id, parts] of drawn)
        if (!places.has(id)) {
            parts.group.remove();
            drawn.delete(id);
        }
    drawSpokes(members);
    drawAccusations();
    for (const member of members)
        drawNode(member, named);
    drawMiddle();
}

// ------------------------------------------------------------------ one member

const tipLines = member => [
    [`${member.status} since ${moment(member.since)}`],
    [member.addr],
    [member.id === state.info.id ? "this agent" : member.rtt_ms === null ? "" : `round trip ${trip(member.rtt_ms)}`],
    [ledBy(member.id).length ? `leads ${ledBy(member.id).map(scope => scope.scope).join(", ")}` : ""],
    [Object.entries(member.tags).map(([name, value]) => `${name}=${value}`).join(" ")],
    [state.why.has(member.id) ? `suspected by ${state.why.get(member.id).accusers.join(", ")} (${state.why.get(member.id).evidence})` : "", "now"],
];

function showTip(id) {
    const tip = byId("tip"), member = state.members.find(entry => entry.id === id), place = places.get(id);
    tip.hidden = !member || !place;
    if (tip.hidden)
        return;
    tip.replaceChildren(element("b", member.name, "name"),
        ...tipLines(member).filter(([text]) => text).map(([text, name]) => element("div", text, name)));
    const box = ring.getBoundingClientRect(), scale = Math.min(box.width / 800, box.height / 620);
    const x = box.width / 2 + place.x * scale, y = box.height / 2 + place.y * scale;
    tip.style.left = `${Math.max(0, Math.min(x + 14, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > box.height ? y - tip.offsetHeight - 16 : y + 16}px`;
}

function choose(id) {
    chosen = chosen === id ? null : id;
    show();
    showTip(chosen);
}
