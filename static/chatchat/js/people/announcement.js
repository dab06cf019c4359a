/* Above the messages of a group: an announcement that one has not seen yet, in this browser. */

import { api } from "../api.js";
import { el, icon, replaceChildren } from "../dom.js";

/** The system's lines after which the group is not what it was. */
const CHANGES = new Set(["group.announced", "group.changed", "member.joined", "member.left", "member.removed"]);

export class Announcements {
  /** `before`: what it stands above; `open(id)` shows the group's page. */
  constructor(before, store, open) {
    this.store = store;
    this.open = open;
    this.entry = null;
    this.root = el("aside", { class: "announcement", "aria-label": gettext("Announcement"), hidden: true });
    before.before(this.root);
    store.addEventListener("conversation", ({ detail }) => detail === this.entry?.id && this.happened());
  }

  /** The conversation that is on the page now, or null. */
  show(entry) {
    this.entry = entry;
    this.root.hidden = true;
    if (entry?.state.kind === "group") this.load();
  }

  happened() {
    const last = this.entry.state.last_message;
    if (last?.kind !== "system" || last.seq === this.seq) return;
    this.seq = last.seq;
    if (CHANGES.has(last.data.event)) this.load();
  }

  async load() {
    const { entry } = this;
    const group = await api("GET", `groups/${entry.id}`).catch(() => null);
    if (entry !== this.entry || !group) return;
    if (entry.memberCount !== group.member_count) {
      entry.memberCount = group.member_count;
      this.store.tell("people");
    }
    const text = group.announcement || "";
    this.root.hidden = !text || remembered(this.key()) === digest(text);
    if (!this.root.hidden) this.render(text);
  }

  /** Of this group this text has been read. */
  seen(id, text) {
    remember(this.key(id), digest(text));
    if (this.entry?.id === id) this.root.hidden = true;
  }

  render(text) {
    const { id } = this.entry;
    const seen = () => this.seen(id, text);
    const read = () => {
      seen();
      this.open(id);
    };
    replaceChildren(
      this.root,
      icon("announce"),
      el("button", { type: "button", class: "text", onclick: read }, el("bdi", {}, text)),
      el(
        "button",
        { type: "button", class: "tool", title: gettext("Got it"), "aria-label": gettext("Got it"), onclick: seen },
        icon("close"),
      ),
    );
  }

  key(id = this.entry.id) {
    return `announcement:${this.store.me.id}:${id}`;
  }
}

function digest(text) {
  let hash = 0;
  for (const character of text) hash = (Math.imul(hash, 31) + character.codePointAt(0)) | 0;
  return `${text.length}:${hash}`;
}

/* A browser that keeps nothing shows it again: no harm. */
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing can be kept here.
  }
}
