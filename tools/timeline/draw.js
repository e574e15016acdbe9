// The picture: axis, faults, lanes, agreement. Draws what the window shows, and of steps closer than a pixel the worst.

const canvas = document.getElementById("canvas");
const pen = canvas.getContext("2d");
const FONT = '"Segoe UI", system-ui, -apple-system, Roboto, "DejaVu Sans", sans-serif';

const view = {
    from: 0, to: END, cursor: 0, scroll: 0, laneHeight: 0, hover: -1, chosen: -1,
    width: 0, height: 0, gutter: 60, axis: 24, faultsHeight: 0, lanesTop: 0, lanesBottom: 0, chart: 40,
};

let color = {}, patterns = {};

function readColors() {
    const style = getComputedStyle(document.documentElement), get = name => style.getPropertyValue("--" + name).trim();
    color = {leaders: []};
    for (const name of ["paper", "back", "ink", "soft", "line", "track", "hover", "alive", "suspect", "dead", "left", "hatch",
        "cursor", "fault", "fault-ink", "group", "accuse", "calm", "alarm"])
        color[name] = get(name);
    for (let i = 0; i < 8; i++)
        color.leaders.push(get("l" + i));
    patterns = {down: hatch(color.hatch, 5, 1), paused: bars(color.hatch), dead: hatch(color.paper + "88", 4, 1.2)};
}

function tile(size, drawing) {
    const small = document.createElement("canvas");
    small.width = small.height = size * 2;
    const p = small.getContext("2d");
    p.scale(2, 2);
    drawing(p);
    const pattern = pen.createPattern(small, "repeat");
    pattern.setTransform(new DOMMatrix().scale(.5));
    return pattern;
}

function hatch(stroke, size, width) {
    return tile(size, p => {
        p.strokeStyle = stroke;
        p.lineWidth = width;
        for (const shift of [-size, 0, size]) {
            p.beginPath();
            p.moveTo(shift, size);
            p.lineTo(shift + size, 0);
            p.stroke();
        }
    });
}

function bars(fill) {
    return tile(6, p => {
        p.fillStyle = fill;
        p.fillRect(1, 0, 1.5, 6);
    });
}

const leaderColor = member => color.leaders[(model.leaderColors.get(member) || 0) % color.leaders.length];
const xOf = time => view.gutter + (time - view.from) / (view.to - view.from) * (view.width - view.gutter);
const timeAt = x => view.from + (x - view.gutter) / (view.width - view.gutter) * (view.to - view.from);
const laneAt = y => {
    if (y < view.lanesTop || y >= view.lanesBottom)
        return -1;
    const row = Math.floor((y - view.lanesTop + view.scroll) / view.laneHeight);
    return row < N ? row : -1;
};
const laneTop = row => view.lanesTop + row * view.laneHeight - view.scroll;

function layout() {
    const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
    view.width = Math.max(200, box.width);
    view.height = Math.max(200, box.height);
    canvas.width = Math.round(view.width * ratio);
    canvas.height = Math.round(view.height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = "12px " + FONT;
    const widest = Math.max(0, ...names.map(name => pen.measureText(name).width));
    view.gutter = Math.min(170, Math.max(80, widest + 34));
    view.faultsHeight = model.faultRows > 0 ? model.faultRows * 18 + 4 : 0;
    view.lanesTop = view.axis + view.faultsHeight + 2;
    view.lanesBottom = view.height - 2 * view.chart - 14;
    if (!view.tuned)
        view.laneHeight = Math.min(64, Math.max(5, Math.floor((view.lanesBottom - view.lanesTop) / Math.max(N, 1))));
    clampScroll();
}

function clampScroll() {
    const whole = N * view.laneHeight, shown = view.lanesBottom - view.lanesTop;
    view.scroll = Math.max(0, Math.min(view.scroll, whole - shown));
    if (whole < shown)
        view.scroll = 0;
}

// Steps of time that are easy to count in.
function tickStep() {
    const wanted = (view.to - view.from) / Math.max(2, (view.width - view.gutter) / 110);
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3,
        3600e3, 7200e3, 6 * 3600e3, 12 * 3600e3, 24 * 3600e3];
    return steps.find(step => step >= wanted) || Math.ceil(wanted / 86400e3) * 86400e3;
}

