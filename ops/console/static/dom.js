// Elements built from values: text goes in as text, never as markup, because ids and messages are foreign data.

export const byId = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, name) {
  if (node.className !== name) node.className = name;
}

export function setTitle(node, text) {
  if (node.title !== text) node.title = text;
}

// Make the children of `parent` those of `items`, keeping elements by key so that focus and open details survive.
export function keyed(parent, items, keyOf, create, update) {
  const held = parent.keyed ?? (parent.keyed = new Map());
  const wanted = new Set();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    if (wanted.has(key)) continue;
    wanted.add(key);
    let node = held.get(key);
    if (!node) {
      node = create(item);
      held.set(key, node);
    }
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const [key, node] of held) {
    if (wanted.has(key)) continue;
    node.remove();
    held.delete(key);
  }
}
