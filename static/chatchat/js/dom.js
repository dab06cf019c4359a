/* Building the page without ever parsing HTML: text stays text. */

/**
 * An element: `el("button", { class: "quiet", onclick: go, data: { seq: 5 } }, "Text", child)`.
 * Children that are null or false are left out.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
/* Strokes on a grid of 24. */
const ICONS = {
  back: "M15 5l-7 7 7 7",
  check: "M5 13l4 4L19 7",
  checks: "M2 13l4 4L16 7M12 16l1 1L23 7",
  clock: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  close: "M6 6l12 12M18 6L6 18",
  edit: "M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4",
  alert: "M12 8v5M12 16v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  people: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-4 2.500-6 6-6s6 2 6 6M16 5a3 3 0 0 1 0 6M18 14c2 .8 3 2.800 3 6",
  plus: "M12 5v14M5 12h14",
  recall: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  reply: "M10 8L5 12.500l5 4.500M5 12.500h7c4 0 7 1.500 7 5.500",
  send: "M4 12l16-7-5 15-4-6-7-2z",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 10v.5M15 10v.5M8.500 14.500c2 2.300 5 2.300 7 0",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A person's or a group's picture; without one, the first character on a colour of their own. */
export function avatar({ id, name, url, round = true }) {
  const shape = round ? "avatar" : "avatar square";
  if (url) return el("img", { class: shape, src: url, alt: "", loading: "lazy" });
  const first = Array.from(String(name || "?").trim())[0] || "?";
  return el("span", { class: `${shape} hue-${Number(id) % 8}`, "aria-hidden": "true" }, first.toUpperCase());
}

export function replaceChildren(parent, ...children) {
  parent.replaceChildren(...children.flat().filter(Boolean));
}
