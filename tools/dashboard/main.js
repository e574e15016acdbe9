// The page: shows what there is, says when it is cut off, keeps time.

function show() {
    if (!state.info)
        return;
    showSums();
    showRing();
    showScopes();
    showEvents();
    showHistory();
    showMembers();
    document.documentElement.dataset.ready = "yes";
}

let soon = false;

function showSoon() {
    if (soon)
        return;
    soon = true;
    setTimeout(() => {
        soon = false;
        if (state.info)
            showEvents();
    }, 30);
}

function showLink() {
    const body = document.body, off = !state.linked && (state.info !== null || Date.now() - state.since > 3000);
    body.classList.toggle("live", state.linked);
    body.classList.toggle("off", off);
    byId("link").textContent = state.linked ? (state.deaf ? "live, without events" : "live") : state.info ? "cut off" : "connecting";
    byId("cut").hidden = !off;
    byId("cut").textContent = state.info
        ? `Cut off from the agent since ${clock(new Date(state.since))}: what is shown is as old as that. Trying again.`
        : "The agent does not answer yet. Trying again.";
    if (off && state.info)
        document.title = `cut off – ${plain(state.info.cluster)}`;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
let theme = new URLSearchParams(location.hash.slice(1)).get("theme") || "auto";

function showTheme() {
    document.documentElement.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
}

byId("theme").addEventListener("click", () => {
    theme = {auto: dark.matches ? "light" : "dark", dark: dark.matches ? "auto" : "light", light: dark.matches ? "dark" : "auto"}[theme] ?? "auto";
    showTheme();
});
dark.addEventListener("change", showTheme);
addEventListener("resize", () => state.info && show());
byId("filter").addEventListener("input", () => state.info && showMembers());
for (const button of document.querySelectorAll("[data-span]"))
    button.addEventListener("click", () => {
        span_s = Number(button.dataset.span) === span_s ? null : Number(button.dataset.span);
        show();
    });

setInterval(() => document.hidden || refresh(), REFRESH_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(() => { // what grows older, in between
    showLink();
    if (!state.info || document.hidden || !state.linked)
        return;
    for (const member of state.members)
        if (member.status === "suspect" && drawn.has(member.id))
            drawFuse(member);
    showSums();
}, 500);

showTheme();
follow();
refresh();
