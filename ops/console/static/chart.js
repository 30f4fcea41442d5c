// The chosen item: what came against what had been said before it, the forecast ahead, and stock and orders below.

import { byId, setText } from "./dom.js";
import { NONE, because, measure, number } from "./format.js";

const DAYS_SHOWN = { day: 120, hour: 240, quarter: 288 }; // periods
let item = null;
let charts = [];
let shape = "";
let asking = false;
let again = false;
let held = null;

export const chosen = () => (item ? `${item.pool}\n${item.id}` : null);

export function chooseItem(pool, id) {
  item = { pool, id };
  shape = "";
  refreshChart();
}

export async function refreshChart() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  const asked = item;
  try {
    const answer = await fetch(`/api/series/${encodeURIComponent(asked.pool)}/${encodeURIComponent(asked.id)}`);
    if (answer.ok && asked === item) show(held = await answer.json());
  } catch {
    // the stream's own banner says that the console does not answer
  } finally {
    asking = false;
    if (again) {
      again = false;
      refreshChart();
    }
  }
}

function show(series) {
  const row = series.row;
  setText(byId("detail-title"), row.name);
  const parts = [row.pool, row.name === row.id ? null : row.id, measure(row.unit, row.aggregate, series.period), series.timezone,
    row.model && `${row.model}, ${row.buckets} periods learnt, mean error ${number(row.error)}`];
  setText(byId("detail-sub"), parts.filter(Boolean).join(" · "));
  const last = byId("detail-order");
  last.hidden = !row.order;
  if (row.order) setText(last, `${row.order.period_text}: order ${number(row.order.order)}, ${because(row.order)}`);
  const data = columns(series);
  const wanted = `${chosen()} ${series.timezone} ${data.hasStock} ${series.buckets.length > 0} ${byId("detail").clientWidth}`;
  byId("stock-chart").hidden = !data.hasStock;
  if (wanted !== shape) {
    shape = wanted;
    charts.forEach((chart) => chart.destroy());
    charts = build(series, data);
  }
  charts.forEach((chart, index) => {
    chart.nowTime = data.nowTime;
    chart.setData(index ? data.stock : data.demand);
    setTimeout(() => tellLast(chart)); // after uPlot has cleared its legend
  });
}

// Without a pointer in the chart its legend tells the last period that has closed.
function tellLast(chart) {
  if (chart.cursor.left < 0 && charts.includes(chart)) chart.setLegend({ idx: lastKnown(chart.data) });
}

function lastKnown(data) {
  const column = data[data.length > 3 ? 4 : 1];
  for (let index = column.length - 1; index > 0; index -= 1) if (column[index] !== null && column[index] !== undefined) return index;
  return null;
}

function columns(series) {
  const rows = series.buckets.slice(-(DAYS_SHOWN[series.period] ?? 200));
  const ahead = series.ahead.slice(0, Math.max(8, Math.round(rows.length / 3)));
  const first = rows[0]?.[0] ?? ahead[0]?.[0] ?? 0;
  const times = [...new Set([...rows.map((row) => row[0]), ...ahead.map((row) => row[0])])].sort((one, other) => one - other);
  const came = new Map(rows.map((row) => [row[0], row]));
  const coming = new Map(ahead.map((row) => [row[0], row]));
  const column = (from, index) => times.map((time) => from.get(time)?.[index] ?? null);
  const both = (pastIndex, aheadIndex) => times.map((time) => coming.get(time)?.[aheadIndex] ?? came.get(time)?.[pastIndex] ?? null);
  const stock = new Map(series.stock.map((row) => [row[0], row]));
  const orders = new Map(series.orders.map((row) => [row[0], row]));
  const stockTimes = [...new Set([...times, ...series.stock.map((row) => row[0]), ...series.orders.map((row) => row[0])])]
    .filter((time) => time >= first).sort((one, other) => one - other);
  return {
    hasStock: series.stock.length > 0 || series.orders.length > 0,
    demand: [times, both(4, 3), both(3, 2), both(2, 1), column(came, 1)],
    stock: [stockTimes, stockTimes.map((time) => stock.get(time)?.[1]), stockTimes.map((time) => orders.get(time)?.[1] ?? null)],
    nowTime: ahead[0]?.[0] ?? null,
  };
}

