// Elements, and how things are written. Text only ever enters the page as text: names are the program's, and may
// contain anything.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(kind, attributes = {}, ...children) {
  return fill(document.createElement(kind), attributes, children);
}

export function svg(kind, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, kind), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children); // strings become text
  return node;
}

// Touches the page only if something has changed, so that what is selected stays so.
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

export function setAttribute(node, name, value) {
  if (value === null || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value);
  }
}

// 850 ms, 3.2 s, 4 min 10 s, 2 h 5 min
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

// A dump says null where it knows nothing.
export const known = (value) => value !== null && value !== undefined;

export const count = (number) => number.toLocaleString("en-US");

export const timeOfDay = (ms) => new Date(ms).toLocaleTimeString("en-GB");

// The file and line of a place, without the folders before.
export const shortPlace = (place) => {
  const parts = place.split("/");
  return parts.length > 2 ? parts.slice(-2).join("/") : place;
};
