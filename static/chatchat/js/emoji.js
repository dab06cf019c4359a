/*
 * Picking an emoji: `pickEmoji(anchor, onPick)` opens a small window at `anchor`.
 *
 * The emoji and their names are in ../emoji/emoji.json (scripts/emoji.py makes it), loaded when first
 * opened. Arrow keys move, Enter picks, Esc closes; with Shift the window stays open.
 */

import { el, replaceChildren } from "./dom.js";
import { read, write } from "./kept.js";

const DATA = new URL("../emoji/emoji.json", import.meta.url);
const KEPT = "emoji"; // {recent, tone}
const RECENT = 24;
const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "🙏", "😊", "😭"];
const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];
const MARGIN = 8; // pixels to the edge of the window
const GROUPS = {
  recent: ["🕘", () => gettext("Recently used")],
  smileys: ["😀", () => gettext("Smileys")],
  people: ["👋", () => gettext("People and gestures")],
  nature: ["🐻", () => gettext("Animals and plants")],
  food: ["🍎", () => gettext("Food and drink")],
  travel: ["🚗", () => gettext("Travel and places")],
  activities: ["⚽", () => gettext("Activities")],
  objects: ["💡", () => gettext("Objects")],
  symbols: ["❓", () => gettext("Symbols")],
  flags: ["🏁", () => gettext("Flags")],
};

let loaded = null;
let picker = null;

/** Open the picker at `anchor`, or close it if it is open there; `onPick(emoji)` is called for each choice. */
export function pickEmoji(anchor, onPick) {
  const toggled = picker?.anchor === anchor;
  picker?.close();
  if (!toggled) picker = new Picker(anchor, onPick);
}

function load() {
  loaded ||= fetch(DATA)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(({ groups }) => groups);
  loaded.catch(() => (loaded = null));
  return loaded;
}

class Picker {
  constructor(anchor, onPick) {
    this.anchor = anchor;
    this.onPick = onPick;
    this.kept = { recent: FIRST, tone: 0, ...read(KEPT) };
    this.build();
    (anchor.closest("dialog") || document.body).append(this.root);
    anchor.setAttribute("aria-expanded", "true");
    this.place();
    this.outside = ({ target }) => this.root.contains(target) || anchor.contains(target) || this.close();
    this.moved = () => this.place();
    document.addEventListener("pointerdown", this.outside);
    addEventListener("resize", this.moved);
    // A keyboard that comes up by itself would cover what one wants to see.
    if (matchMedia("(hover: hover)").matches) this.search.focus();
    else this.root.focus();
    this.fill();
  }

  build() {
    const label = gettext("Search emoji");
    this.search = el("input", { type: "search", "aria-label": label, placeholder: label, oninput: () => this.find() });
    this.tone = el(
      "select",
      { class: "tone", "aria-label": gettext("Skin tone"), onchange: () => this.retone() },
      TONES.map((tone, index) => el("option", { value: String(index) }, `👋${tone}`)),
    );
    this.tone.value = String(this.kept.tone);
    this.tabs = el("nav", { class: "tabs", "aria-label": gettext("Kinds of emoji") });
    this.sheet = el("div", { class: "sheet", role: "group", "aria-label": gettext("Emoji"), onclick: (event) => this.clicked(event) });
    this.status = el("p", { class: "status", role: "status" });
    this.root = el(
      "div",
      { class: "picker", role: "dialog", "aria-label": gettext("Emoji"), tabindex: "-1",
        onkeydown: (event) => this.key(event), onfocusin: (event) => this.focused(event) },
      el("div", { class: "head" }, this.search, this.tone),
      this.tabs,
      this.sheet,
      this.status,
    );
  }

  /** Above the anchor if there is room, else below; always within the window. A narrow one: at its foot. */
  place() {
    const { style } = this.root;
    const at = this.anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.root;
    const above = at.top - height - MARGIN;
    const top = above >= MARGIN ? above : Math.min(at.bottom + MARGIN, innerHeight - height - MARGIN);
    style.top = `${Math.max(MARGIN, top)}px`;
    style.left = `${Math.max(MARGIN, Math.min(at.right - width, innerWidth - width - MARGIN))}px`;
  }

  close(refocus = true) {
    if (picker === this) picker = null;
    document.removeEventListener("pointerdown", this.outside);
    removeEventListener("resize", this.moved);
    this.anchor.setAttribute("aria-expanded", "false");
    const inside = this.root.contains(document.activeElement);
    this.root.remove();
    if (inside && refocus) this.anchor.focus();
  }

  // ---- what is shown

  async fill() {
    try {
      this.groups = await load();
    } catch {
      this.status.textContent = gettext("The emoji could not be loaded.");
      return;
    }
    this.all = Object.values(this.groups).flat();
    this.byEmoji = new Map(this.all.map((row) => [row[0], row]));
    this.find();
  }

