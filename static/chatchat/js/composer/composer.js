/* Where one writes: Enter sends, Shift+Enter breaks, an input method's Enter does neither. */

import { Attaching } from "./attaching.js";
import { closed } from "./closed.js";
import { Completion } from "./completion.js";
import { drafts } from "./drafts.js";
import { pickEmoji } from "./emoji.js";
import { cleaned, Field, LONGEST } from "./field.js";
import { preview } from "../format.js";
import { hasNewer } from "../chat/history.js";
import { Emoji, People } from "./mentions.js";
import { inlineName } from "../text.js";

const TYPING_EVERY = 3000; // milliseconds
const EDIT_WITHIN = 24 * 3600 * 1000;
/* Where the keyboard is on the screen, its Enter breaks, and one sends by the button. */
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export class Composer {
  /**
   * `send(body, replyTo, uploads)`, `edit(message, body)` (a promise; what it rejects with is shown),
   * `typing(active, conversation)`, `person(id)`.
   */
  constructor(form, store, { send, edit, typing, person }) {
    this.form = form;
    this.store = store;
    this.handlers = { send, edit, typing, person };
    this.field = new Field(form.querySelector("textarea"), form.querySelector(".count"));
    this.people = new People(store);
    this.completion = new Completion(this.field, form.querySelector(".options"), [this.people, new Emoji()]);
    this.bar = form.querySelector(".composing");
    this.note = form.querySelector(".note");
    this.sender = form.querySelector(".send");
    this.attaching = new Attaching(form, {
      changed: () => this.check(),
      say: (text) => this.say(text),
      may: () => this.mayAttach(),
    });
    this.drafts = drafts;
    this.mode = {};
    this.before = null;
    this.entry = null;
    this.typedAt = 0;
    this.listen();
  }

  listen() {
    const { input } = this.field;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("input", () => this.typed());
    this.bar.querySelector("button").addEventListener("click", () => this.compose({}));
    this.bar.addEventListener("keydown", (event) => event.key === "Escape" && this.compose({}));
    this.smile = this.form.querySelector(".smile");
    this.smile.addEventListener("click", () => pickEmoji(this.smile, (emoji) => this.field.insert(emoji)));
    this.mute = closed(this.form, (id) => this.handlers.person?.(id), this.store);
    visualViewport?.addEventListener("resize", aboveKeyboard);
    drafts.addEventListener("draft", ({ detail: { id, elsewhere } }) => {
      if (elsewhere && id === this.entry?.id && !this.field.composing) this.show(drafts.get(id));
    });
  }

  open(entry) {
    this.stopTyping();
    this.entry = entry;
    this.say("");
    this.people.open(entry);
    this.completion.reset();
    this.attaching.open(entry?.id ?? null);
    if (!entry) return;
    this.show(drafts.get(entry.id));
    this.permit();
    if (!touch.matches && matchMedia("(hover: hover)").matches && !this.writesElsewhere()) this.field.focus();
  }

  /** Such as in the list's search, while the page comes up: what is typed goes on where it began. */
  writesElsewhere() {
    const active = document.activeElement;
    return Boolean(active?.matches("input, textarea")) && !this.form.contains(active);
  }

  show(draft) {
    const { text = "", mode = {}, before = null } = draft || {};
    this.before = before;
    this.mode = mode;
    this.field.text = text;
    this.showMode();
    this.check();
  }

  /** Say why writing is closed, where it is; what was typed stays. */
  permit() {
    if (!this.entry) return;
    this.may = this.mute(this.entry, Boolean(this.field.text || this.attaching.list.length));
    this.field.input.readOnly = !this.may || Boolean(this.saving);
    this.smile.disabled = !this.may;
    this.attaching.button.disabled = !this.may || Boolean(this.mode.editing);
    this.check();
  }

  mayAttach() {
    if (!this.may) return false;
    if (this.mode.editing) this.say(gettext("Finish editing first: files go with a new message."));
    return !this.mode.editing;
  }

  // ---- answering and editing

  /** `{replyTo}`, `{editing}` or nothing of the kind. */
  compose(mode) {
    if (!this.may) return;
    const { editing } = this.mode;
    if (mode.editing) {
      this.before = editing ? this.before : { text: this.field.text, mode: this.mode };
      this.field.text = mode.editing.body;
    } else if (editing) {
      // What was there before comes back.
      this.field.text = this.before?.text ?? "";
      if (!mode.replyTo) mode = this.before?.mode ?? {};
      this.before = null;
    }
    this.mode = short(mode);
    this.say("");
    this.showMode();
    this.field.focus();
    this.save();
    this.check();
  }

  showMode() {
    const { editing, replyTo } = this.mode;
    const about = editing || replyTo;
    this.bar.hidden = !about;
    this.form.classList.toggle("editing", Boolean(editing));
    this.attaching.button.disabled = !this.may || Boolean(editing);
    if (!about) return;
    this.bar.querySelector("strong").textContent = editing
      ? gettext("Editing")
      : interpolate(gettext("Reply to %s"), [about.sender ? inlineName(about.sender.nickname) : ""]);
    this.bar.querySelector("span").textContent = preview(about, this.store);
  }

  /** One's own last message, if it may still be edited. */
  editLast() {
    if (hasNewer(this.entry)) return false;
    const mine = [...this.entry.messages.values()]
      .filter(({ sender, kind, recalled_at }) => sender?.id === this.store.me.id && kind === "text" && !recalled_at)
      .sort((one, other) => other.seq - one.seq);
    const last = mine.find(({ body }) => body);
    if (!last || Date.now() - Date.parse(last.sent_at) > EDIT_WITHIN) return false;
    this.compose({ editing: last });
    return true;
  }

  addFiles(files) {
    this.attaching.add(files);
  }

  // ---- typing

  key(event) {
    // keyCode 229: Safari ends the composition before the key that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !touch.matches) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && !this.bar.hidden) {
      event.stopPropagation();
      this.compose({});
    } else if (event.key === "ArrowUp" && !event.shiftKey && !this.field.text && this.bar.hidden) {
      if (!this.attaching.list.length && this.may && this.editLast()) event.preventDefault();
    }
  }

  typed() {
    if (this.note.dataset.kind !== "over") this.say("");
    this.save();
    this.check();
    if (!this.field.text) return this.stopTyping();
    if (this.mode.editing || Date.now() - this.typedAt <= TYPING_EVERY) return;
    this.typedAt = Date.now();
    this.handlers.typing(true, this.entry.id);
  }

  stopTyping() {
    if (this.typedAt && this.entry) this.handlers.typing(false, this.entry.id);
    this.typedAt = 0;
  }

  save() {
    if (this.entry) drafts.set(this.entry.id, { text: this.field.text, mode: this.mode, before: this.before });
  }

  /** Whether it can be sent as it is, and why not. */
  check() {
    const { over } = this.field;
    if (over) {
      const text = ngettext("%s character too many.", "%s characters too many.", over);
      this.say(interpolate(text, [over]), "over", this.asFile());
    } else if (this.note.dataset.kind === "over") this.say("");
    const something = cleaned(this.field.text) || (!this.mode.editing && this.attaching.list.length);
    this.sender.disabled = !this.may || !something || over > 0 || Boolean(this.saving);
  }

  /** What is too long for a message can go as a file. */
  asFile() {
    if (this.mode.editing) return null;
    const turn = () => {
      const file = new File([cleaned(this.field.text)], `${gettext("Message")}.txt`, { type: "text/plain" });
      this.clear();
      this.attaching.add([file]);
      this.field.focus();
    };
    return [gettext("Send it as a file"), turn];
  }

  /** A line under the text, with a button if `action` is `[label, function]`. */
  say(text, kind = "", action = null) {
    const [words, button] = this.note.children;
    if (words.textContent !== text) words.textContent = text;
    this.note.dataset.kind = kind;
    this.note.hidden = !text;
    button.hidden = !action;
    if (action) [button.textContent, button.onclick] = action;
  }

  // ---- sending

  submit() {
    const body = cleaned(this.field.text);
    if (!this.entry || !this.may || this.saving || this.field.over) return;
    if (this.mode.editing) {
      this.submitEdit(body);
      return;
    }
    const { list } = this.attaching;
    const failed = list.find(({ state, again }) => state === "failed" && !again);
    if (failed) this.say(gettext("Remove what could not be uploaded, or try it again."));
    if (failed || (!body && !list.length)) return;
    const { replyTo } = this.mode;
    this.stopTyping();
    this.clear();
    this.handlers.send(body, replyTo?.seq, this.attaching.take());
  }

  clear() {
    this.mode = {};
    this.field.text = "";
    this.showMode();
    this.save();
    this.check();
  }

  /** It stays until the server has it. */
  async submitEdit(body) {
    const { entry, mode: { editing } } = this;
    if (!body) return this.say(gettext("Write something first."));
    this.saving = true;
    this.field.input.readOnly = true;
    try {
      if (body !== editing.body) await this.handlers.edit(editing, body);
      if (entry === this.entry) this.compose({});
      else drafts.set(entry.id, drafts.get(entry.id)?.before ?? { text: "", mode: {} });
    } catch (error) {
      if (entry === this.entry) this.say(error.message);
    }
    this.saving = false;
    this.permit();
  }
}

/** Where a keyboard covers the page instead of making it smaller: Safari's. */
function aboveKeyboard() {
  const { height, scale } = visualViewport;
  const covered = scale === 1 && innerHeight - height > 100;
  document.body.style.height = covered ? `${height}px` : "";
  if (covered) scrollTo(0, 0);
}

/** A mode as it is kept: of the message, what the bar shows. */
function short({ replyTo, editing }) {
  const of = ({ seq, sender, kind, body, data, recalled_at }, length) => ({
    seq, sender, kind, body: body.slice(0, length), data, recalled_at,
  });
  if (editing) return { editing: of(editing, LONGEST * 2) };
  return replyTo ? { replyTo: of(replyTo, 200) } : {};
}