function drawAxis() {
    const step = tickStep(), offset = data.epoch % step;
    const digits = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
    pen.font = "11px " + FONT;
    pen.textAlign = "left";
    for (let t = Math.ceil((view.from + offset) / step) * step - offset; t <= view.to; t += step) {
        const x = Math.round(xOf(t)) + .5;
        pen.strokeStyle = color.line;
        pen.globalAlpha = .6;
        line(x, view.axis - 6, x, view.height);
        pen.globalAlpha = 1;
        pen.fillStyle = color.soft;
        if (x + 40 < view.width)
            pen.fillText(clock(t, digits), x + 4, 15);
    }
}

function line(x0, y0, x1, y1) {
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
}

// Cuts a text to a width.
function fitText(text, width) {
    if (pen.measureText(text).width <= width)
        return text;
    let size = Math.floor(text.length * width / pen.measureText(text).width);
    while (size > 0 && pen.measureText(text.slice(0, size) + "…").width > width)
        size--;
    return size > 0 ? text.slice(0, size) + "…" : "";
}

const faultY = fault => view.axis + 2 + fault.row * 18;

function drawFaults() {
    pen.font = "11px " + FONT;
    for (const fault of model.faults) {
        if (fault.to < view.from || fault.from > view.to)
            continue;
        const x0 = Math.max(view.gutter, xOf(fault.from)), x1 = Math.max(x0 + 3, Math.min(view.width, xOf(fault.to)));
        const y = faultY(fault), wide = x1 - x0 > 46;
        pen.fillStyle = color.fault;
        pen.beginPath();
        pen.roundRect(x0, y, x1 - x0, 15, Math.min(4, (x1 - x0) / 2));
        pen.fill();
        const room = wide ? x1 - x0 - 10 : Math.min(view.width, xOf(fault.next)) - x1 - 8;
        pen.fillStyle = wide ? color["fault-ink"] : color.fault;
        if (room > 18)
            pen.fillText(fitText(fault.text, room), wide ? x0 + 5 : x1 + 4, y + 11.5);
        if (fault.from >= view.from) {
            pen.strokeStyle = color.fault;
            pen.globalAlpha = .35;
            pen.setLineDash([3, 3]);
            line(Math.round(x0) + .5, y + 15, Math.round(x0) + .5, view.height);
            pen.setLineDash([]);
            pen.globalAlpha = 1;
        }
    }
}

// Shares of a strip from its top: dead, suspect, left; alive below. What is there at all is seen.
function fillShares(x0, x1, y, height, counts, at) {
    const alive = counts[at], suspect = counts[at + SUSPECT], dead = counts[at + DEAD], left = counts[at + LEFT], all = alive + suspect + dead + left;
    if (all === 0)
        return;
    if (alive === all) {
        pen.fillStyle = color.alive;
        pen.fillRect(x0, y, x1 - x0, height);
        return;
    }
    let top = y;
    const part = (count, fill, hatched) => {
        if (count === 0)
            return;
        const tall = count === all ? height : Math.min(height - 1, Math.max(2, height * count / all));
        pen.fillStyle = fill;
        pen.fillRect(x0, top, x1 - x0, Math.max(0, Math.min(tall, y + height - top)));
        if (hatched && x1 - x0 > 3 && tall > 3) {
            pen.fillStyle = patterns.dead;
            pen.fillRect(x0, top, x1 - x0, Math.min(tall, y + height - top));
        }
        top += tall;
    };
    part(dead, color.dead, true);
    part(suspect, color.suspect);
    part(left, color.left);
    if (alive > 0 && top < y + height) {
        pen.fillStyle = color.alive;
        pen.fillRect(x0, top, x1 - x0, y + height - top);
    }
}

