/*
 * Telling of new messages while one looks elsewhere: the number in the title, and, if one wants it and
 * the browser allows it, notifications of the desktop.
 */

import { preview } from "./format.js";
import { inlineName } from "./text.js";

const CHOICE = "chatchat.notifications"; // in localStorage: "on", "off", or nothing before one has chosen
const OTHERS_FIRST = 400; // milliseconds in which another tab may say that it is seen there
const TITLE_EVERY = 150; // milliseconds
const STAYS = 8000;

export const supported = "Notification" in globalThis && globalThis.isSecureContext;

/** `on`, `off`, `denied` by the browser, `undecided`, or `unsupported`. */
export function choice() {
  if (!supported) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  const chosen = localStorage.getItem(CHOICE);
  if (chosen === "on" && Notification.permission !== "granted") return "undecided";
  return chosen || "undecided";
}

/** Turn them on, which may ask for the browser's permission, or off; resolves to the choice. */
export async function choose(on) {
  if (supported && on) await Notification.requestPermission();
  localStorage.setItem(CHOICE, on ? "on" : "off");
  return choice();
}

export class Notifier {
  /** `viewing()` is the id of the conversation that is before one's eyes in this tab, or null. */
  constructor(store, { viewing, title, open }) {
    this.store = store;
    this.actions = { viewing, title, open };
    this.seen = new Map(); // conversation → the highest seq that some tab shows
    this.tabs = new BroadcastChannel("chatchat");
    this.tabs.onmessage = ({ data }) => data.user === store.me?.id && this.seenElsewhere(data);
    // Each new title is a message to the browser's frame: in a busy group it would cost more than all else.
    store.addEventListener("list", () => {
      this.timer ||= setTimeout(() => {
        this.timer = null;
        this.badge();
      }, TITLE_EVERY);
    });
  }

  /** The window's title without how much is unread. */
  get name() {
    return document.title.replace(/^\(\d+\+?\) /, "");
  }

  badge() {
    const unread = this.store.unread();
    const { name } = this;
    const title = unread ? `(${unread > 99 ? "99+" : unread}) ${name}` : name;
    if (document.title !== title) document.title = title;
  }

  seenElsewhere({ conversation, seq }) {
    this.seen.set(conversation, Math.max(seq, this.seen.get(conversation) || 0));
  }

  /** A message has come. */
  message(entry, message) {
    if (!message.sender || message.sender.id === this.store.me.id || message.recalled_at) return;
    // A change to an earlier message is no news, nor is what was read on another device.
    if (message.edited_at || message.reactions.length || message.seq <= entry.state.read_seq) return;
    if (this.actions.viewing() === entry.id) {
      this.tabs.postMessage({ user: this.store.me.id, conversation: entry.id, seq: message.seq });
    } else if (choice() === "on" && this.wanted(entry, message)) {
      setTimeout(() => this.show(entry, message), OTHERS_FIRST);
    }
  }

  wanted(entry, message) {
    const { notifications = "all" } = entry.state;
    if (notifications !== "mentions") return notifications === "all";
    const named = message.data?.mentions;
    return named === "all" || (Array.isArray(named) && named.includes(this.store.me.id));
  }

  show(entry, message) {
    if ((this.seen.get(entry.id) || 0) >= message.seq || entry.state.read_seq >= message.seq) return;
    const group = entry.state.kind === "group";
    const body = group ? `${inlineName(message.sender.nickname)}: ${preview(message, this.store)}` : preview(message, this.store);
    // The tag makes one of what several tabs show.
    const note = new Notification(this.actions.title(entry), {
      body: body.slice(0, 200),
      tag: `chatchat-${entry.id}`,
      icon: message.sender.avatar || undefined,
    });
    note.onclick = () => {
      focus();
      this.actions.open(entry.id);
      note.close();
    };
    setTimeout(() => note.close(), STAYS);
  }
}
