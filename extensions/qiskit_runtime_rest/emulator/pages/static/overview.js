// Shows /_emulator/overview and keeps it up to date. All text goes through textContent: nothing of it is markup.

const POLL_MS = 1000;
const PATIENCE_MS = 5000;
const PACES = {
  immediate: "at once",
  "seconds:2": "after 2 s",
  "seconds:10": "after 10 s",
  "seconds:60": "after 1 min",
  "reads:3": "after 3 reads",
  hold: "never (held)",
};
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
        code: true,
        labels: [...(job.private ? ["private"] : []), ...job.tags],
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
    cell.append(make(content.press ? "button" : "span", content.press ? { type: "button" } : {}));
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
    set(box, "checked", rules.some((rule) => rule.preset === box.name && !rule.used_up));
  }
}

function presetSwitch({ name, title, effect, rule }) {
  const box = make("input", { type: "checkbox", name, onchange: () => toggle(box, rule) });
  box.setAttribute("role", "switch");
  const where = rule.operation ? `${rule.operation}: ` : "";
  const text = make("span", {}, title, make("span", { className: "small", textContent: where + effect }));
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
  const lines = Object.entries(found.headers).flatMap(([name, value]) => [
    make("dt", { textContent: name }),
    make("dd", { textContent: value }),
  ]);
  dialog.querySelector("dl").replaceChildren(...lines);
  dialog.querySelector("pre").textContent = pretty(found.body) || "(no body)";
  dialog.showModal();
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
refresh();
