// The page: pointer, keys, buttons, address.

let moment = null, wanted = false, playing = 0;

function refresh(now) {
    wanted = wanted || requestAnimationFrame(frame) > 0;
    if (now) // in a tab that is not shown no frame comes
        frame();
}

function frame() {
    if (!wanted)
        return;
    wanted = false;
    if (moment === null || moment.time !== view.cursor) {
        moment = momentAt(view.cursor);
        moment.time = view.cursor;
        view.panelStale = true;
    }
    draw(moment);
    if (view.panelStale) {
        showPanel(moment);
        view.panelStale = false;
        const text = clock(view.cursor) + (data.epoch ? " UTC" : "");
        byId("time").value = view.cursor;
        byId("time").setAttribute("aria-valuetext", text);
        byId("now").textContent = text;
    }
    const a = moment.agreement(model.scope);
    canvas.setAttribute("aria-label", `${N} lanes from ${clock(view.from)} to ${clock(view.to)}; at ${clock(view.cursor)} `
        + `${a.running} members run, with ${a.views} different views and ${a.leaders} leaders`);
}

function setCursor(time, reveal) {
    view.cursor = Math.max(0, Math.min(END, time));
    if (reveal && (view.cursor < view.from || view.cursor > view.to)) {
        const half = (view.to - view.from) / 2;
        setWindow(view.cursor - half, view.cursor + half);
    }
    keepAddress();
    refresh();
}

function setWindow(from, to) {
    const size = Math.min(END * 1.02, Math.max(2, to - from));
    from = Math.max(-END * .01, Math.min(from, END * 1.01 - size));
    view.from = from;
    view.to = from + size;
    keepAddress();
    refresh();
}

function zoom(factor, x) {
    const at = x === undefined ? (view.cursor >= view.from && view.cursor <= view.to ? view.cursor : (view.from + view.to) / 2) : timeAt(x);
    setWindow(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

const pan = share => setWindow(view.from + share * (view.to - view.from), view.to + share * (view.to - view.from));
const whole = () => setWindow(-END * .01, END * 1.01);

function scrollLanes(by) {
    view.scroll += by;
    clampScroll();
    refresh();
}

function setLaneHeight(height) {
    const middle = (view.scroll + (view.lanesBottom - view.lanesTop) / 2) / view.laneHeight;
    view.tuned = true;
    view.laneHeight = Math.max(5, Math.min(80, height));
    view.scroll = middle * view.laneHeight - (view.lanesBottom - view.lanesTop) / 2;
    clampScroll();
    refresh();
}

function choose(member) {
    view.chosen = view.chosen === member ? -1 : member;
    const y = laneTop(rowOf[member]);
    if (y < view.lanesTop || y + view.laneHeight > view.lanesBottom)
        view.scroll += y - (view.lanesTop + view.lanesBottom) / 2;
    clampScroll();
    view.panelStale = true;
    refresh();
}

// To the next or previous time at which anything happens.
function step(direction) {
    const at = lastBefore(itemTimes, COUNT, view.cursor);
    if (direction > 0 && at + 1 < COUNT)
        setCursor(itemTimes[at + 1], true);
    else if (direction < 0)
        setCursor(at >= 0 && itemTimes[at] < view.cursor ? itemTimes[at] : itemTimes[Math.max(0, lastBefore(itemTimes, COUNT, view.cursor - 1e-6))] || 0, true);
}

// A tenth of what is shown in a second, in step with the clock on the wall.
function play() {
    if (playing)
        cancelAnimationFrame(playing);
    const on = !playing;
    playing = 0;
    byId("play").setAttribute("aria-pressed", on);
    byId("play").textContent = on ? "❚❚ stop" : "▶ play";
    if (!on)
        return;
    let last = performance.now();
    if (view.cursor >= END)
        view.cursor = 0;
    const tick = now => {
        setCursor(view.cursor + (view.to - view.from) / 10 * (now - last) / 1000, true);
        last = now;
        playing = requestAnimationFrame(tick);
        if (view.cursor >= END)
            play();
    };
    playing = requestAnimationFrame(tick);
}

// -- theme --

const themes = ["auto", "light", "dark"], systemDark = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";

function setTheme(name) {
    theme = themes.includes(name) ? name : "auto";
    document.documentElement.dataset.theme = theme === "auto" ? (systemDark.matches ? "dark" : "light") : theme;
    readColors();
    for (const cells of rows)
        cells.last = "";
    view.panelStale = true;
    keepAddress();
    refresh();
}

// -- address: #t=12.5&from=..&to=..&theme=dark&scope=1&member=3; times in s --

let addressDue = 0;

function keepAddress() {
    clearTimeout(addressDue);
    addressDue = setTimeout(() => {
        const parts = new URLSearchParams({t: (view.cursor / 1000).toFixed(4), from: (view.from / 1000).toFixed(4), to: (view.to / 1000).toFixed(4)});
        if (theme !== "auto")
            parts.set("theme", theme);
        if (model.scope > 0)
            parts.set("scope", model.scope);
        try {
            history.replaceState(null, "", "#" + parts);
        } catch { /* too often for this browser, or not from a file */ }
    }, 250);
}

function readAddress() {
    const parts = new URLSearchParams(location.hash.slice(1)), number = key => parts.has(key) ? Number(parts.get(key)) * 1000 : NaN;
    if (scopes.length > 1 && Number(parts.get("scope")) > 0 && Number(parts.get("scope")) < scopes.length)
        setScope(Number(parts.get("scope")));
    view.cursor = Math.max(0, Math.min(END, Number.isFinite(number("t")) ? number("t") : model.violations.length > 0 ? model.violations[0][0] : END));
    if (number("to") > number("from"))
        setWindow(number("from"), number("to"));
    else
        whole();
    setTheme(parts.get("theme") || "auto");
}

function setScope(scope) {
    model.leaderColors.clear();
    build(scope);
    byId("scope").value = scope;
    for (const cells of rows)
        cells.last = "";
    moment = null;
    keepAddress();
    refresh();
}

// -- pointer --

let drag = null;
const pointers = new Map();

canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event.offsetX);
    drag = {x: event.offsetX, y: event.offsetY, from: view.from, to: view.to, scroll: view.scroll, moved: false};
    canvas.focus({preventScroll: true});
});

