// The page's heart: one stream of changes in, every part of the page told. Nothing here asks the server to change.

import { showActions } from "./actions.js";
import { chooseItem, chosen, refreshChart } from "./chart.js";
import { byId, element, keyed, setClass, setText, setTitle } from "./dom.js";
import { NONE, number, pace } from "./format.js";
import { showHealth } from "./health.js";
import { keyOf, showPools } from "./items.js";

const ACTIONS_MAX = 300; // kept in the page
const ATTENTION_SHOWN = 5;
const RETRY_MS = 3000;
let attention = [];
let allShown = false;
const state = { header: null, pools: [], rows: new Map(), actions: [], place: "" };

function take(values) {
  if (values.full) {
    state.rows.clear();
    state.actions = [];
  }
  state.place = values.place;
  state.header = values.header;
  state.pools = values.pools;
  for (const row of values.rows) state.rows.set(keyOf(row.pool, row.id), row);
  takeActions(values.actions);
  showHeader(values.header, values.health);
  showAttention(values.attention);
  showPools(state, values.rows, choose);
  showActions(state);
  showHealth(values.health);
  if (!chosen()) chooseFirst();
  else if (values.full || values.rows.some((row) => chosen() === keyOf(row.pool, row.id))) refreshChart();
}

function takeActions(told) {
  if (!told.length) return;
  const changed = new Map(told.map((action) => [action.id, action]));
  const kept = state.actions.map((action) => {
    const newer = changed.get(action.id);
    changed.delete(action.id);
    return newer ?? action;
  });
  state.actions = [...changed.values(), ...kept].slice(0, ACTIONS_MAX);
}

function choose(pool, id) {
  history.replaceState(null, "", `#${encodeURIComponent(pool)}/${encodeURIComponent(id)}`);
  chooseItem(pool, id);
  showPools(state, [], choose);
  if (matchMedia("(max-width: 1099px)").matches) byId("detail").scrollIntoView({ behavior: "smooth" });
}

function chooseFirst() {
  const wanted = location.hash.slice(1).split("/").map(decodeURIComponent);
  const rows = [...state.rows.values()];
  const row = rows.find((one) => one.pool === wanted[0] && one.id === wanted[1])
    ?? rows.find((one) => one.state === "fresh") ?? rows.find((one) => one.spark.length);
  if (!row) return;
  chooseItem(row.pool, row.id);
  showPools(state, [], choose);
}

function showHeader(header, health) {
  const workers = `${header.workers} worker${header.workers === 1 ? "" : "s"}`;
  setText(byId("runs"), header.pools ? `${header.pools} pools · ${header.items} items · ${workers}` : "");
  setText(byId("event-time"), header.now_text ?? NONE);
  const clocks = state.pools.filter((pool) => pool.now_text).map((pool) => `${pool.name}: ${pool.now_text} (${pool.timezone})`);
  setTitle(byId("event-time"), clocks.join("\n"));
  setText(byId("clocks"), header.clocks > 1 ? `event time (${header.clocks} clocks)` : "event time");
  setText(byId("pace"), header.catching_up ? "catching up" : pace(header.speed));
  setText(byId("rate"), number(health.events_per_s));
  setText(byId("lag"), number(health.lag));
  setText(byId("holds"), String(header.holds));
  setClass(byId("holds"), header.holds ? "warn" : "");
  setText(byId("kill"), header.kill === null ? "off" : "ENGAGED");
  setClass(byId("kill"), header.kill === null ? "" : "bad");
  keyed(byId("connections"), Object.entries(header.connections), ([name]) => name,
    ([name]) => element("li", {}, name === "kafka" ? "Kafka" : "Redis"),
    (node, [, one]) => { setClass(node, one.ok ? "ok" : "bad"); node.title = one.text; });
  const broken = Object.values(header.connections).filter((one) => !one.ok);
  banner(broken.map((one) => one.text).join(" · "));
  showEmpty(header, broken.length > 0);
}

function showEmpty(header, broken) {
  const empty = byId("empty");
  empty.hidden = state.rows.size > 0 && state.header.now_s !== null;
  if (empty.hidden) return;
  if (broken) setText(empty, "Waiting for Kafka and Redis to answer…");
  else if (header.pools) setText(empty, "Waiting for the first bucket… the catalog is known, no period has closed yet.");
  else setText(empty, "Waiting for the first bucket… no catalog has been published yet. Try: headgate catalog publish FILE");
}

byId("attention-more").addEventListener("click", () => {
  allShown = !allShown;
  showAttention(attention);
});

function showAttention(items) {
  attention = items;
  setText(byId("attention-count"), items.length ? String(items.length) : "");
  const calm = state.header.now_s === null ? "Nothing yet." : "Nothing. All forecasts are fresh, all feeds are heard.";
  const more = byId("attention-more");
  more.hidden = items.length <= ATTENTION_SHOWN;
  setText(more, allShown ? "show fewer" : `show ${items.length - ATTENTION_SHOWN} more`);
  more.setAttribute("aria-expanded", String(allShown));
  const shown = items.length ? items.slice(0, allShown ? items.length : ATTENTION_SHOWN) : [{ severity: "ok", kind: "", text: calm, pool: null }];
  keyed(byId("attention"), shown, (item) => [item.kind, item.pool, item.resource].join("\n"),
    () => element("li", {}, element("span", { class: "tag" }), element("button", { type: "button", class: "where" }), element("span", { class: "what" })),
    (node, item) => {
      const [tag, where, what] = node.children;
      setClass(node, item.severity);
      setText(tag, item.kind);
      setText(where, state.pools.find((pool) => pool.id === item.pool)?.name ?? item.pool ?? "");
      where.hidden = item.pool === null;
      where.onclick = () => jump(item);
      setText(what, item.text);
    });
}

function jump(item) {
  const row = item.resource ? state.rows.get(keyOf(item.pool, item.resource)) : [...state.rows.values()].find((one) => one.pool === item.pool);
  if (row) choose(row.pool, row.id);
}

function banner(text) {
  byId("banner").hidden = !text;
  setText(byId("banner"), text);
}

function follow() {
  const source = new EventSource(`/events?since=${encodeURIComponent(state.place)}`);
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.onerror = () => {
    banner("The console does not answer; what you see is old. Trying again…");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, RETRY_MS);
  };
}

async function start() {
  try {
    take(await (await fetch("/api/state")).json());
  } catch {
    banner("The console does not answer. Trying again…");
  }
  follow();
}

start();
