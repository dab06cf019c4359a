/*
 * Picking an emoji: `pickEmoji(anchor, onPick)` opens a small window at `anchor`.
 *
 * Arrow keys move, Enter picks, Esc closes; with Shift the window stays open.
 */

import { el, replaceChildren } from "../dom.js";
import { choices, choose, load, nameOf, row, search, toned, TONES } from "./emojidata.js";

const MARGIN = 8; // pixels to the edge of the window
const IN_A_ROW = 8; // on a wide screen
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

let picker = null;

/** Open the picker at `anchor`, or close it if it is open there; `onPick(emoji)` is called for each choice. */
export function pickEmoji(anchor, onPick) {
  const toggled = picker?.anchor === anchor;
  picker?.close();
  if (!toggled) picker = new Picker(anchor, onPick);
}

class Picker {
  constructor(anchor, onPick) {
    this.anchor = anchor;
    this.onPick = onPick;
    this.kept = choices();
    this.build();
    (anchor.closest("dialog") || document.body).append(this.root);
    this.before = document.activeElement;
    this.expanded(true);
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

  close() {
    if (picker === this) picker = null;
    document.removeEventListener("pointerdown", this.outside);
    removeEventListener("resize", this.moved);
    this.expanded(false);
    const inside = this.root.contains(document.activeElement);
    this.root.remove();
    if (inside) this.before?.focus();
  }

  expanded(now) {
    if (this.anchor.hasAttribute("aria-expanded")) this.anchor.setAttribute("aria-expanded", String(now));
  }

  // ---- what is shown

  async fill() {
    try {
      this.groups = await load();
    } catch {
      this.status.textContent = gettext("The emoji could not be loaded.");
      return;
    }
    this.find();
  }

  find() {
    if (!this.groups) return;
    const words = this.search.value.trim().toLowerCase();
    this.tabs.hidden = Boolean(words);
    const rows = words ? search(words.split(/\s+/)) : null;
    this.status.textContent = rows && !rows.length ? gettext("No emoji found.") : "";
    if (rows) replaceChildren(this.sheet, this.section("found", rows));
    else this.showAll();
    this.sheet.scrollTop = 0;
    this.rove(this.buttons()[0]);
  }

  showAll() {
    const recent = this.kept.recent.map((emoji) => row(emoji));
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
      section.scrollIntoView();
      this.rove(section.querySelector("button"));
    };
    return el("button", { type: "button", title: label(), "aria-label": label(), onclick: go }, sign);
  }

  section(name, rows) {
    const label = GROUPS[name]?.[1]() ?? gettext("Found");
    const section = el(
      "section",
      { "aria-label": label, data: { group: name } },
      el("h3", { "aria-hidden": "true" }, label),
      el("div", { class: "cells" }, rows.map((one) => this.cell(one))),
    );
    // What is out of sight is neither laid out nor drawn, but has its size.
    section.style.containIntrinsicSize = `auto ${2 + Math.ceil(rows.length / IN_A_ROW) * 2.5}rem`;
    return section;
  }

  cell(one) {
    const name = nameOf(one);
    const attributes = { type: "button", tabindex: "-1", title: name, "aria-label": name, data: { emoji: one[0] } };
    return el("button", attributes, toned(one, this.kept.tone));
  }

  retone() {
    choose({ tone: Number(this.tone.value) });
    this.kept = choices();
    this.find();
  }

  // ---- picking and moving

  clicked(event) {
    const button = event.target.closest("button");
    if (button) this.pick(button, event.shiftKey);
  }

  pick(button, stay) {
    choose({ emoji: button.dataset.emoji });
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
    else if (event.key === "ArrowDown") this.jump(event, inNextRow(buttons.slice(index)));
    else if (event.key === "ArrowUp") {
      const above = inNextRow(buttons.slice(0, index + 1).reverse());
      this.jump(event, above || this.search);
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) this.search.focus();
  }

  jump(event, target) {
    event.preventDefault();
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  }
}

/** Of the buttons after the first, which they go away from, the one in the next row that is nearest to it. */
function inNextRow([from, ...others]) {
  const start = top(from);
  let [row, best, least] = [null, null, Infinity];
  for (const one of others) {
    const height = top(one);
    if (height === start) continue;
    row ??= height;
    if (height !== row) break;
    const distance = Math.abs(one.offsetLeft - from.offsetLeft);
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

function top(button) {
  return button.closest("section").offsetTop + button.offsetTop;
}
