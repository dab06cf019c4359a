/* A menu that opens at a point or beside a button: by mouse, keyboard or long press. */

import { el, icon } from "../dom.js";

const EDGE = 8; // pixels to the window's edges

export class Menu {
  constructor() {
    this.element = el("div", { class: "menu", role: "menu", tabindex: "-1", hidden: true });
    (document.getElementById("chat") || document.body).append(this.element);
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("contextmenu", (event) => event.preventDefault());
    addEventListener("pointerdown", (event) => this.outside(event.target), { capture: true });
    addEventListener("resize", () => this.close());
    addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /**
   * `at`: {x, y}, or an element. `items`: {label, icon, action, danger, note}; `emoji`: shown as a row.
   * The focus goes back to `owner` when it is closed.
   */
  open(at, { label, items, emoji = [], owner }) {
    this.owner = owner;
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(
      ...(emoji.length ? [el("div", { class: "menu-emoji", role: "group" }, emoji.map((one) => this.item(one)))] : []),
      ...items.filter(Boolean).map((one) => this.item(one)),
    );
    this.element.hidden = false;
    this.at = at;
    this.put();
    this.items()[0]?.focus({ preventScroll: true });
  }

  /** Other items in the same place, after something was looked up. */
  replace(items) {
    if (!this.isOpen) return;
    this.element.replaceChildren(...items.map((one) => this.item(one)));
    this.put();
    this.items()[0]?.focus({ preventScroll: true });
  }

  item({ label, icon: name, action, danger, note, text, stays }) {
    return el(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        class: danger ? "danger" : null,
        title: text ? label : null,
        "aria-label": text ? label : null,
        onclick: () => {
          if (!stays) this.close();
          action?.();
        },
      },
      text || [name && icon(name), el("span", {}, label)],
      note && el("kbd", { "aria-hidden": "true" }, note),
    );
  }

  items() {
    return [...this.element.querySelectorAll("[role=menuitem]")];
  }

  /** Within the window, whatever was pointed at. */
  put() {
    const { element, at } = this;
    const rect = at.getBoundingClientRect?.();
    const { offsetWidth: width, offsetHeight: height } = element;
    let left = rect ? rect.left : at.x;
    let top = rect ? rect.bottom + 4 : at.y;
    if (left + width > innerWidth - EDGE) left = (rect ? rect.right : at.x) - width;
    if (top + height > innerHeight - EDGE) top = (rect ? rect.top - 4 : at.y) - height;
    element.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
    element.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
  }

  key(event) {
    const items = this.items();
    const index = items.indexOf(document.activeElement);
    const to = {
      ArrowDown: index + 1,
      ArrowRight: index + 1,
      ArrowUp: index - 1,
      ArrowLeft: index - 1,
      Home: 0,
      End: items.length - 1,
    }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  outside(target) {
    if (this.isOpen && !this.element.contains(target)) this.close(false);
  }

  close(focus = true) {
    if (!this.isOpen) return;
    const inside = this.element.contains(document.activeElement);
    this.element.hidden = true;
    if (focus && inside) this.owner?.focus({ preventScroll: true });
  }
}
