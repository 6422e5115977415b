// Shows /_emulator/overview and keeps it up to date. All text goes through textContent: nothing of it is markup.

const POLL_MS = 1000;
const PATIENCE_MS = 5000;
const DETAILS_MS = 120000;
const PACES = {
  immediate: "at once",
  "seconds:2": "after 2 s",
  "seconds:10": "after 10 s",
  "seconds:60": "after 1 min",
  "reads:3": "after 3 reads",
  hold: "never (held)",
};
// The tag that the client of this package adds to each submission; only the details of a job show it.
const OURS = /^qrr-[0-9a-f]{32}$/;
const SVG = "http://www.w3.org/2000/svg";
const ORDER = ["Queued", "Running", "Completed", "Failed", "Cancelled"];

const $ = (selector) => document.querySelector(selector);
let presets = [];
let exportsOf = {};
let timer = 0;

// Nodes are only touched where something changed: selections, focus and scrolling stay.
function set(node, name, value) {
  if (node[name] !== value) node[name] = value;
}

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

function moment(seconds) {
  const at = new Date(seconds * 1000);
  return { text: clockFormat.format(at), title: at.toISOString() };
}

// What a column shows: text, or an object of text, small (a second line), narrow (one for narrow windows only),
// labels, title, badge (a state), press (what a button does).
const TABLES = {
  jobs: {
    key: (job) => job.id,
    columns: [
      (job) => ({
        text: job.id,
        link: `#${job.id}`,
        code: true,
        labels: [...(job.private ? ["private"] : []), ...job.tags.filter((tag) => !OURS.test(tag))],
        narrow: `${job.program} on ${job.backend}`,
      }),
      (job) => ({
        text: job.status,
        badge: job.status,
        small: [job.reason_code, job.reason].filter((part) => part).join(" "),
      }),
      (job) => ({ text: job.program, small: job.backend, title: `instance ${job.instance}` }),
      (job) => ({ text: job.session ? job.session.slice(0, 8) : "", title: job.session ?? "", code: true }),
      (job) => moment(job.created),
      (job) => span(job.queued_seconds),
      (job) => span(job.running_seconds),
      (job) => (job.qpu_seconds ? span(job.qpu_seconds) : ""),
    ],
  },
  requests: {
    key: (request) => request.number,
    columns: [
      (request) => ({ text: String(request.number), press: () => showRequest(request.number), hint: "Details of request " }),
      (request) => moment(Date.parse(request.at) / 1000),
      (request) => ({ text: `${request.method} ${request.path}`, small: request.query && `?${request.query}`, code: true }),
      (request) => request.operation ?? "",
      (request) => ({
        text: request.status === null ? (request.seconds === null ? "pending" : "none") : String(request.status),
        badge: request.status === null ? "none" : `${Math.floor(request.status / 100)}xx`,
        small: request.fault && `fault: ${request.fault}`,
      }),
      (request) => span(request.seconds),
    ],
  },
  sessions: {
    key: (session) => session.id,
    columns: [
      (session) => ({ text: session.id, code: true }),
      (session) => ({
        text: session.state,
        badge: session.state,
        small: session.reason || (session.accepting ? "" : "accepts no more jobs"),
      }),
      (session) => ({ text: session.mode, title: `instance ${session.instance}` }),
      (session) => session.backend ?? "",
      (session) => moment(session.created),
      (session) => span(session.age_seconds),
      (session) => span(session.left_seconds),
    ],
  },
  faults: {
    key: (rule) => rule.id,
    columns: [
      (rule) => ({ text: rule.kind, small: rule.status ? `sends ${rule.status}` : "" }),
      (rule) => ({ text: rule.operation === "*" ? "all" : rule.operation, small: often(rule) }),
      (rule) => String(rule.fired),
      (rule) => ({ text: "Remove", press: () => command("DELETE", `faults/${rule.id}`), hint: `Rule ${rule.id}: ` }),
    ],
  },
};

function often(rule) {
  if (rule.used_up) return "used up";
  const share = rule.probability < 1 ? `${Math.round(rule.probability * 100)} %` : "";
  return [share, rule.times === null ? "" : `${rule.times - rule.fired} to come`].filter((part) => part).join(", ");
}