// Calls draw(x0, x1, values, at) for each step that is a pixel wide, and for the worst of those that are not.
function eachStep(steps, badness, draw) {
    const {width, times, values, count} = steps, scale = (view.width - view.gutter) / (view.to - view.from);
    const left = view.gutter, right = view.width, offset = left - view.from * scale;
    let pixel = -1, worst = -1, worstAt = 0;
    let x0 = 0, next = left;
    for (let i = Math.max(0, steps.find(view.from)); i < count && times[i] <= view.to; i++) {
        x0 = Math.max(left, Math.max(next, times[i] * scale + offset));
        next = Math.min(right, (i + 1 < count ? times[i + 1] : END) * scale + offset);
        const first = Math.floor(x0);
        if (pixel >= 0 && first !== pixel) {
            draw(pixel, pixel + 1, values, worstAt);
            worst = -1;
        }
        pixel = first;
        const bad = badness(values, i * width);
        if (bad > worst) {
            worst = bad;
            worstAt = i * width;
        }
        if (next > first + 1) {
            draw(pixel, pixel + 1, values, worstAt);
            pixel = worst = -1;
            draw(first + 1, Math.ceil(next), values, i * width);
        }
    }
    if (pixel >= 0)
        draw(pixel, pixel + 1, values, worstAt);
}

function laneBadness(values, at) {
    const dead = values[at + DEAD], suspect = values[at + SUSPECT], left = values[at + LEFT];
    return dead + suspect + left === 0 ? 0 : (3 * dead + 2 * suspect + left) / (values[at] + dead + suspect + left);
}

// Spans [from, to, ...] of one lane within the window; those within a pixel of the last drawn are skipped.
function eachSpan(list, draw) {
    let low = 0, high = list.length, last = -1;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (list[middle][1] < view.from)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < list.length && list[low][0] <= view.to; low++) {
        const x0 = Math.max(view.gutter, xOf(list[low][0])), x1 = Math.min(view.width, xOf(list[low][1]));
        if (x1 < last + .5)
            continue;
        last = Math.max(x1, x0 + 1);
        draw(x0, last, list[low]);
    }
}

function drawLane(row) {
    const member = lanes[row], y = laneTop(row), h = view.laneHeight, pad = h >= 16 ? 2 : h >= 11 ? 1 : .5;
    const top = y + pad, tall = h - 2 * pad, strip = Math.round(tall * .6), beliefTop = top + strip + (h >= 14 ? 1 : 0);
    const beliefTall = top + tall - beliefTop;
    pen.fillStyle = color.track;
    pen.fillRect(view.gutter, top, view.width - view.gutter, tall);
    eachStep(model.status[member], laneBadness, (x0, x1, counts, at) => fillShares(x0, x1, top, strip, counts, at));
    pen.font = `${Math.min(11, beliefTall - 1)}px ${FONT}`;
    eachSpan(model.belief[member], (x0, x1, [, , leader]) => {
        pen.fillStyle = leader < 0 ? color.soft : leaderColor(leader);
        pen.globalAlpha = .38;
        pen.fillRect(x0, beliefTop, x1 - x0, beliefTall);
        pen.globalAlpha = 1;
        if (beliefTall >= 9 && x1 - x0 > 30 && leader !== member) {
            pen.fillStyle = color.ink;
            pen.fillText(fitText(leader < 0 ? "?" : names[leader], x1 - x0 - 8), x0 + 4, beliefTop + beliefTall / 2 + 3.5);
        }
    });
    eachSpan(model.reigns[member], (x0, x1, [from]) => {
        pen.fillStyle = leaderColor(member);
        pen.fillRect(x0, beliefTop - 1, x1 - x0, beliefTall + 1);
        if (beliefTall >= 9 && x1 - x0 > 40) {
            pen.fillStyle = color.paper;
            pen.fillText(fitText("leads", x1 - x0 - 14), x0 + 10, beliefTop + beliefTall / 2 + 3.5);
        }
        if (from >= view.from)
            diamond(xOf(from), beliefTop + beliefTall / 2, Math.min(7, Math.max(3.5, h / 3)), leaderColor(member));
    });
    eachSpan(model.process[member], (x0, x1, [, , kind]) => {
        pen.globalAlpha = data.source === "streams" ? .45 : 1;
        pen.fillStyle = kind === PAUSED ? patterns.paused : patterns.down;
        pen.fillRect(x0, top, x1 - x0, tall);
        pen.globalAlpha = 1;
    });
    eachSpan(model.groups[member], (x0, x1, [, , group]) => {
        pen.strokeStyle = color.group;
        pen.lineWidth = h >= 14 ? 2.5 : 1.5;
        pen.setLineDash(group % 3 === 1 ? [] : group % 3 === 2 ? [6, 3] : [2, 2]);
        line(x0, top + tall - 1, x1, top + tall - 1);
        pen.setLineDash([]);
        pen.lineWidth = 1;
    });
}

