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
  clip: "M19 11.500l-7.500 7.500a4.500 4.500 0 0 1-6.400-6.400l8-8a3 3 0 0 1 4.300 4.300l-7.900 7.900a1.500 1.500 0 0 1-2.200-2.100l7-7",
  close: "M6 6l12 12M18 6L6 18",
  edit: "M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4",
  alert: "M12 8v5M12 16v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  people: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-4 2.500-6 6-6s6 2 6 6M16 5a3 3 0 0 1 0 6M18 14c2 .8 3 2.800 3 6",
  plus: "M12 5v14M5 12h14",
  recall: "M4 5h16v11H9l-4 4v-4H4zM9.500 8l5 5M14.500 8l-5 5",
  reply: "M10 8L5 12.500l5 4.500M5 12.500h7c4 0 7 1.500 7 5.500",
  pin: "M12 17v5M8 3h8l-1 7 3 3v2H6v-2l3-3z",
  "bell-off": "M9 20h6M6 16h9M6 16c1-1 1.500-3 1.500-6M9 5a4.500 4.500 0 0 1 7.500 4c0 2 .3 3.500 .8 5M4 3l16 18",
  bell: "M9.500 20h5M5 16h14c-1.500-1.500-2-3.500-2-7a5 5 0 0 0-10 0c0 3.500-.5 5.500-2 7z",
  archive: "M5 8v12h14V8M3 4h18v4H3zM10 12h4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 12h16",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15 9.500v.01",
  music: "M9 18V6l10-2v12M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM19 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z",
  person: "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.500-7 8-7s8 3 8 7",
  retry: "M19 12a7 7 0 1 1-2.200-5.100M19 4v4.500h-4.500",
  right: "M9 5l7 7-7 7",
  up: "M12 19V5M6 11l6-6 6 6",
  none: "M0 0",
  announce: "M4 10v4h3l8 4V6l-8 4H4zM18 9.500c1 1.500 1 3.500 0 5M8 14v5h2l1-4",
  block: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
  crown: "M4 18h16l1-10-5 4-4-7-4 7-5-4 1 10z",
  mute: "M4 4l16 16M9 5a3 3 0 0 1 6 0v5M9 9v2a3 3 0 0 0 4.500 2.600M6 11a6 6 0 0 0 9.500 4.900M12 17v4",
  more: "M5 12v.01M12 12v.01M19 12v.01",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
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
  const letter = el("span", { class: `${shape} hue-${Number(id) % 8}`, "aria-hidden": "true" }, initial(name));
  if (!url) return letter;
  return el("img", { class: shape, src: url, alt: "", onerror: (event) => event.target.replaceWith(letter) });
}

const characters = new Intl.Segmenter();

/** The first character that can be seen, an emoji of several parts included. */
function initial(name) {
  for (const { segment } of characters.segment(String(name || ""))) {
    if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(segment)) return [...segment].slice(0, 8).join("").toUpperCase();
  }
  return "?";
}

export function replaceChildren(parent, ...children) {
  parent.replaceChildren(...children.flat().filter(Boolean));
}
