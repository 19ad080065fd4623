"use strict";

const SHOWN = 1000; // how many rows the page shows; a download has all of them
const TABLES =
  "SELECT provider || '.' || service AS schema, name, description FROM billql.catalog.resources " +
  "ORDER BY provider, service, name";
const EXTENSIONS = { csv: "csv", ndjson: "ndjson", json: "json", arrow: "arrows" };
const TOKEN = "billql-token";

const at = (id) => document.getElementById(id);
let underWay = null; // the controller of the statement that runs

class Refused extends Error {}

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function say(text, kind = "") {
  at("status").textContent = text;
  at("status").className = kind;
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...(options.headers || {}) };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { ...options, headers, cache: "no-store" });
  if (response.ok) return response;
  if (response.status === 401) at("sign-in").hidden = false;
  const { error } = await response.json();
  throw new Refused(error.hint ? `${error.message}\n${error.hint}` : error.message);
}

function ask(sql, format, signal) {
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  return request(`v1/query?format=${format}`, { method: "POST", headers, body: sql, signal });
}

// Numbers keep their digits, where the browser passes on how they are written.
const written = (key, value, context) =>
  typeof value === "number" && context ? new Written(context.source) : value;

class Written {
  constructor(digits) {
    this.digits = digits;
  }
}

function cell(value) {
  if (value === null) return element("td", "NULL", "null");
  if (value instanceof Written) return element("td", value.digits, "number");
  if (typeof value === "number") return element("td", String(value), "number");
  if (typeof value === "object") return element("td", JSON.stringify(plain(value)));
  return element("td", String(value));
}

function plain(value) {
  if (value instanceof Written) return Number(value.digits);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function show({ columns, rows }) {
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const { name } of columns) {
    const title = element("th", name);
    title.scope = "col";
    head.append(title);
  }
  const body = table.createTBody();
  for (const row of rows.slice(0, SHOWN)) {
    body.insertRow().append(...columns.map(({ name }) => cell(row[name])));
  }
  at("result").replaceChildren(table);
}

function counted(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function summary({ rows, seconds, scans, notes = [] }) {
  const sum = (name) => scans.reduce((all, scan) => all + scan[name], 0);
  const left = scans.flatMap((scan) => scan.left_out || []);
  const parts = [
    counted(rows, "row"),
    counted(sum("requests"), "request"),
    `${seconds} s`,
  ];
  if (rows > SHOWN) parts.push(`the first ${SHOWN.toLocaleString("en")} are shown`);
  if (left.length) parts.push(`left out: ${left.join(", ")}`);
  return [parts.join(" · "), ...notes].join("\n");
}

async function during(task) {
  if (underWay) underWay.abort();
  const controller = new AbortController();
  underWay = controller;
  at("stop").disabled = false;
  say("Running …");
  try {
    await task(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) say("Stopped.");
    else if (error instanceof Refused) say(error.message, "error");
    else say(`The answer is not complete: ${error.message}`, "error");
  } finally {
    if (underWay === controller) {
      underWay = null;
      at("stop").disabled = true;
    }
  }
}

function run() {
  at("result").replaceChildren();
  return during(async (signal) => {
    const response = await ask(at("sql").value, "json", signal);
    const found = JSON.parse(await response.text(), written);
    show(found);
    say(summary(plain(found.end)));
  });
}

function download() {
  const format = at("format").value;
  return during(async (signal) => {
    const response = await ask(at("sql").value, format, signal);
    const link = element("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `result.${EXTENSIONS[format]}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(`Saved as ${link.download}.`);
  });
}

async function listTables() {
  const { rows } = await (await ask(TABLES, "json")).json();
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row.schema)) groups.set(row.schema, []);
    groups.get(row.schema).push(row);
  }
  const made = [...groups].map(([schema, tables]) => {
    const group = element("details");
    group.append(element("summary", schema));
    for (const { name, description } of tables) {
      const link = element("a", name.slice(schema.length + 1));
      link.href = `#table=${encodeURIComponent(name)}`;
      link.title = description || "";
      link.dataset.name = name.toLowerCase();
      group.append(link);
    }
    return group;
  });
  at("tables").replaceChildren(...made);
}

function search() {
  const wanted = at("search").value.trim().toLowerCase();
  for (const group of at("tables").children) {
    const links = [...group.querySelectorAll("a")];
    for (const link of links) link.hidden = !link.dataset.name.includes(wanted);
    const found = links.some((link) => !link.hidden);
    group.hidden = !found;
    group.open = found && wanted !== "";
  }
}

async function showTable(name) {
  try {
    const response = await request(`v1/tables/${encodeURIComponent(name)}`);
    // The server makes it of definitions, in which HTML is text.
    at("page").innerHTML = await response.text();
  } catch (error) {
    at("page").replaceChildren(element("p", error.message));
    return;
  }
  for (const code of at("page").querySelectorAll("pre code.language-sql")) {
    const button = element("button", "Run this");
    button.addEventListener("click", () => {
      at("sql").value = code.textContent.trim().replace(/;$/, "");
      run();
      at("sql").scrollIntoView({ block: "center" });
    });
    code.parentElement.after(button);
  }
  if (!at("sql").value) at("sql").value = `SELECT * FROM ${name} LIMIT 10`;
}

function follow() {
  const found = new URLSearchParams(location.hash.slice(1));
  if (found.has("token")) {
    sessionStorage.setItem(TOKEN, found.get("token"));
    history.replaceState(null, "", location.pathname);
  }
  if (found.has("table")) showTable(found.get("table"));
}

function start() {
  follow();
  listTables().then(search, (error) => say(error.message, "error"));
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
at("sql").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
at("stop").addEventListener("click", () => underWay && underWay.abort());
at("download").addEventListener("click", download);
at("search").addEventListener("input", search);
at("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, at("token").value);
  at("token").value = "";
  at("sign-in").hidden = true;
  say("");
  start();
});
addEventListener("hashchange", follow);
start();
