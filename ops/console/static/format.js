// Numbers and durations as people read them. A missing value is an en dash, never a zero.

export const NONE = "–";
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });

export function number(value) {
  if (value === null || value === undefined) return NONE;
  return Math.abs(value) < 10 && value !== Math.round(value) ? fine.format(value) : plain.format(value);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const size = Math.abs(seconds);
  if (size < 1) return `${plain.format(seconds * 1000)} ms`;
  if (size < 120) return `${plain.format(seconds)} s`;
  if (size < 7200) return `${plain.format(seconds / 60)} min`;
  if (size < 172800) return `${fine.format(seconds / 3600)} h`;
  return `${fine.format(seconds / 86400)} d`;
}

export function pace(speed) {
  if (speed === null || speed === undefined) return NONE;
  if (speed < 0.05) return "standing";
  if (speed < 1.5) return "real time";
  return `${duration(speed)}/s`;
}

// What a number of an item is: "units per day" for what adds up, "vehicles/h, mean of the hour" for what does not.
export function measure(unit, aggregate, period) {
  return aggregate === "sum" ? `${unit} per ${period}` : `${unit}, ${aggregate} of the ${period}`;
}

// The explanation without the figure it opens with, where the figure stands beside it anyway.
export const because = (action) => (action.explanation || action.reason).replace(/^(order [\d,.]+|no order):\s*/, "");

export function periods(count, name) {
  if (count === null || count === undefined) return NONE;
  const short = { day: "d", hour: "h", quarter: "×15 min" }[name] ?? name;
  return count > 99 ? `>99 ${short}` : `${fine.format(count)} ${short}`;
}

export const megabytes = (bytes) => `${plain.format(bytes / 1048576)} MB`;