function fill(cell, shown) {
  const content = typeof shown === "string" ? { text: shown } : shown;
  if (!cell.firstChild) {
    const kind = content.press ? "button" : content.link ? "a" : "span";
    cell.append(make(kind, content.press ? { type: "button" } : content.link ? { href: content.link } : {}));
    if (content.press) cell.firstChild.setAttribute("aria-label", content.hint + content.text);
    if (content.code) cell.firstChild.className = "code";
    if (content.press) cell.firstChild.addEventListener("click", content.press);
  }
  const main = cell.firstChild;
  set(main, "textContent", content.text);
  set(main, "title", content.title ?? "");
  if (content.badge && main.dataset.badge !== content.badge) main.dataset.badge = content.badge;
  const labels = content.labels ?? [];
  const wanted = labels.map((label) => ["tag", label]);
  if (content.narrow) wanted.push(["small less", content.narrow]);
  if (content.small) wanted.push(["small", content.small]);
  while (cell.children.length > wanted.length + 1) cell.lastChild.remove();
  wanted.forEach(([kind, text], index) => {
    const node = cell.children[index + 1] ?? cell.appendChild(make("span"));
    set(node, "className", kind);
    set(node, "textContent", text);
    set(node, "title", text);
  });
}

function fillTable(name, rows, total) {
  const section = document.getElementById(name);
  const [body, note] = [section.querySelector("tbody"), section.querySelector(".note")];
  const heads = section.querySelectorAll("th");
  const { key, columns } = TABLES[name];
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  let place = body.firstChild;
  for (const item of rows) {
    const id = String(key(item));
    let row = known.get(id);
    known.delete(id);
    if (!row) {
      row = make("tr", {}, ...columns.map((_, index) => make("td", { className: heads[index].className })));
      row.dataset.key = id;
    }
    columns.forEach((column, index) => fill(row.cells[index], column(item)));
    if (row === place) place = place.nextSibling;
    else body.insertBefore(row, place);
  }
  for (const row of known.values()) row.remove();
  set(section.querySelector(".empty"), "hidden", rows.length > 0);
  set(section.querySelector("table"), "hidden", rows.length === 0);
  if (note) set(note, "textContent", total > rows.length ? `the newest ${rows.length} of ${total}` : "");
}

function fillCounts(counts) {
  const shown = [
    ...ORDER.map((status) => [status, counts.status[status] ?? 0, status]),
    ["Sessions open", counts.open, ""],
    ["Requests", counts.requests, ""],
  ];
  const list = $("#counts");
  shown.forEach(([label, count, badge], index) => {
    const tile = list.children[index] ?? list.appendChild(make("div", {}, make("dt"), make("dd")));
    tile.dataset.badge = badge;
    set(tile.firstChild, "textContent", label);
    set(tile.lastChild, "textContent", String(count));
  });
}

function fillSelect(select, options, chosen) {
  const given = Object.entries(options);
  if (chosen !== undefined && !(chosen in options)) given.push([chosen, chosen]);
  if (given.some(([value]) => ![...select.options].some((option) => option.value === value))) {
    const before = select.value;
    select.replaceChildren(...given.map(([value, text]) => make("option", { value, textContent: text })));
    if (given.some(([value]) => value === before)) select.value = before;
  }
  if (chosen !== undefined && document.activeElement !== select) set(select, "value", chosen);
}

function fillPresets(given, rules) {
  const list = $("#presets");
  if (presets.length === 0) {
    presets = given;
    list.replaceChildren(...presets.map(presetSwitch));
  }
  for (const box of list.querySelectorAll("input")) {
    const active = rules.filter((rule) => rule.preset === box.name && !rule.used_up);
    set(box, "checked", active.length > 0);
    const where = active.map((rule) => [rule.operation === "*" ? "all operations" : rule.operation, often(rule)]);
    const said = where.map((parts) => parts.filter((part) => part).join(", ")).join("; ");
    set(box.parentNode.querySelector(".on"), "textContent", said && `on for ${said}`);
  }
}

function presetSwitch({ name, title, effect, rule }) {
  const box = make("input", { type: "checkbox", name, onchange: () => toggle(box, rule) });
  box.setAttribute("role", "switch");
  const where = rule.operation ? `${effect}, only for ${rule.operation}` : effect;
  const state = make("span", { className: "on" });
  const text = make("span", {}, title, make("span", { className: "small", textContent: where }), state);
  return make("li", {}, make("label", {}, box, text));
}

async function toggle(box, rule) {
  if (box.checked) {
    const chosen = { operation: $("#operation").value, ...JSON.parse($("#frequency").value) };
    await command("POST", "faults", { ...chosen, ...rule });
    return;
  }
  const { faults } = await ask("overview");
  for (const { id, preset } of faults) if (preset === box.name) await ask(`faults/${id}`, { method: "DELETE" });
  await refresh();
}