  find() {
    if (!this.groups) return;
    const words = this.search.value.trim().toLowerCase();
    this.tabs.hidden = Boolean(words);
    const rows = words ? this.matching(words.split(/\s+/)) : null;
    this.status.textContent = rows && !rows.length ? gettext("No emoji found.") : "";
    if (rows) replaceChildren(this.sheet, this.section("found", rows));
    else this.showAll();
    this.sheet.scrollTop = 0;
    this.rove(this.buttons()[0]);
  }

  showAll() {
    const recent = this.kept.recent.map((emoji) => this.byEmoji.get(emoji) || [emoji, emoji, emoji]);
    const groups = { recent, ...this.groups };
    const sections = Object.entries(groups).map(([name, rows]) => this.section(name, rows));
    replaceChildren(this.sheet, sections);
    if (this.tabs.firstChild) return;
    const names = Object.keys(groups);
    replaceChildren(this.tabs, names.map((name) => this.tab(name)));
  }

  tab(name) {
    const [sign, label] = GROUPS[name];
    const go = () => {
      const section = this.sheet.querySelector(`[data-group=${name}]`);
      this.sheet.scrollTop = section.offsetTop - this.sheet.offsetTop;
      this.rove(section.querySelector("button"));
    };
    return el("button", { type: "button", title: label(), "aria-label": label(), onclick: go }, sign);
  }

  section(name, rows) {
    const label = GROUPS[name]?.[1]() ?? gettext("Found");
    return el(
      "section",
      { "aria-label": label, data: { group: name } },
      el("h3", { "aria-hidden": "true" }, label),
      el("div", { class: "cells" }, rows.map((row) => this.cell(row))),
    );
  }

  cell([emoji, english, chinese, takesTone]) {
    const words = document.documentElement.lang.startsWith("zh") ? chinese : english;
    const name = words.split("|")[0];
    const shown = takesTone ? toned(emoji, this.kept.tone) : emoji;
    return el("button", { type: "button", tabindex: "-1", title: name, "aria-label": name, data: { emoji } }, shown);
  }

  /** Those that all words fit, in either language; the ones whose name begins so first. */
  matching(words) {
    const found = this.all.filter(([, english, chinese]) => {
      const text = `${english} ${chinese}`;
      return words.every((word) => text.includes(word));
    });
    const first = words[0];
    const rank = ([, english, chinese]) => (english.startsWith(first) || chinese.startsWith(first) ? 0 : 1);
    return found.sort((one, other) => rank(one) - rank(other));
  }

  retone() {
    this.kept.tone = Number(this.tone.value);
    write(KEPT, this.kept);
    this.find();
  }

  // ---- picking and moving

  clicked(event) {
    const button = event.target.closest("button");
    if (button) this.pick(button, event.shiftKey);
  }

  pick(button, stay) {
    const { emoji } = button.dataset;
    this.kept.recent = [emoji, ...this.kept.recent.filter((one) => one !== emoji)].slice(0, RECENT);
    write(KEPT, this.kept);
    if (!stay) this.close();
    this.onPick(button.textContent);
    if (stay) button.focus();
  }

  buttons() {
    return [...this.sheet.querySelectorAll("button")];
  }

  /** One of them can be reached by Tab. */
  rove(button) {
    if (this.current) this.current.tabIndex = -1;
    this.current = button || null;
    if (button) button.tabIndex = 0;
  }

  focused({ target }) {
    if (this.sheet.contains(target) && target.matches("button")) this.rove(target);
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      this.close();
    } else if (event.target === this.search) this.searchKey(event);
    else if (this.sheet.contains(event.target)) this.move(event);
    else if (event.key === "ArrowDown" && event.target !== this.tone) this.jump(event, this.current);
  }

  searchKey(event) {
    if (event.key === "ArrowDown") this.jump(event, this.buttons()[0]);
    if (event.key !== "Enter") return;
    event.preventDefault();
    const [first] = this.buttons();
    if (first && this.search.value.trim()) this.pick(first, event.shiftKey);
  }

  move(event) {
    const buttons = this.buttons();
    const index = buttons.indexOf(event.target);
    const steps = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: buttons.length - 1 };
    if (event.key in steps) this.jump(event, buttons[steps[event.key]]);
    else if (event.key === "ArrowDown") this.jump(event, inNextRow(buttons.slice(index), 1));
    else if (event.key === "ArrowUp") {
      const above = inNextRow(buttons.slice(0, index + 1).reverse(), -1);
      this.jump(event, above || this.search);
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) this.search.focus();
  }

  jump(event, target) {
    event.preventDefault();
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  }
}

/** From the first button on, the one in the next row (direction 1 or -1) that is nearest to it. */
function inNextRow([from, ...others], direction) {
  const first = others.find((one) => (one.offsetTop - from.offsetTop) * direction > 0);
  const row = first ? others.filter((one) => one.offsetTop === first.offsetTop) : [];
  const distance = (one) => Math.abs(one.offsetLeft - from.offsetLeft);
  return row.reduce((best, one) => (best && distance(best) <= distance(one) ? best : one), null);
}

function toned(emoji, tone) {
  const [first, ...rest] = emoji;
  return tone ? first + TONES[tone] + rest.join("").replace(/^\uFE0F/, "") : emoji;
}
