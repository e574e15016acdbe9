// The panel: the moment in words. What comes from the data is only ever set as text.

const byId = id => document.getElementById(id);

function element(tag, text, name) {
    const made = document.createElement(tag);
    if (text !== undefined)
        made.textContent = text;
    if (name)
        made.className = name;
    return made;
}

const worstOf = counts => counts[DEAD] ? DEAD : counts[SUSPECT] ? SUSPECT : counts[LEFT] && !counts[ALIVE] ? LEFT
    : counts[ALIVE] ? ALIVE : UNKNOWN;

function opinions(counts) {
    const parts = [];
    for (let status = 0; status < 4; status++)
        if (counts[status] > 0)
            parts.push([STATUS[status], counts[status]]);
    if (parts.length === 0)
        return "not met";
    return parts.length === 1 ? parts[0][0] : parts.map(([word, count]) => `${count} ${word}`).join(", ");
}

const processWord = kind => data.source === "streams" ? ["no stream", "", "", "has left"][kind]
    : ["not running", "", "paused", "has left"][kind];

const rows = [];

function makeRows() {
    const body = byId("state").tBodies[0];
    for (const member of lanes) {
        const row = element("tr"), head = element("th", names[member]), say = element("td"), leader = element("td"), knows = element("td");
        head.scope = "row";
        head.title = names[member];
        row.append(head, say, leader, knows);
        row.addEventListener("click", () => choose(member));
        const chip = element("i"), words = element("span"), dot = element("i"), believed = element("span");
        say.append(chip, words);
        leader.append(dot, believed);
        body.append(row);
        rows[member] = {row, chip, words, dot, believed, knows, last: ""};
    }
}

function showRow(member, moment) {
    const counts = moment.counts.subarray(4 * member, 4 * member + 4), slot = member * SCOPES + model.scope;
    const leader = moment.leader[slot], running = moment.process[member], know = [0, 0, 0, 0];
    for (let subject = 0; subject < N; subject++) {
        const status = moment.view[member * N + subject];
        if (status >= 0)
            know[status]++;
    }
    const word = processWord(running);
    const say = opinions(counts) + (word && running !== GONE ? ` · ${word}` : "");
    const believes = moment.reign[slot] ? "itself: leads" : leader >= 0 ? names[leader] : "–";
    const knows = running === DOWN || running === GONE ? "–"
        : know[ALIVE] + (know[SUSPECT] ? ` · ${know[SUSPECT]} suspect` : "") + (know[DEAD] + know[LEFT] ? ` · ${know[DEAD] + know[LEFT]} gone` : "");
    const cells = rows[member], all = [say, believes, knows, member === view.chosen].join("|");
    if (cells.last === all)
        return;
    cells.last = all;
    cells.chip.className = "s " + (STATUS[worstOf(counts)] || "");
    cells.words.textContent = say;
    cells.dot.className = leader >= 0 ? "l" : "";
    cells.dot.style.background = leader >= 0 ? leaderColor(leader) : "";
    cells.believed.textContent = believes;
    cells.knows.textContent = knows;
    cells.believed.title = leader >= 0 ? `term ${moment.term[slot]}` : "";
    cells.row.classList.toggle("chosen", member === view.chosen);
}

function showSums(moment) {
    const a = moment.agreement(model.scope);
    const sums = [[a.running, "running", false], [a.views, a.views === 1 ? "view" : "views", a.views > 1],
        [a.leaders, a.leaders === 1 ? "leader" : "leaders", a.leaders > 1 || (a.none > 0 && a.running > 0)],
        [a.suspicions, "suspicions", a.suspicions > 0]];
    byId("sums").replaceChildren(...sums.map(([count, word, bad]) => {
        const box = element("div", undefined, bad ? "bad" : "");
        box.append(element("b", String(count)), element("span", word));
        return box;
    }));
    byId("sums").children[2].title = `${a.none} know no leader, ${a.acting} lead${a.acting === 1 ? "s" : ""}`;
    const active = model.faults.filter(f => f.from <= view.cursor && view.cursor < f.to).map(f => f.text);
    byId("doing").textContent = active.length > 0 ? "Going on: " + active.join("; ") : "";
}

const sameGroup = (a, b) => a[0] === b[0] && b[1] === KIND.group && a[3] === b[3];

function showEvents(moment) {
    const body = byId("events").tBodies[0], from = Math.max(0, moment.next - 14), made = [];
    for (let i = from; i < COUNT && made.length < 28; i++) {
        const item = itemAt(i), same = [item];
        while (item[1] === KIND.group && i + 1 < COUNT && sameGroup(item, itemAt(i + 1)))
            same.push(itemAt(++i));
        const row = element("tr", undefined, i === moment.next - 1 ? "now" : i < moment.next ? "past" : "");
        row.append(element("td", clock(item[0])), element("td", same.length > 1 ? describe.group(same) : describe.item(item)));
        row.addEventListener("click", () => setCursor(item[0], true));
        made.push(row);
    }
    body.replaceChildren(...made);
    const now = body.querySelector(".now");
    if (now) {
        const scroll = body.parentElement.parentElement;
        scroll.scrollTop = now.offsetTop - scroll.clientHeight / 3;
    }
}

