// Is the stream well: lag and snapshots of each partition, workers, freshness of pools, dead letters with their rule.

import { byId, element } from "./dom.js";
import { NONE, duration, megabytes, number } from "./format.js";

export function showHealth(health) {
  byId("health-body").replaceChildren(...[
    element("div", { class: "tables" },
      table("Partitions", ["Partition", "Lag", "Events", "Snapshot", "Replay"], health.partitions.map((part) => [
        `${part.topic}/${part.partition}`, number(part.lag), number(part.events),
        part.snapshot_age_s === null ? "none yet" : `${duration(part.snapshot_age_s)} ago`, number(part.replay)])),
      table("Workers", ["Worker", "Events/s", "Memory", "Decision p50", "p99"], health.workers.map((worker) => [
        worker.id, number(worker.events_per_s), megabytes(worker.memory_bytes), duration(worker.p50_s), duration(worker.p99_s)])),
      table("Freshness", ["Pool", "Feeds behind"], health.freshness.map(([pool, seconds]) => [pool, seconds === null ? "not heard" : duration(Math.max(0, seconds))])),
      table("Outcomes", ["Status", "Actions"], Object.entries(health.outcomes).map(([status, count]) => [status, number(count)])),
      table("Dead letters", ["Rule", "Messages"], Object.entries(health.dead_by_rule).map(([rule, count]) => [rule, number(count)])),
    ),
    health.dead.length
      ? table("Last dead letters", ["Where", "Rule", "Age", "Message"], health.dead.map((letter) => [letter.place, letter.rule, duration(letter.age_s), letter.message]), "wide")
      : null,
    health.unreadable ? element("p", { class: "sub" }, `${number(health.unreadable)} records were of no kind this console knows.`) : null,
  ].filter(Boolean));
}

function table(title, heads, rows, kind = "") {
  return element("div", { class: `scroll ${kind}`, role: "region", "aria-label": title },
    element("table", {},
      element("caption", {}, title),
      element("thead", {}, element("tr", {}, ...heads.map((head, index) => element("th", { scope: "col", class: index && kind === "" ? "num" : "" }, head)))),
      element("tbody", {}, ...(rows.length ? rows : [[NONE]]).map((cells) => element("tr", {},
        ...cells.map((cell, index) => element(index ? "td" : "th", { scope: index ? null : "row", class: index && kind === "" ? "num" : "" }, cell)))))));
}
