// What the agent says: fetched as a whole when something has happened and every few seconds, events followed in between.

const EVENTS_KEPT = 200, REFRESH_MS = 5000, SETTLE_MS = 120, PATIENCE_MS = 8000;

const state = {
    info: null, members: [], scopes: [], history: [], why: new Map(), events: [], fresh: 0,
    linked: false, deaf: false, since: Date.now(), skew: 0, viewsSince: null,
};
const leaderColors = new Map();

// The colour of a leader, by its id: each new one gets the next.
function leaderColor(id) {
    if (!leaderColors.has(id))
        leaderColors.set(id, leaderColors.size % 8);
    return `var(--l${leaderColors.get(id)})`;
}

const serverNow = () => Date.now() + state.skew;
const ledBy = id => state.scopes.filter(scope => scope.leader_id === id);

async function ask(path) {
    const answer = await fetch(path, {signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store"});
    if (!answer.ok)
        throw new Error(`${path}: ${answer.status}`);
    return answer.json();
}

// Why those who are suspected are; whoever has just gone is not there any more.
async function askWhy(members) {
    const suspects = members.filter(member => member.status === "suspect").slice(0, 8);
    const found = new Map();
    await Promise.all(suspects.map(async member => {
        try {
            const why = await ask(`v1/why/${member.id}`);
            if (why.suspicion && why.suspicion.outcome === null)
                found.set(member.id, {...why.suspicion, asked: Date.now()});
        } catch {
            // it is drawn without its fuse
        }
    }));
    return found;
}

let asking = null, again = false;

async function refreshOnce() {
    const begun = Date.now();
    const [info, members, leaders, history] = await Promise.all(["v1/info", "v1/members", "v1/leader", "v1/history"].map(ask));
    const took = Date.now() - begun;
    if (state.info && state.info.started !== info.started) { // another life: its numbers begin anew
        state.events = [];
        follow();
    }
    state.info = info;
    state.skew = Date.parse(info.started) + info.uptime_s * 1000 - (begun + took / 2);
    state.members = members.members;
    state.scopes = leaders.scopes.filter(scope => scope.leader !== null || scope.candidates.length > 0);
    state.history = history.scopes;
    state.why = await askWhy(state.members);
    link(true);
    show();
    return took;
}

// One at a time; what is asked for meanwhile comes after it, and the more an answer takes the rarer it is asked for.
async function refresh() {
    if (asking) {
        again = true;
        return;
    }
    asking = refreshOnce();
    let took = 0;
    try {
        took = await asking;
    } catch (error) {
        link(false, error);
    }
    await new Promise(done => setTimeout(done, Math.min(30000, SETTLE_MS + 12 * took)));
    asking = null;
    if (again) {
        again = false;
        refresh();
    }
}

function link(linked) {
    if (state.linked !== linked) {
        state.linked = linked;
        state.since = Date.now();
    }
    showLink();
}

let source = null, retry = 0;

function onEvent(message) {
    const event = JSON.parse(message.data);
    if (state.events.some(known => known.seq === event.seq))
        return;
    state.events.push(event);
    state.events.splice(0, Math.max(0, state.events.length - EVENTS_KEPT));
    if (event.type === "converged" || event.type === "diverged")
        state.viewsSince = event.time;
    state.fresh = Math.max(state.fresh, event.seq);
    showSoon();
    refresh();
}

// A browser connects again by itself, with the number of the last event; but not after an answer that is no stream.
function follow() {
    if (source)
        source.close();
    source = new EventSource(`v1/events?last=${EVENTS_KEPT}`);
    source.onmessage = onEvent;
    source.onopen = () => {
        state.deaf = false;
        refresh();
    };
    source.onerror = () => {
        state.deaf = true;
        refresh(); // which finds out whether the agent is there
        if (source.readyState === EventSource.CLOSED) {
            clearTimeout(retry);
            retry = setTimeout(follow, 2000);
        }
    };
}
