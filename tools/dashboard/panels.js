// The panels: figures, leaders, events, who led, members. What comes from the agent is only ever set as text.

const ROWS_MAX = 300, SCOPES_MAX = 60, STRIPS_MAX = 12, ENDED_MAX = 12;
let span_s = null; // null: chosen by what there is

function sum(number, text, tone) {
    const box = element("div", undefined, tone);
    box.append(element("b", number), element("span", text));
    return box;
}

function showSums() {
    const {members, converged, health} = state.info, vacant = state.scopes.filter(scope => scope.leader === null).length;
    const views = state.viewsSince && !converged ? `for ${duration(serverNow() - Date.parse(state.viewsSince))}` : "views";
    byId("sums").replaceChildren(
        sum(members.alive, "alive"),
        sum(members.suspect, "suspect", members.suspect ? "warn" : ""),
        sum(members.dead, "dead", members.dead ? "bad" : ""),
        sum(members.left, "left"),
        sum(converged ? "agree" : "differ", views, converged ? "" : "warn"),
        sum(state.scopes.length - vacant + (vacant ? `/${state.scopes.length}` : ""), "scopes led", vacant ? "bad" : ""),
        sum(health === 0 ? "good" : health, "own health", health > 0 ? "warn" : ""));
    document.title = `${members.alive} alive` + (members.suspect ? `, ${members.suspect} suspect` : "") + (vacant ? `, ${vacant} without a leader` : "") + ` – ${plain(state.info.cluster)}`;
    byId("cluster").textContent = plain(state.info.cluster);
    byId("self").textContent = plain(state.info.name);
    byId("version").textContent = `· bellwether ${state.info.version}, up ${duration(serverNow() - Date.parse(state.info.started))}`
        + (state.info.state === "member" ? "" : ` · ${state.info.state === "left" ? "has left" : "is leaving"}`);
}

// ------------------------------------------------------------------ leaders

const REASONS = {"no-candidate": "nobody stands for it"};

function scopeCard(scope) {
    const card = element("div", undefined, scope.leader === null ? "scope vacant" : "scope"), head = element("h3");
    head.append(element("span", scope.scope, "name"), element("span", scope.mode, "badge"));
    card.append(head);
    const leader = element("div", scope.leader ?? "nobody", "leader name");
    card.append(leader);
    if (scope.leader === null) {
        card.append(element("p", [REASONS[scope.reason] ?? scope.reason, scope.reason_of].filter(Boolean).join(": ")));
    } else {
        card.style.borderLeftColor = leaderColor(scope.leader_id);
        const token = element("p", scope.token, "token");
        token.title = "token";
        card.append(element("p", `term ${scope.term}, for ${duration(serverNow() - Date.parse(scope.since))}`), token);
    }
    const badges = element("p"), ready = scope.candidates.filter(one => one.ready && one.status === "alive").length;
    badges.append(element("span", `${scope.candidates.length} candidate${scope.candidates.length === 1 ? "" : "s"}` + (ready < scope.candidates.length ? `, ${ready} could lead` : "")));
    if (scope.role === "leader")
        badges.append(" ", element("span", "this agent", "badge mine"));
    if (scope.frozen)
        badges.append(" ", element("span", `frozen by ${scope.frozen_by || "a member that is gone"}`, "badge frozen"));
    card.append(badges);
    return card;
}

function showScopes() {
    const list = [...state.scopes].sort((one, other) => (one.leader !== null) - (other.leader !== null)); // stable: vacant ones first
    const cards = list.slice(0, SCOPES_MAX).map(scopeCard);
    if (list.length === 0)
        cards.push(element("p", "Nobody stands for any scope.", "none"));
    if (list.length > SCOPES_MAX)
        cards.push(element("p", `${list.length - SCOPES_MAX} more: bellwether leader`, "none"));
    byId("scopes").replaceChildren(...cards);
}

// ------------------------------------------------------------------ events

function eventRow(event) {
    const [tone, ...parts] = sentence(event), row = element("tr", undefined, tone), time = element("td", moment(event.time, true));
    time.title = `number ${event.seq}, ${event.time}`;
    row.append(time, put(element("td"), parts));
    return row;
}

let shownSeq = 0;

function showEvents() {
    const body = byId("events").tBodies[0], newest = state.events.at(-1)?.seq ?? 0;
    if (newest === shownSeq && body.rows.length > 0)
        return;
    const rows = [...state.events].reverse().map(event => {
        const row = eventRow(event);
        if (shownSeq > 0 && event.seq > shownSeq)
            row.classList.add("new");
        return row;
    });
    body.replaceChildren(...rows);
    shownSeq = newest;
}

// ------------------------------------------------------------------ who led

function shownSpan(now) {
    const begins = state.history.flatMap(scope => scope.history.map(entry => Date.parse(entry.from ?? entry.time)));
    const first = Math.max(Math.min(...begins, now), 0), whole = Math.max(now - first, 10000);
    const wanted = span_s === null ? Math.min(whole, 3600000) : span_s === 0 ? whole : span_s * 1000;
    return {from: now - wanted * 1.02, to: now};
}

