// The stream of decisions, newest first, each with its reason, what the guard did, and what became of it.

import { byId, element, keyed, setClass, setText } from "./dom.js";
import { because, number } from "./format.js";
import { kindOf, whyOf } from "./items.js";

const SHOWN_MAX = 80;
const FILTERS = {
  placed: (action) => action.order > 0,
  guard: (action) => action.guarded,
  fallback: (action) => action.decided_by !== "policy",
  failed: (action) => action.status !== null && action.status !== "applied",
  all: () => true,
};
let latest = null;
let newest = "";

for (const id of ["actions-pool", "actions-kind"]) byId(id).addEventListener("change", () => latest && render(latest));
for (const leaving of ["mouseleave", "focusout"]) {
  byId("actions").addEventListener(leaving, () => latest && showActions(latest));
}

export function showActions(state) {
  latest = state;
  fillPools(state);
  const list = byId("actions");
  const reading = list.matches(":hover") && list.scrollTop > 0;
  if (!reading) return render(state);
  const place = wanted(state).findIndex((action) => action.id === newest);
  setText(byId("actions-new"), place > 0 ? `${place} new` : "");
}

function wanted(state) {
  const pool = byId("actions-pool").value;
  const keep = FILTERS[byId("actions-kind").value];
  return state.actions.filter((action) => keep(action) && (!pool || action.pool === pool));
}

function render(state) {
  const shown = wanted(state).slice(0, SHOWN_MAX);
  newest = shown[0]?.id ?? "";
  setText(byId("actions-new"), "");
  const list = byId("actions");
  const nothing = state.actions.length ? "No action of this kind among the last." : state.header?.catching_up ? "No action yet: nothing is decided while history is caught up with." : "No action yet. The first follows the first closed bucket of a controlled pool.";
  keyed(list, shown.length ? shown : [{ id: "", nothing }], (action) => action.id,
    (action) => (action.nothing ? element("li", { class: "empty" }, action.nothing) : create(action)),
    (node, action) => (action.nothing ? setText(node, action.nothing) : update(node, action)));
}

function fillPools(state) {
  const select = byId("actions-pool");
  const pools = state.pools.filter((pool) => pool.controlled || state.actions.some((action) => action.pool === pool.id));
  if (select.options.length === pools.length + 1) return;
  const held = select.value;
  select.replaceChildren(new Option("all", ""), ...pools.map((pool) => new Option(pool.name, pool.id)));
  select.value = held;
}

function poolName(id) {
  return latest.pools.find((pool) => pool.id === id)?.name ?? id;
}

function create(action) {
  const terms = [
    ["period", action.period_text],
    ["forecast", [action.model, action.as_of_text && `as of ${action.as_of_text}`].filter(Boolean).join(", ") || "none"],
    ["policy asked", `${number(action.proposed)} ${action.unit}`],
    ["guard left", `${number(action.order)} ${action.unit} (${action.reason})`],
    ["decided", `${action.decided_text} by ${[action.decided_by, action.role, action.policy].filter(Boolean).join(", ")}`],
    ...(action.shadow === null ? [] : [["beside", `${number(action.shadow)} ${action.unit} by ${action.beside}`]]),
    ["valid until", action.valid_text],
    ["arrives", action.arrives_text],
    ["outcome", ""],
    ["id", action.id],
  ];
  return element("li", {},
    element("details", {},
      element("summary", {},
        element("span", { class: "what" }, element("b", {}, number(action.order)), ` ${action.unit} · ${action.name}`),
        element("span", { class: "status" }),
        element("span", { class: "why" }, because(action)),
        element("span", { class: "meta" }, [action.period_text, poolName(action.pool), whyOf(action)].filter(Boolean).join(" · "))),
      element("dl", {}, ...terms.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]))));
}

function update(node, action) {
  setClass(node, kindOf(action));
  const status = node.querySelector(".status");
  setText(status, action.status ?? "pending");
  setClass(status, `status ${action.status ?? "pending"}`);
  const outcome = action.status ? `${action.status}, ${number(action.applied)} ${action.unit}${action.outcome ? `: ${action.outcome}` : ""}` : "not reported yet";
  setText(node.querySelectorAll("dd")[7], outcome);
}