function fillTime({ now, virtual, pace, seed }) {
  set($("#now"), "textContent", dateFormat.format(new Date(now * 1000)));
  set($("#now"), "dateTime", new Date(now * 1000).toISOString());
  const kind = virtual ? "virtual clock: stands still until advanced" : "real clock";
  set($("#clock-kind"), "textContent", kind + (seed === null ? "" : `, seed ${seed}`));
  fillSelect($("#queued"), PACES, pace.queued);
  fillSelect($("#running"), PACES, pace.running);
}

function fillConnection(instances) {
  exportsOf = Object.fromEntries(instances.map((one) => [one.name, one.exports]));
  fillSelect($("#instance"), Object.fromEntries(instances.map((one) => [one.name, `${one.name} (${one.plan})`])));
  set($("#exports"), "textContent", exportsOf[$("#instance").value]);
}

function show(state) {
  fillCounts(state.counts);
  for (const name of ["jobs", "requests", "sessions"]) fillTable(name, state[name], state.counts[name]);
  fillTable("faults", state.faults, state.faults.length);
  fillPresets(state.presets, state.faults);
  fillTime(state);
  fillConnection(state.instances);
  const operations = Object.fromEntries(state.operations.map((name) => [name, name]));
  fillSelect($("#operation"), { "*": "all operations", ...operations });
}

async function ask(path, options = {}) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(`/_emulator/${path}`, { cache: "no-store", signal, ...options });
  const body = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(body.error ?? `The server responded with ${answer.status}.`);
  return body;
}

async function command(method, path, body) {
  try {
    await ask(path, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    $("#problem").hidden = true;
  } catch (error) {
    set($("#problem"), "textContent", `The command failed: ${error.message}`);
    $("#problem").hidden = false;
  }
  await refresh();
}

function say(state, text) {
  const live = $("#live");
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  live.textContent = text;
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return say("paused", "paused while hidden");
  try {
    show(await ask("overview"));
    say("live", "live");
  } catch (error) {
    say("lost", "no response from the server, trying again");
    if (!(error instanceof TypeError || error.name === "TimeoutError")) throw error;
  } finally {
    clearTimeout(timer);
    timer = setTimeout(refresh, POLL_MS);
  }
}

async function showRequest(number) {
  const dialog = $("#details");
  const found = await ask(`overview/requests/${number}`);
  const query = found.query && `?${found.query}`;
  dialog.querySelector("h2").textContent = `${found.method} ${found.path}${query}`;
  const [sent, received] = dialog.querySelectorAll("dl");
  const [body, response] = dialog.querySelectorAll("pre");
  sent.replaceChildren(...lines(Object.entries(found.headers)));
  body.textContent = pretty(found.body) || "(no body)";
  const status = found.status === null ? "none: the connection was reset, or is still open" : String(found.status);
  const first = [["status", found.fault ? `${status}, changed by the fault ${found.fault}` : status]];
  received.replaceChildren(...lines([...first, ...Object.entries(found.response_headers)]));
  response.textContent = pretty(found.response_body) || "(no body)";
  dialog.showModal();
}

function lines(pairs) {
  return pairs.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })]);
}

async function showJob() {
  const [dialog, id] = [$("#job"), location.hash.slice(1)];
  const job = id && (await ask("overview")).jobs.find((one) => one.id === id);
  if (!job) return dialog.close();
  dialog.querySelector("h2").textContent = `${job.program} ${job.id}`;
  dialog.querySelector("dl").replaceChildren();
  $("#parts").replaceChildren(make("p", { className: "empty", textContent: "reading the job" }));
  if (!dialog.open) dialog.showModal();
  // To draw a QPY circuit, the server imports Qiskit first.
  const found = await ask(`overview/jobs/${id}`, { signal: AbortSignal.timeout(DETAILS_MS) });
  const text = (title, content) => [
    make("h3", { textContent: title }),
    make("pre", { tabIndex: 0, ariaLabel: title, textContent: content }),
  ];
  const facts = [
    ["status", [job.status, job.reason_code, job.reason].filter((part) => part).join(" ")],
    ["what to do", found.solution],
    ["backend", job.backend],
    ["instance", job.instance],
    ["session", job.session],
    ["submitted", new Date(job.created * 1000).toISOString()],
    ["queued, running", [job.queued_seconds, job.running_seconds].map(span).filter((part) => part).join(", ")],
    ["QPU time charged", job.qpu_seconds ? span(job.qpu_seconds) : ""],
    ["longest run", span(found.limit_seconds)],
    ["tags", job.tags.filter((tag) => !OURS.test(tag)).join(", ")],
    ["tag of the client", job.tags.filter((tag) => OURS.test(tag)).join(", ")],
  ];
  dialog.querySelector("dl").replaceChildren(...lines(facts.filter(([, value]) => value)));
  const params = found.params ?? (job.private ? "(hidden: the job is private)" : "(none)");
  $("#parts").replaceChildren(
    ...found.pictures.map(picture),
    ...found.circuits.flatMap((one) => text(one.title, one.text)),
    ...text("Params", params),
    ...text("Log", found.log || "(empty)"),
  );
}

