/* Where one writes: Enter sends, Shift+Enter breaks, an input method's Enter does neither. */

import { preview } from "./format.js";

const TYPING_EVERY = 3000;

export class Composer {
  constructor(form, store, { send, edit, typing }) {
    this.form = form;
    this.store = store;
    this.handlers = { send, edit, typing };
    this.input = form.querySelector("textarea");
    this.note = form.querySelector(".composing");
    this.closed = form.querySelector(".closed");
    this.drafts = new Map();
    this.entry = null;
    this.lastTyping = 0;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("input", () => this.typed());
    this.note.querySelector("button").addEventListener("click", () => this.compose({}));
  }

  open(entry) {
    if (this.entry) this.drafts.set(this.entry.id, { text: this.input.value, mode: this.mode });
    this.entry = entry;
    const draft = (entry && this.drafts.get(entry.id)) || { text: "", mode: {} };
    this.compose(draft.mode || {});
    this.input.value = draft.text;
    this.resize();
    this.permit();
    if (entry && matchMedia("(hover: hover)").matches) this.input.focus();
  }

  permit() {
    if (!this.entry) return;
    const may = this.entry.state.may_send;
    this.form.querySelector(".writing").hidden = !may;
    this.closed.hidden = may;
    this.closed.textContent =
      this.entry.state.kind === "direct"
        ? gettext("You can read here, but not write: you are not friends at the moment.")
        : gettext("You can read here, but not write: you are muted.");
  }

  /** `{replyTo}`, `{editing}` or nothing of the kind. */
  compose(mode) {
    if (this.mode?.editing && !mode.editing) this.input.value = "";
    this.mode = mode;
    const about = mode.replyTo || mode.editing;
    this.note.hidden = !about;
    if (!about) return;
    this.note.querySelector("strong").textContent = mode.editing
      ? gettext("Editing")
      : interpolate(gettext("Reply to %s"), [about.sender.nickname]);
    this.note.querySelector("span").textContent = preview(about, this.store);
    if (mode.editing) this.input.value = mode.editing.body;
    this.resize();
    this.input.focus();
  }

  key(event) {
    // keyCode 229: Safari ends the composition before the key that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && !this.note.hidden) {
      this.compose({});
    }
  }

  typed() {
    this.resize();
    const now = Date.now();
    if (this.input.value && now - this.lastTyping > TYPING_EVERY) {
      this.lastTyping = now;
      this.handlers.typing();
    }
  }

  resize() {
    this.input.rows = Math.min(8, Math.max(1, this.input.value.split("\n").length));
  }

  submit() {
    const body = this.input.value;
    if (!body.trim() || !this.entry) return;
    const { editing, replyTo } = this.mode;
    if (editing) this.handlers.edit(editing, body);
    else this.handlers.send(body, replyTo?.seq);
    this.mode = {};
    this.input.value = "";
    this.lastTyping = 0;
    this.compose({});
    this.resize();
  }
}