function build(series, data) {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tzDate = (time) => uPlot.tzDate(new Date(time * 1e3), series.timezone);
  const plain = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: series.timezone, ...options });
  const [day, year, clock] = [plain({ day: "numeric", month: "short" }), plain({ year: "numeric" }), plain({ hour: "2-digit", minute: "2-digit" })];
  const timeText = (_, splits, __, ___, step) => splits.map((at, index) => {
    const date = new Date(at * 1e3);
    if (step < 86400 && clock.format(date) !== "00:00") return clock.format(date);
    return index && step < 2592000 ? day.format(date) : `${day.format(date)}\n${year.format(date)}`;
  });
  const lines = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, font: "11px system-ui" };
  const axes = (label) => [
    { ...lines, ticks: { stroke: colour("--line"), width: 1, size: 4 }, values: timeText, space: 64, size: 40 },
    { ...lines, ticks: { show: false }, label, size: 46, labelSize: 18, labelFont: "11px system-ui" },
  ];
  const value = (_, number_) => (number_ === null || number_ === undefined ? NONE : number(number_));
  const time = { label: series.period === "day" ? "day" : "time", value: series.period === "day" ? "{WWW} {D} {MMM} {YYYY}" : "{WWW} {D} {MMM} {YYYY} {HH}:{mm}" };
  const width = byId("demand-chart").clientWidth;
  const markStroke = (chart, index) => chart.series[index].stroke?.(chart, index) ?? "transparent";
  const markFill = (chart, index) => (chart.series[index].width === 0 ? markStroke(chart, index) : "transparent");
  const shared = { width, tzDate, cursor: { sync: { key: "item" }, points: { size: 6 }, drag: { x: true, y: false } }, legend: { live: true, markers: { width: 2, fill: markFill, stroke: markStroke } } };
  const nowLine = (chart) => {
    if (!chart.nowTime) return;
    const x = chart.valToPos(chart.nowTime, "x", true);
    const { top, height } = chart.bbox;
    chart.ctx.save();
    chart.ctx.strokeStyle = colour("--muted");
    chart.ctx.setLineDash([3, 3]);
    chart.ctx.beginPath();
    chart.ctx.moveTo(x, top);
    chart.ctx.lineTo(x, top + height);
    chart.ctx.stroke();
    chart.ctx.restore();
  };
  const bars = (tone, options = {}) => ({ stroke: tone, width: 1.5, points: { show: false }, value, ...options });
  const span = (chart, low, _, index) => (low === null || low === undefined || index === null ? NONE : `${number(low)} to ${number(chart.data[1][index])}`);
  const top = { y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.08] } };
  const demand = new uPlot({
    ...shared, height: 208, scales: top, axes: axes(measure(series.row.unit, series.row.aggregate, series.period)), hooks: { draw: [nowLine], setCursor: [tellLast] },
    series: [time,
      bars(colour("--band"), { label: "90 %", width: 0, class: "quiet" }),
      bars(colour("--band"), { label: "80 % band", width: 0, value: span }),
      bars(colour("--forecast"), { label: "said", dash: [5, 4] }), bars(colour("--came"), { label: "came", width: 1.75, points: { show: data.demand[0].length < 80, size: 4, fill: colour("--came") } })],
    bands: [{ series: [1, 2], fill: colour("--band") }],
  }, data.demand, byId("demand-chart"));
  if (!data.hasStock) return [demand];
  const stock = new uPlot({
    ...shared, height: 122, scales: top, axes: axes(series.row.unit), hooks: { draw: [nowLine], setCursor: [tellLast] },
    series: [time,
      bars(colour("--stock"), { label: "stock", fill: colour("--stock-fill"), paths: uPlot.paths.stepped({ align: 1 }), spanGaps: true }),
      bars(colour("--order"), { label: "order", fill: colour("--order"), width: 0, paths: uPlot.paths.bars({ size: [0.5, 8] }) })],
  }, data.stock, byId("stock-chart"));
  return [demand, stock];
}

function redraw() {
  if (!held) return;
  shape = "";
  show(held);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new ResizeObserver(() => held && !shape.endsWith(` ${byId("detail").clientWidth}`) && redraw()).observe(byId("detail"));
