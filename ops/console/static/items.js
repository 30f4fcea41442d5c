// Pools and their items as tables: stock columns where there is stock, reading columns where there is none.

import { chosen } from "./chart.js";
import { byId, element, keyed, setClass, setText, setTitle } from "./dom.js";
import { NONE, duration, measure, number, periods } from "./format.js";
import { drawSpark, sparkNode } from "./spark.js";

const OPEN_ITEMS_MAX = 150; // with more, pools start folded
export const keyOf = (pool, id) => `${pool}\n${id}`;

const NEXT = ["Next {period}", (row) => number(row.next), "num", span];
const STOCK = [
  ["Stock", (row) => number(row.on_hand), "num"],
  ["On order", (row) => (row.on_order ? number(row.on_order) : NONE), "num"],
  NEXT,
  ["Cover", (row, pool) => periods(row.cover, pool.period), "num"],
];
const READING = [
  ["Last", (row) => number(row.last), "num", (row) => (row.said === null ? "" : `said ${number(row.said)}`)],
  NEXT,
  ["Error", (row) => number(row.error), "num"],
];

function span(row) {
  return row.low === null ? "" : `${number(row.low)} to ${number(row.high)}`;
}

export function showPools(state, changed, choose) {
  const rowsOf = new Map(state.pools.map((pool) => [pool.id, []]));
  for (const row of state.rows.values()) rowsOf.get(row.pool)?.push(row);
  const dirty = new Set(changed.map((row) => row.pool));
  keyed(byId("pools"), state.pools.filter((pool) => rowsOf.get(pool.id).length), (pool) => pool.id,
    (pool) => createPool(pool, state.rows.size <= OPEN_ITEMS_MAX),
    (node, pool) => updatePool(node, pool, rowsOf.get(pool.id), dirty.has(pool.id), choose));
}

function createPool(pool, open) {
  return element("details", { class: "pool card", open },
    element("summary", {}, element("h2", {}, pool.name), element("span", { class: "chips" }), element("span", { class: "pool-time" })),
    element("div", { class: "scroll" }, element("table", {},
      element("caption", { class: "hidden" }), element("thead", {}, element("tr")), element("tbody"))));
}

function updatePool(node, pool, rows, dirty, choose) {
  const stock = pool.controlled || rows.some((row) => row.on_hand !== null || row.order !== null);
  const [title, chips, time] = node.firstElementChild.children;
  setText(title, pool.name);
  setTitle(title, pool.id);
  const units = [...new Set(rows.map((row) => measure(row.unit, row.aggregate, pool.period)))].slice(0, 3).join("; ");
  setText(chips, [pool.controlled ? `decided by ${pool.policy}` : "watched only", pool.model_text || (pool.forecast && `forecast by ${pool.forecast}`), units, pool.timezone].join(" · "));
  setText(time, pool.now_text ? `${pool.now_text} · ${lateness(pool)}` : "waiting for the first bucket…");
  if (!node.open) return;
  const table = node.querySelector("table");
  const columns = stock ? STOCK : READING;
  if (table.dataset.kind !== `${stock} ${pool.period}`) {
    table.dataset.kind = `${stock} ${pool.period}`;
    heads(table, pool, columns, stock);
    table.tBodies[0].replaceChildren();
    table.tBodies[0].keyed = undefined;
    dirty = true;
  }
  setText(table.caption, `Items of ${pool.name}, ${units}`);
  if (!dirty && table.dataset.chosen === chosen() && table.tBodies[0].childElementCount === rows.length) return;
  table.dataset.chosen = chosen() ?? "";
  rows.sort((one, other) => one.id.localeCompare(other.id, "en", { numeric: true }));
  keyed(table.tBodies[0], rows, (row) => row.id, (row) => createRow(row, columns, stock, choose),
    (line, row) => updateRow(line, row, pool, columns, stock));
}

function lateness(pool) {
  if (pool.freshness_s === null) return "no feed heard yet";
  if (pool.catching_up && pool.freshness_s > 86400) return `catching up, ${duration(pool.freshness_s)} to go`;
  return pool.freshness_s <= 0 ? "up to date" : `feeds ${duration(pool.freshness_s)} behind`;
}

function heads(table, pool, columns, stock) {
  const head = (text, kind) => element("th", { scope: "col", class: kind }, text.replace("{period}", pool.period));
  table.tHead.rows[0].replaceChildren(head("Item", "item"), head("Demand", "spark"),
    ...columns.map(([text, , kind]) => head(text, kind)), ...(stock ? [head("Last order", "order")] : []));
}

function createRow(row, columns, stock, choose) {
  const button = element("button", { type: "button", onclick: () => choose(row.pool, row.id) }, element("b"), element("i"));
  return element("tr", { onclick: (event) => event.target.closest("button") || choose(row.pool, row.id) },
    element("th", { scope: "row", class: "item" }, button),
    element("td", { class: "spark" }, sparkNode()),
    ...columns.map(([text, , kind]) => element("td", { class: kind, "data-label": text.replace(" {period}", "") }, element("b"), element("i"))),
    ...(stock ? [element("td", { class: "order" }, element("b"), element("span"), element("span"))] : []));
}

function updateRow(line, row, pool, columns, stock) {
  const here = chosen() === keyOf(row.pool, row.id);
  setClass(line, [here ? "chosen" : "", row.on_hand !== null && row.on_hand <= 0 ? "out" : "", row.state].join(" ").trim());
  const button = line.cells[0].firstElementChild;
  button.setAttribute("aria-pressed", String(here));
  setText(button.children[0], row.name);
  setText(button.children[1], note(row));
  setTitle(button, `${row.id} · ${row.model ?? "no model yet"} · ${row.buckets} buckets learnt`);
  drawSpark(line.cells[1].firstElementChild, row);
  columns.forEach(([, text, , under], index) => {
    const [figure, small] = line.cells[index + 2].children;
    setText(figure, text(row, pool));
    setText(small, under ? under(row) : "");
  });
  if (stock) showOrder(line.cells[columns.length + 2], row.order);
}

function note(row) {
  const id = row.name === row.id ? "" : row.id;
  return [id, { learning: "learning", waiting: "waiting", behind: "catching up", stale: "forecast expired" }[row.state]].filter(Boolean).join(" · ");
}

function showOrder(cell, order) {
  const [figure, reason, due] = cell.children;
  setClass(cell, `order ${order ? kindOf(order) : ""}`);
  setText(figure, order ? number(order.order) : NONE);
  setText(reason, order ? whyOf(order) : "");
  setText(due, order && order.order > 0 ? `due ${order.arrives_text.replace(/ \d{4}/, "")}` : "");
  setTitle(cell, order ? `${order.period_text}: ${order.explanation}` : "");
}

// In a few words who set the figure: the policy, a rule of the guard, or what decided in the policy's place.
export function whyOf(action) {
  if (action.guarded) return `${action.reason}, asked ${number(action.proposed)}`;
  return action.decided_by === "policy" ? "as asked" : `${action.decided_by}: ${action.reason}`;
}

export function kindOf(action) {
  if (action.decided_by !== "policy") return action.decided_by;
  return action.guarded ? "guard" : "policy";
}