function diamond(x, y, size, fill) {
    pen.beginPath();
    pen.moveTo(x, y - size);
    pen.lineTo(x + size, y);
    pen.lineTo(x, y + size);
    pen.lineTo(x - size, y);
    pen.closePath();
    pen.fillStyle = fill;
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = color.paper;
    pen.stroke();
    pen.lineWidth = 1;
}

// Who suspects whom by its own ears, while these are few enough to be followed.
function drawAccusations(rowOf) {
    const shown = model.accusations.filter(item => item[0] >= view.from && item[0] <= view.to);
    if (shown.length > 200)
        return;
    pen.strokeStyle = pen.fillStyle = color.accuse;
    pen.lineWidth = 1.2;
    for (const item of shown) {
        const x = xOf(item[0]), h = view.laneHeight, y0 = laneTop(rowOf[item[2]]) + h / 2, y1 = laneTop(rowOf[item[3]]) + h * .35;
        const down = y1 > y0 ? 1 : -1;
        pen.globalAlpha = shown.length > 40 ? .35 : .75;
        pen.beginPath();
        pen.moveTo(x, y0);
        pen.quadraticCurveTo(x - 9, (y0 + y1) / 2, x, y1);
        pen.stroke();
        pen.globalAlpha = 1;
        pen.beginPath();
        pen.arc(x, y0, 2, 0, 7);
        pen.fill();
        pen.beginPath();
        pen.moveTo(x, y1);
        pen.lineTo(x - 5, y1 - 5 * down);
        pen.lineTo(x + 1, y1 - 6.5 * down);
        pen.fill();
    }
    pen.lineWidth = 1;
}

function drawGutter(moment) {
    pen.fillStyle = color.paper;
    pen.fillRect(0, view.axis, view.gutter, view.height);
    const size = Math.min(12, Math.max(9, view.laneHeight - 1)), every = Math.ceil(10 / view.laneHeight);
    for (let row = 0; row < N; row++) {
        const y = laneTop(row), middle = y + view.laneHeight / 2, member = lanes[row];
        if (y + view.laneHeight < view.lanesTop || y > view.lanesBottom)
            continue;
        if (row === view.hover || member === view.chosen) {
            pen.fillStyle = color.hover;
            pen.fillRect(0, y, view.width, view.laneHeight);
        }
        const leads = moment.reign[member * SCOPES + model.scope];
        pen.font = `${leads ? "bold " : ""}${size}px ${FONT}`;
        pen.fillStyle = moment.process[member] === UP ? color.ink : color.soft;
        pen.textAlign = "right";
        if (row % every === 0 || row === view.hover)
            pen.fillText(fitText(names[member], view.gutter - 28), view.gutter - 20, middle + size * .35);
        pen.textAlign = "left";
        const block = Math.min(10, view.laneHeight - 2);
        fillShares(view.gutter - 15, view.gutter - 7, middle - block / 2, block, moment.counts, 4 * member);
        if (leads)
            diamond(7, middle, Math.min(5, view.laneHeight / 2), leaderColor(member));
    }
}

