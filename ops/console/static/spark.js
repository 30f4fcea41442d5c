// A small line of the last periods: what came, and dashed what had been said. A gap is a missing period.

const WIDTH = 120;
const HEIGHT = 26;
const NAMESPACE = "http://www.w3.org/2000/svg";

export function sparkNode() {
  const node = document.createElementNS(NAMESPACE, "svg");
  node.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  node.setAttribute("preserveAspectRatio", "none");
  node.setAttribute("aria-hidden", "true");
  for (const kind of ["said", "came"]) {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("class", kind);
    node.append(path);
  }
  return node;
}

export function drawSpark(node, row) {
  const top = Math.max(1e-9, ...row.spark, ...row.said_spark);
  node.children[0].setAttribute("d", path(row.said_spark, top));
  node.children[1].setAttribute("d", path(row.spark, top));
}

function path(values, top) {
  const step = WIDTH / Math.max(1, values.length - 1);
  let pen = "M";
  let text = "";
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    text += `${pen}${(index * step).toFixed(1)} ${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`;
    pen = "L";
  });
  return text;
}