canvas.addEventListener("pointermove", event => {
    if (pointers.size === 2 && pointers.has(event.pointerId)) { // two fingers
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1], was = pointers.get(event.pointerId);
        zoom(Math.abs(was - other) / Math.max(1, Math.abs(event.offsetX - other)), other);
        pointers.set(event.pointerId, event.offsetX);
        drag = null;
        return;
    }
    if (drag && event.buttons & 1) {
        const dx = event.offsetX - drag.x, dy = event.offsetY - drag.y;
        drag.moved = drag.moved || Math.abs(dx) + Math.abs(dy) > 4;
        if (drag.moved) {
            canvas.classList.add("panning");
            const shift = dx / (view.width - view.gutter) * (drag.to - drag.from);
            view.scroll = drag.scroll - dy;
            clampScroll();
            setWindow(drag.from - shift, drag.to - shift);
        }
    }
    hover(event.offsetX, event.offsetY);
});

canvas.addEventListener("pointerup", event => {
    if (drag && !drag.moved) {
        const row = laneAt(event.offsetY);
        if (event.offsetX >= view.gutter)
            setCursor(timeAt(event.offsetX));
        else if (row >= 0)
            choose(lanes[row]);
    }
    release(event);
});
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("pointerleave", () => hover(-1, -1));

function release(event) {
    pointers.delete(event.pointerId);
    drag = null;
    canvas.classList.remove("panning");
}

function hover(x, y) {
    const row = x < 0 ? -1 : laneAt(y), tip = byId("tip"), lines = x < 0 || (drag && drag.moved) ? null : tipAt(x, y);
    if (row !== view.hover) {
        view.hover = row;
        refresh();
    }
    tip.hidden = lines === null;
    if (lines === null)
        return;
    tip.replaceChildren(...lines.map(([tag, text, name]) => element(tag, text, name)));
    tip.style.left = (x + 380 < view.width ? x + 14 : Math.max(4, x - tip.offsetWidth - 14)) + "px";
    tip.style.top = Math.max(4, Math.min(y + 16, view.height - tip.offsetHeight - 4)) + "px";
}

canvas.addEventListener("wheel", event => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 300 : 1, dy = event.deltaY * unit, dx = event.deltaX * unit;
    if (event.offsetX < view.gutter)
        scrollLanes(dy);
    else if (event.shiftKey || Math.abs(dx) > Math.abs(dy))
        pan((Math.abs(dx) > Math.abs(dy) ? dx : dy) / view.width);
    else
        zoom(Math.exp(Math.max(-300, Math.min(300, dy)) * .0022), event.offsetX);
}, {passive: false});

// -- buttons and keys --

const actions = {
    fit: whole, in: () => zoom(1 / 1.6), out: () => zoom(1.6), back: () => pan(-.3), forth: () => pan(.3),
    taller: () => setLaneHeight(view.laneHeight * 1.3), lower: () => setLaneHeight(view.laneHeight / 1.3),
    previous: () => step(-1), following: () => step(1), play, theme: () => setTheme(themes[(themes.indexOf(theme) + 1) % 3]),
    help: () => {
        byId("keys").hidden = !byId("keys").hidden;
        byId("help").setAttribute("aria-expanded", !byId("keys").hidden);
    },
};
for (const [id, action] of Object.entries(actions))
    byId(id).addEventListener("click", action);

const keys = {
    "+": actions.in, "=": actions.in, "-": actions.out, a: actions.back, d: actions.forth, "0": whole, Home: () => setCursor(0, true),
    End: () => setCursor(END, true), ",": actions.previous, ".": actions.following, " ": play, t: actions.theme, "?": actions.help,
    "[": actions.lower, "]": actions.taller, ArrowUp: () => scrollLanes(-3 * view.laneHeight), ArrowDown: () => scrollLanes(3 * view.laneHeight),
    PageUp: () => scrollLanes(view.lanesTop - view.lanesBottom), PageDown: () => scrollLanes(view.lanesBottom - view.lanesTop),
};

document.addEventListener("keydown", event => {
    const tag = event.target.tagName, own = tag === "INPUT" || tag === "SELECT" || (tag === "BUTTON" && event.key === " ");
    if (event.ctrlKey || event.metaKey || event.altKey || tag === "SELECT" || (own && event.key === " "))
        return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight")
        setCursor(view.cursor + (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? .05 : .005) * (view.to - view.from), true);
    else if (keys[event.key.length === 1 ? event.key.toLowerCase() : event.key] && !(own && event.key.startsWith("Page")))
        keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]();
    else
        return;
    event.preventDefault();
});

byId("time").max = END;
byId("time").addEventListener("input", event => setCursor(Number(event.target.value), true));
byId("scope").addEventListener("change", event => setScope(Number(event.target.value)));
systemDark.addEventListener("change", () => setTheme(theme));
new ResizeObserver(() => {
    layout();
    refresh(true);
}).observe(canvas);

build(0);
showHead();
makeRows();
readColors();
layout();
readAddress();
frame();
document.documentElement.dataset.ready = "yes";