// One curve of steps: a calm value is low and quiet, others rise (by their root, so that small ones are seen) and warn.
function drawChart(top, label, column, calm, now, more) {
    const tall = view.chart - 8, bottom = top + tall;
    let most = 2;
    for (let i = 0; i < model.agreement.count; i++)
        most = Math.max(most, model.agreement.values[i * 5 + column]);
    eachStep(model.agreement, (values, at) => Math.abs(values[at + column] - calm) * 1000 + values[at + column], (x0, x1, values, at) => {
        const value = values[at + column], rise = value === 0 ? 0 : Math.max(2, tall * Math.sqrt(value / most));
        pen.fillStyle = value === calm ? color.calm : value === 0 ? color.track : color.alarm;
        pen.fillRect(x0, bottom - rise, x1 - x0, rise);
        if (more && values[at + 2] > 0 && value > 0) { // some know no leader
            pen.fillStyle = color.suspect;
            pen.fillRect(x0, bottom, x1 - x0, 3);
        }
    });
    pen.strokeStyle = color.line;
    line(view.gutter, bottom + .5, view.width, bottom + .5);
    pen.fillStyle = color.paper;
    pen.fillRect(0, top - 2, view.gutter, tall + 6);
    pen.font = "11px " + FONT;
    pen.fillStyle = color.soft;
    pen.textAlign = "right";
    pen.fillText(label, view.gutter - 20, bottom - 3);
    pen.font = "bold 13px " + FONT;
    pen.fillStyle = now === calm ? color.ink : color.alarm;
    pen.fillText(String(now), view.gutter - 20, bottom - 16);
    pen.textAlign = "left";
    pen.font = "10px " + FONT;
    pen.fillStyle = color.soft;
    pen.fillText(String(most), view.gutter + 3, top + 8);
}

function drawCursor() {
    const x = Math.round(xOf(view.cursor)) + .5;
    if (x < view.gutter || x > view.width)
        return;
    pen.strokeStyle = pen.fillStyle = color.cursor;
    pen.lineWidth = 1.5;
    line(x, view.axis - 8, x, view.height);
    pen.lineWidth = 1;
    pen.font = "bold 11px " + FONT;
    const text = clock(view.cursor), width = pen.measureText(text).width + 10;
    const left = Math.min(view.width - width, Math.max(view.gutter, x - width / 2));
    pen.beginPath();
    pen.roundRect(left, 1, width, 17, 4);
    pen.fill();
    pen.fillStyle = color.paper;
    pen.fillText(text, left + 5, 13.5);
}

function drawViolations() {
    for (const item of model.violations) {
        const x = xOf(item[0]);
        if (x < view.gutter || x > view.width + 1)
            continue;
        pen.strokeStyle = color.alarm;
        pen.lineWidth = 2;
        line(Math.min(x, view.width - 1), view.axis - 4, Math.min(x, view.width - 1), view.height);
        pen.lineWidth = 1;
    }
}

function drawScrollbar() {
    const whole = N * view.laneHeight, shown = view.lanesBottom - view.lanesTop;
    if (whole <= shown)
        return;
    pen.fillStyle = color.soft;
    pen.globalAlpha = .5;
    pen.beginPath();
    pen.roundRect(view.width - 7, view.lanesTop + shown * view.scroll / whole, 5, Math.max(20, shown * shown / whole), 3);
    pen.fill();
    pen.globalAlpha = 1;
}

const rowOf = [];
lanes.forEach((member, row) => { rowOf[member] = row; });

function draw(moment) {
    pen.clearRect(0, 0, view.width, view.height);
    pen.fillStyle = color.paper;
    pen.fillRect(0, 0, view.width, view.height);
    drawAxis();
    pen.save();
    pen.beginPath();
    pen.rect(0, view.lanesTop, view.width, view.lanesBottom - view.lanesTop);
    pen.clip();
    const first = Math.max(0, Math.floor(view.scroll / view.laneHeight));
    const last = Math.min(N - 1, Math.floor((view.scroll + view.lanesBottom - view.lanesTop) / view.laneHeight));
    for (let row = first; row <= last; row++)
        drawLane(row);
    drawAccusations(rowOf);
    drawGutter(moment);
    pen.restore();
    drawFaults();
    pen.fillStyle = color.paper;
    pen.fillRect(0, view.axis, view.gutter, view.faultsHeight);
    const now = moment.agreement(model.scope), chart = view.lanesBottom + 8;
    drawChart(chart, "views", 0, 1, now.views);
    drawChart(chart + view.chart + 2, "leaders", 1, 1, now.leaders, true);
    if (model.faultRows > 0) {
        pen.font = "11px " + FONT;
        pen.fillStyle = color.soft;
        pen.textAlign = "right";
        pen.fillText("faults", view.gutter - 20, view.axis + 13);
        pen.textAlign = "left";
    }
    drawViolations();
    drawCursor();
    drawScrollbar();
}
