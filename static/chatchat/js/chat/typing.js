/* Who is writing something at the moment, as told; it is forgotten after a few seconds without news. */

import { inlineName } from "../text.js";

const LASTS = 5000; // milliseconds
const NAMES = 2;

/** Tells `typing`, with the conversation's id as detail. */
export class Typists extends EventTarget {
  constructor() {
    super();
    this.conversations = new Map(); // id → Map(person → timer)
  }

  take({ conversation, user, active = true }) {
    if (!active) return this.stopped(conversation, user);
    const people = this.conversations.get(conversation) || new Map();
    this.conversations.set(conversation, people);
    clearTimeout(people.get(user));
    people.set(user, setTimeout(() => this.stopped(conversation, user), LASTS));
    this.tell(conversation);
  }

  /** They stopped, or what they wrote has come. */
  stopped(conversation, user) {
    const people = this.conversations.get(conversation);
    if (!people?.has(user)) return;
    clearTimeout(people.get(user));
    people.delete(user);
    this.tell(conversation);
  }

  tell(conversation) {
    this.dispatchEvent(new CustomEvent("typing", { detail: conversation }));
  }

  /** "Amy and Ben are typing …", or nothing. */
  line(conversation, store) {
    const people = [...(this.conversations.get(conversation)?.keys() || [])];
    const names = people.slice(0, NAMES).map((id) => inlineName(store.nickname(id)));
    if (!people.length) return "";
    if (people.length > NAMES) return gettext("Several people are typing …");
    if (people.length === 1) return interpolate(gettext("%s is typing …"), names);
    return interpolate(gettext("%s and %s are typing …"), names);
  }
}
