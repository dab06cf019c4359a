/* What lists of people and groups are made of. */

import { avatar, el, icon, replaceChildren } from "../dom.js";
import { plainName } from "../text.js";

const language = document.documentElement.lang || "en";
const dates = new Intl.DateTimeFormat(language, { dateStyle: "long" });
const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

export function date(moment) {
  return dates.format(new Date(moment));
}

export function dateAndTime(moment) {
  return moments.format(new Date(moment));
}

/** A name that stays in its line and in its place, whatever it is made of. */
export function bdi(name) {
  return el("bdi", { class: "name" }, plainName(name));
}

/** What people see of a person: their picture. */
export function face(person, extra = "") {
  const shape = avatar({ id: person.id, name: person.nickname, url: person.avatar });
  if (extra) shape.classList.add(extra);
  return shape;
}

export function emblem(group, extra = "") {
  const shape = avatar({ id: group.id, name: group.name, url: group.avatar, round: false });
  if (extra) shape.classList.add(extra);
  return shape;
}

/** A row: picture and name, which open more, what there is to say, and what can be done. */
export function row({ picture, name, details = [], open, key, does = [] }) {
  const said = details.filter(Boolean).map((detail) => el("span", { class: "soft" }, detail));
  const who = [picture, el("span", { class: "who" }, name, said)];
  return el(
    "li",
    { class: "person" },
    el("button", { type: "button", class: "opens", "aria-haspopup": "dialog", data: { key }, onclick: open }, who),
    does.some(Boolean) && el("span", { class: "does" }, does),
  );
}

/** Put other children in; the focus stays with what has the same key, else goes to the dialog's heading. */
export function refill(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.key;
  replaceChildren(container, ...children);
  if (!focused || focused.isConnected) return;
  const again = key && container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (again || container.closest("dialog")?.querySelector("h2"))?.focus({ preventScroll: true });
}

/** A list, or what to do when there is nothing in it. */
export function list(name, rows, ...nothing) {
  if (rows.length) return el("ul", { class: name }, rows);
  return nothing.length ? el("div", { class: `empty ${name}` }, nothing) : el("ul", { class: name });
}

export function section(title, ...children) {
  return el("section", {}, el("h3", {}, title), children);
}

export function badge(count, label) {
  return (
    count > 0 && el("span", { class: "badge", role: "img", "aria-label": label }, count > 99 ? "99+" : String(count))
  );
}

/** Tabs that arrow keys walk through; `show(key)` is told which one is open. */
export class Tabs {
  constructor(label, show) {
    this.show = show;
    this.current = null;
    this.root = el("div", {
      class: "tabs",
      role: "tablist",
      "aria-label": label,
      onkeydown: (event) => this.key(event),
    });
    this.panel = el("div", { class: "panel", role: "tabpanel", id: `panel-${Tabs.number++}` });
  }

  /** `[{key, label, badge}]`; the one that was open stays so, if it is still there. */
  set(tabs) {
    const keys = tabs.map((tab) => tab.key);
    if (!keys.includes(this.current)) this.current = keys[0];
    refill(
      this.root,
      tabs.map((tab) =>
        el(
          "button",
          {
            type: "button",
            role: "tab",
            id: `${this.panel.id}-${tab.key}`,
            "aria-selected": String(tab.key === this.current),
            "aria-controls": this.panel.id,
            tabindex: tab.key === this.current ? "0" : "-1",
            data: { key: `tab:${tab.key}`, tab: tab.key },
            onclick: () => this.open(tab.key),
          },
          tab.label,
          tab.badge,
        ),
      ),
    );
    this.panel.setAttribute("aria-labelledby", `${this.panel.id}-${this.current}`);
  }

  open(key) {
    this.current = key;
    for (const tab of this.root.children) {
      const chosen = tab.dataset.tab === key;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.panel.setAttribute("aria-labelledby", `${this.panel.id}-${key}`);
    this.show(key);
  }

  key(event) {
    const tabs = [...this.root.children];
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    this.open(tab.dataset.tab);
    tab.focus();
  }
}
Tabs.number = 1;

/** A button that opens a menu of `items()`: `{label, run, icon, danger, checked, why}`; `why` says why not. */
export function menuButton({ label, name = "more", key = null, items }) {
  const button = el(
    "button",
    {
      type: "button",
      class: "tool opens-menu",
      title: label,
      "aria-label": label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      data: key ? { key } : {},
      onclick: () => openMenu(button, label, items()),
    },
    icon(name),
  );
  return button;
}

function openMenu(button, label, items) {
  const menu = el(
    "div",
    { class: "popmenu", role: "menu", popover: "auto", "aria-label": label, onkeydown: walk },
    items.filter(Boolean).map((item) => entry(item, () => menu.hidePopover())),
  );
  // Not beside the button, which may be built anew meanwhile; beyond an open dialog nothing can be chosen.
  (button.closest("dialog") || document.getElementById("chat")).append(menu);
  menu.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "closed") return;
    menu.remove();
    const again = button.isConnected
      ? button
      : document.querySelector(`[data-key="${CSS.escape(button.dataset.key)}"]`);
    if (document.activeElement === document.body) again?.focus({ preventScroll: true });
  });
  addEventListener("resize", () => menu.isConnected && menu.hidePopover(), { once: true });
  menu.showPopover();
  place(menu, button.getBoundingClientRect());
  menu.querySelector("button")?.focus();
}

function entry({ label, run, icon: name, danger, checked, why }, close) {
  return el(
    "button",
    {
      type: "button",
      role: checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": checked === undefined ? null : String(checked),
      "aria-disabled": why && "true",
      class: danger ? "danger" : "",
      tabindex: "-1",
      onclick: () => {
        if (why) return;
        close();
        run();
      },
    },
    icon(checked ? "check" : name || "none"),
    el("span", {}, label, why && el("span", { class: "soft" }, why)),
  );
}

function walk(event) {
  const items = [...event.currentTarget.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement);
  if (event.key === "Tab") event.currentTarget.hidePopover();
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
}

/** Below the button, or above it where there is no room, and never past the edge. */
function place(menu, at) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height <= innerHeight - 8;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - height)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
}
