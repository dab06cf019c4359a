/*
 * What was typed and not sent, a conversation each: kept over reloads, and the same in every tab.
 *
 * A draft is `{text, mode, before}`: `mode` is `{replyTo}`, `{editing}` (a message in short) or empty,
 * and `before`, while a message is edited, the `{text, mode}` that comes back afterwards.
 */

import { keys, listen, read, write } from "../kept.js";

const PREFIX = "draft/";
const TELL_AFTER = 300; // milliseconds

/** Tells `draft`, with the conversation's id as detail: `{id, elsewhere}`, elsewhere if another tab wrote. */
class Drafts extends EventTarget {
  constructor() {
    super();
    this.known = new Map();
    this.timers = new Map();
    for (const key of keys(PREFIX)) this.known.set(idOf(key), read(key));
    listen(PREFIX, (key) => this.changed(idOf(key), read(key)));
  }

  /** The draft of the conversation, or null. */
  get(id) {
    return this.known.get(id) || null;
  }

  /** One line of what waits to be sent there, for the list; empty if there is nothing. */
  line(id) {
    const draft = this.get(id);
    return ((draft?.before ?? draft)?.text || "").trim().replace(/\s+/g, " ").slice(0, 100);
  }

  set(id, draft) {
    const empty = !draft.text && !draft.before && !draft.mode.replyTo;
    if (empty) this.known.delete(id);
    else this.known.set(id, draft);
    write(PREFIX + id, empty ? null : draft);
    // Not at every key: the list is built again.
    clearTimeout(this.timers.get(id));
    this.timers.set(id, setTimeout(() => this.tell(id, false), empty ? 0 : TELL_AFTER));
  }

  changed(id, draft) {
    if (draft) this.known.set(id, draft);
    else this.known.delete(id);
    this.tell(id, true);
  }

  tell(id, elsewhere) {
    this.timers.delete(id);
    this.dispatchEvent(new CustomEvent("draft", { detail: { id, elsewhere } }));
  }
}

function idOf(key) {
  return Number(key.slice(PREFIX.length));
}

export const drafts = new Drafts();