function strip(scope, {from, to}) {
    const line = element("div", undefined, "strip"), label = element("span", scope.scope, "label name"), bar = element("div", undefined, "bar");
    const at = time => Math.max(0, Math.min(100, 100 * (time - from) / (to - from)));
    label.title = scope.scope;
    line.append(label, bar);
    const begun = at(Date.parse(state.info.started));
    if (begun > 0) { // what was before this agent's start it does not know
        const unknown = element("div", undefined, "unknown");
        unknown.style.left = "0";
        unknown.style.width = `${begun}%`;
        bar.append(unknown);
    }
    for (const entry of scope.history) {
        const end = entry.until === null ? to : Date.parse(entry.until);
        if (entry.type !== "reign" || end < from)
            continue;
        const left = at(Date.parse(entry.from)), reign = element("div", entry.leader, "reign name");
        reign.style.left = `${left}%`;
        reign.style.width = `${at(end) - left}%`;
        reign.style.background = leaderColor(entry.leader_id);
        reign.title = `${entry.leader}, term ${entry.term}: ${moment(entry.from)} to ${entry.until === null ? "now" : `${moment(entry.until)} (${LOSSES[entry.reason] ?? entry.reason})`}`;
        bar.append(reign);
    }
    return line;
}

function axis({from, to}) {
    const line = element("div", undefined, "strip"), times = element("div", undefined, "axis"), count = innerWidth < 860 ? 3 : 6;
    line.append(element("span", "", "label"), times);
    for (let i = 0; i <= count; i++) {
        const time = from + (to - from) * i / count, mark = element("span", i === count ? "now" : to - from > 86400000 ? new Date(time).toLocaleString() : clock(new Date(time)));
        mark.style.left = `${100 * i / count}%`;
        times.append(mark);
    }
    return line;
}

function endedTable() {
    const ended = state.history.flatMap(scope => scope.history.filter(entry => entry.type === "reign" && entry.until !== null).map(entry => ({...entry, scope: scope.scope})));
    ended.sort((one, other) => Date.parse(other.until) - Date.parse(one.until));
    const table = element("table"), body = element("tbody");
    table.id = "ended";
    table.append(element("caption", "The leads that ended last"), body);
    for (const entry of ended.slice(0, ENDED_MAX)) {
        const row = element("tr"), who = element("td");
        put(who, [b(entry.leader), " led ", b(entry.scope)]);
        row.append(who, element("td", duration(Date.parse(entry.until) - Date.parse(entry.from))), element("td", `until ${moment(entry.until)}`),
            element("td", LOSSES[entry.reason] ?? entry.reason));
        body.append(row);
    }
    return body.rows.length > 0 ? [table] : [];
}

function showHistory() {
    const now = serverNow(), shown = shownSpan(now), led = state.history.filter(scope => scope.history.length > 0);
    for (const button of document.querySelectorAll("[data-span]"))
        button.setAttribute("aria-pressed", String(span_s !== null && Number(button.dataset.span) === span_s));
    const lines = led.slice(0, STRIPS_MAX).map(scope => strip(scope, shown));
    if (lines.length > 0)
        lines.push(axis(shown));
    else
        lines.push(element("p", "Nobody has led since this agent started.", "none"));
    if (led.length > STRIPS_MAX)
        lines.push(element("p", `${led.length - STRIPS_MAX} more scopes: bellwether history`, "none"));
    byId("history").replaceChildren(...lines, ...endedTable());
}

// ------------------------------------------------------------------ members

const ORDER = {suspect: 0, dead: 1, alive: 2, left: 3};
const tagsOf = member => Object.entries(member.tags).map(([name, value]) => `${name}=${value}`).join(" ");

function memberRow(member) {
    const row = element("tr", undefined, [(member.status === "dead" || member.status === "left") && "gone", member.id === chosen && "chosen"].filter(Boolean).join(" "));
    const head = element("th", undefined, "name"), status = element("td"), leads = ledBy(member.id);
    head.scope = "row";
    head.append(element("span", member.name, "name"));
    if (leads.length > 0) {
        const crown = element("span", ` ★${leads.length > 1 ? leads.length : ""}`);
        crown.style.color = leaderColor(member.id);
        crown.title = `leads ${leads.map(scope => scope.scope).join(", ")}`;
        head.append(crown);
    }
    if (member.id === state.info.id)
        head.append(" ", element("span", "this agent", "badge"));
    status.append(element("i", undefined, `s ${member.status}`), member.status);
    const why = state.why.get(member.id);
    if (why)
        status.append(plain(` by ${why.accusers.join(", ")}`));
    const since = element("td", duration(serverNow() - Date.parse(member.since)));
    since.title = member.since;
    row.append(head, status, element("td", member.id === state.info.id ? "" : trip(member.rtt_ms), "number"), since, element("td", member.addr, "wide"),
        element("td", tagsOf(member), "wide name"));
    row.addEventListener("click", () => choose(member.id));
    return row;
}

function showMembers() {
    const wanted = byId("filter").value.trim().toLowerCase();
    const list = state.members.filter(member => !wanted || `${member.name} ${member.addr} ${member.status} ${tagsOf(member)} ${member.id}`.toLowerCase().includes(wanted));
    list.sort((one, other) => ORDER[one.status] - ORDER[other.status]); // stable: by name within
    byId("members").tBodies[0].replaceChildren(...list.slice(0, ROWS_MAX).map(memberRow));
    byId("more").hidden = list.length > 0 && list.length <= ROWS_MAX;
    byId("more").textContent = list.length === 0 ? "None of the members fits." : `${list.length - ROWS_MAX} more: filter them`;
}
