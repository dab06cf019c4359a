/* Dialogs: over the chat and over each other, closed by Esc, by the cross or by a click beside them. */

import { el, icon, replaceChildren } from "../dom.js";

const open = []; // the dialogs that are open, the topmost last
let number = 0;

export class Modal {
  /** `kind`: "" as wide as a column of text, "wide", or "small" for a question. */
  constructor(id, title, kind = "") {
    this.heading = el("h2", { id: `${id}-title`, tabindex: "-1", autofocus: true }, title);
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.body = el("div", { class: "dialog-body" });
    const close = el(
      "button",
      {
        class: "tool close",
        type: "button",
        title: gettext("Close"),
        "aria-label": gettext("Close"),
        onclick: () => this.close(),
      },
      icon("close"),
    );
    this.root = el(
      "dialog",
      { id, class: `modal ${kind}`.trim(), "aria-labelledby": `${id}-title` },
      el("header", {}, this.heading, close),
      el("div", { class: "sheet" }, this.problem, this.body),
    );
    document.getElementById("chat").append(this.root);
    this.listen();
  }

  listen() {
    let pressed = null; // a text that is selected beyond the edge is no click beside the dialog
    this.root.addEventListener("pointerdown", (event) => (pressed = event.target));
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root && pressed === this.root) this.close();
    });
    this.root.addEventListener("close", () => this.closed());
  }

  get isOpen() {
    return this.root.open;
  }

  open() {
    if (this.isOpen) return;
    this.opener = document.activeElement;
    this.tell("");
    open.push(this);
    this.root.showModal();
  }

  close() {
    this.root.close();
  }

  /** The focus goes back to where it was, or to what stands there now; told a frame late, when it may be elsewhere. */
  closed() {
    open.splice(open.indexOf(this), 1);
    this.onclose?.();
    const { opener } = this;
    const focused = document.activeElement;
    if (focused !== document.body && !this.root.contains(focused)) return;
    const key = opener?.dataset?.key;
    const again = opener?.isConnected ? opener : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    (again || open.at(-1)?.heading)?.focus({ preventScroll: true });
  }

  /** What went wrong; with "" nothing did. */
  tell(text) {
    this.problem.hidden = !text;
    replaceChildren(this.problem, text && [icon("alert"), el("span", {}, text)]);
    if (text) this.problem.scrollIntoView({ block: "nearest" });
  }

  /** Do something; a refusal is told here. Whether it was done. */
  async guard(action) {
    this.tell("");
    try {
      await action();
      return true;
    } catch (error) {
      this.tell(error.message);
      return false;
    }
  }

  /** A button that cannot be pressed again while it works. */
  button(label, action, { kind = "", key = null, ...attributes } = {}) {
    const run = async (event) => {
      const target = event.currentTarget;
      target.setAttribute("aria-busy", "true");
      target.disabled = true;
      await this.guard(() => action(event));
      target.disabled = false;
      target.removeAttribute("aria-busy");
      // A button that was disabled has lost the focus.
      if (target.isConnected && document.activeElement === document.body) target.focus({ preventScroll: true });
    };
    return el(
      "button",
      { type: "button", class: `small ${kind}`, data: key ? { key } : {}, onclick: run, ...attributes },
      label,
    );
  }

  /** A form whose fields are given to `action` as an object of strings. */
  form(attributes, action, ...children) {
    const submit = async (event) => {
      event.preventDefault();
      const form = event.currentTarget;
      const send = form.querySelector("[type=submit]");
      if (form.ariaBusy === "true") return;
      form.ariaBusy = "true";
      await this.guard(() => action(Object.fromEntries(new FormData(form)), form));
      form.ariaBusy = "false";
      if (send?.isConnected && document.activeElement === document.body) send.focus();
    };
    return el("form", { ...attributes, onsubmit: submit }, ...children);
  }
}

/** Close whatever is open: something else has been chosen. */
export function closeAll() {
  for (const modal of [...open].reverse()) modal.close();
}

/**
 * A labelled field: `{name, label, value, maximum, lines, hint, required, choices: [[value, label]]}`;
 * with `hidden` the label is for screen readers only.
 */
export function field({ name, label, value = "", maximum, lines, hint, required, choices, hidden, ...more }) {
  const id = `field-${++number}`;
  const shared = { id, name, required, "aria-describedby": hint && `${id}-hint`, ...more };
  let input;
  if (choices) {
    const options = choices.map(([one, text]) => el("option", { value: one, selected: one === value }, text));
    input = el("select", shared, options);
  } else if (lines) {
    input = el("textarea", { ...shared, rows: lines, maxlength: maximum, dir: "auto", value });
  } else {
    input = el("input", { ...shared, maxlength: maximum, dir: "auto", autocomplete: "off", value });
  }
  return el(
    "div",
    { class: "field" },
    el("label", { for: id, class: hidden && "visually-hidden" }, label),
    input,
    hint && el("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}

/**
 * Ask before something is done, or what for: `run(values)` does it, and if it is refused the question stays.
 * `more`: what else to fill in; `typed`: a text that has to be typed first. Resolves to whether it was done.
 */
export function question({ title, text, fields = [], more, action, danger = false, typed = null, run }) {
  const modal = new Modal(`question-${++number}`, title, "small");
  let done = false;
  const act = el("button", { type: "submit", class: danger ? "danger" : "", disabled: Boolean(typed) }, action);
  const cancel = el("button", { type: "button", class: "quiet", onclick: () => modal.close() }, gettext("Cancel"));
  const form = modal.form(
    { class: "form" },
    async (values) => {
      await run(values);
      done = true;
      modal.close();
    },
    paragraphs(text),
    fields.map(field),
    more,
    typed && confirmation(typed, act),
    el("div", { class: "answers" }, cancel, act),
  );
  modal.root.classList.add("question");
  modal.body.append(form);
  modal.open();
  (form.querySelector("input, textarea, select") || (danger ? cancel : act)).focus();
  return new Promise((resolve) => {
    modal.onclose = () => {
      modal.root.remove();
      resolve(done);
    };
  });
}

function paragraphs(text) {
  const parts = [text].flat().filter(Boolean);
  return parts.map((one) => (typeof one === "string" ? el("p", {}, one) : one));
}

/** What can be typed: neither case nor what cannot be seen makes a difference. */
function plain(text) {
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

function confirmation(typed, act) {
  const same = (value) => plain(value) === plain(typed);
  return field({
    name: "typed",
    label: gettext("Type its name to confirm"),
    oninput: (event) => (act.disabled = !same(event.target.value)),
  });
}