function drawn(tag, attributes, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

// Counts as bars, one below the other; values as points with error bars, one beside the other.
function picture(given) {
  const shown = given.kind === "counts" ? bars(given) : points(given);
  shown.setAttribute("role", "img");
  shown.setAttribute("aria-label", given.title);
  return make("figure", {}, make("figcaption", { textContent: given.title }), shown);
}

function bars({ bars: rows, total }) {
  const [width, line] = [420, 20];
  const most = Math.max(...rows.map(([, count]) => count), 1);
  const label = Math.min(180, 14 + 7 * Math.max(...rows.map(([name]) => name.length)));
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${rows.length * line}` });
  rows.forEach(([name, count], row) => {
    const [long, y] = [((width - label - 90) * count) / most, row * line];
    const short = name.length > 24 ? `${name.slice(0, 11)}…${name.slice(-11)}` : name;
    svg.append(drawn("text", { x: label - 6, y: y + 14, "text-anchor": "end" }, short));
    svg.append(drawn("rect", { x: label, y: y + 3, width: Math.max(long, 1), height: line - 6, rx: 2 }));
    const share = `${count} (${((100 * count) / total).toFixed(1)} %)`;
    svg.append(drawn("text", { x: label + long + 6, y: y + 14 }, share));
  });
  return svg;
}

function points({ points: values }) {
  const [width, height, left] = [420, 180, 48];
  const low = Math.min(0, ...values.map(([value, error]) => value - error));
  const high = Math.max(0, ...values.map(([value, error]) => value + error));
  const y = (value) => 8 + ((high - value) * (height - 16)) / (high - low || 1);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}` });
  for (const tick of new Set([low, 0, high])) {
    svg.append(drawn("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, tick.toFixed(2)));
    svg.append(drawn("line", { x1: left, x2: width, y1: y(tick), y2: y(tick), class: "grid" }));
  }
  values.forEach(([value, error], index) => {
    const x = left + ((index + 0.5) * (width - left)) / values.length;
    svg.append(drawn("line", { x1: x, x2: x, y1: y(value - error), y2: y(value + error), class: "error" }));
    const point = drawn("circle", { cx: x, cy: y(value), r: 3.5 });
    point.append(drawn("title", {}, `${value.toFixed(4)} ± ${error.toFixed(4)}`));
    svg.append(point);
  });
  return svg;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function copy() {
  const button = $("#copy");
  try {
    await navigator.clipboard.writeText(`${$("#exports").textContent}\n`);
    button.textContent = "Copied";
  } catch {
    // Without https or loopback there is no clipboard: select the lines instead.
    getSelection().selectAllChildren($("#exports"));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

function setPace() {
  return command("POST", "pace", { pace: { queued: $("#queued").value, running: $("#running").value } });
}

$("#copy").addEventListener("click", copy);
$("#instance").addEventListener("change", () => ($("#exports").textContent = exportsOf[$("#instance").value]));
$("#queued").addEventListener("change", setPace);
$("#running").addEventListener("change", setPace);
$("#clear-requests").addEventListener("click", () => command("DELETE", "requests"));
$("#clear-faults").addEventListener("click", () => command("DELETE", "faults"));
$("#reset").addEventListener("click", () => {
  if (confirm("Forget all jobs, sessions, faults and requests?")) command("POST", "reset");
});
for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () => command("POST", "clock", { advance: Number(button.dataset.advance) }));
}
document.addEventListener("visibilitychange", refresh);
addEventListener("hashchange", showJob);
$("#job").addEventListener("close", () => location.hash && history.replaceState(null, "", location.pathname));
if (location.hash) showJob();
refresh();