function showPanel(moment) {
    byId("at").textContent = clock(view.cursor) + (data.epoch ? " UTC" : "");
    showSums(moment);
    for (let member = 0; member < N; member++)
        showRow(member, moment);
    showEvents(moment);
}

function showHead() {
    const about = byId("about"), add = (term, text, code) => {
        if (text === null || text === "")
            return;
        const box = element("div");
        box.append(element("dt", term), element("dd", text, code ? "code" : ""));
        box.title = code ? text : "";
        about.append(box);
    };
    const title = data.title || "Timeline";
    document.title = title + " – bellwether timeline";
    byId("title").textContent = title;
    if (data.epoch)
        add("from", new Date(data.epoch).toISOString().replace("T", " ").slice(0, 19) + " UTC");
    add("members", String(N));
    add("time", span(END));
    add("events", String(COUNT));
    add("seed", data.seed);
    add("trace", data.hash, true);
    add("command", data.command, true);
    if (model.violations.length > 0) {
        byId("alarm").hidden = false;
        byId("alarm").textContent = model.violations.map(item => `At ${clock(item[0])} ${describe.item(item)}`).join(" · ");
    }
    const notes = data.notes.slice();
    if (data.dropped > 0)
        notes.unshift(`${data.dropped} events did not fit and are not shown.`);
    if (notes.length > 0) {
        byId("notes").hidden = false;
        byId("notes").querySelector("summary").textContent = notes.length === 1 ? "1 note on the data" : `${notes.length} notes on the data`;
        byId("notes").querySelector("ul").append(...notes.map(text => element("li", text)));
    }
    if (data.source === "streams") {
        byId("legend").classList.add("real");
        byId("word-down").textContent = "no stream";
    }
    if (scopes.length > 1) {
        byId("scopes").hidden = false;
        byId("scope").append(...scopes.map((text, index) => new Option(data.texts[text], index)));
    }
}

// What is under the pointer, in lines.
function tipAt(x, y) {
    const time = timeAt(x), near = 6 / (view.width - view.gutter) * (view.to - view.from);
    const lines = [], row = laneAt(y), member = row >= 0 ? lanes[row] : -1;
    if (x < view.gutter && member < 0)
        return null;
    if (y > view.axis && y < view.lanesTop) {
        const hit = model.faults.filter(f => Math.abs(y - faultY(f) - 8) < 9 && f.from - near <= time && time <= f.to + near);
        for (const fault of hit.slice(-3))
            lines.push(["b", fault.text], ["div", `${clock(fault.from)} – ${fault.endless ? "to the end" : clock(fault.to)}`
                + (fault.to > fault.from ? ` (${span(fault.to - fault.from)})` : "")]);
        return lines.length > 0 ? lines : null;
    }
    if (member >= 0) {
        const at = x < view.gutter ? view.cursor : time, step = model.status[member].find(at);
        const inside = list => list.find(s => s[0] <= at && at < s[1]);
        const belief = inside(model.belief[member]), reign = inside(model.reigns[member]);
        const process = inside(model.process[member]), group = inside(model.groups[member]);
        lines.push(["b", `${names[member]} at ${clock(at)}`]);
        lines.push(["div", "the others say: " + (step >= 0 ? opinions(model.status[member].values.subarray(4 * step, 4 * step + 4)) : "not met")]);
        if (process)
            lines.push(["div", processWord(process[2]) + ` for ${span(process[1] - process[0])}`]);
        if (reign)
            lines.push(["div", `leads, term ${reign[2]}, for ${span(reign[1] - reign[0])}`]);
        else if (!process || process[2] === PAUSED)
            lines.push(["div", belief && belief[2] >= 0 ? `believes in ${names[belief[2]]}, term ${belief[3]}` : "knows no leader"]);
        if (group)
            lines.push(["div", `in partition ${group[2]}`]);
        let found = 0, low = lastBefore(itemTimes, COUNT, at - near) + 1;
        for (; x >= view.gutter && low < COUNT && itemTimes[low] <= at + near && found < 5; low++) {
            const item = itemAt(low);
            if (item[2] === member || (item[1] === KIND.status && item[3] === member)) {
                lines.push(["div", `${clock(item[0])} ${describe.item(item)}`, "event"]);
                found++;
            }
        }
        return lines;
    }
    if (y > view.lanesBottom) {
        const step = model.agreement.find(time), v = step >= 0 ? model.agreement.values.subarray(5 * step, 5 * step + 5) : null;
        if (v)
            return [["b", `${clock(time)}`], ["div", `${v[0]} different views (lists of members)`],
                ["div", `${v[1]} leaders believed in, ${v[2]} know none, ${v[3]} lead`], ["div", `${v[4]} suspicions held`]];
    }
    return null;
}
