/*
 * What this page knows: conversations, their messages, how far each is in step with the server.
 *
 * A conversation's cursor is the version up to which every new and changed message has been seen.
 * Messages are kept only from the moment when a conversation is opened, and only a window of them
 * (history.js); before that, the list is enough.
 */

import { api } from "../api.js";
import * as history from "./history.js";

const KEPT = 5; // conversations whose messages stay when one goes to another
const FAR = 1000; // changes missed from which on a window is read again instead
const AGAIN = 2000; // milliseconds

/**
 * Tells `list`, `people` and `ready`; with the conversation's id as detail `conversation`, `receipts`
 * and `gone`; and `arrived` with `{conversation, message}` for each message that is new.
 */
export class Store extends EventTarget {
  constructor() {
    super();
    this.me = null;
    this.conversations = new Map();
    this.people = new Map();
    this.opened = [];
    this.connections = 0;
    /** Sends a frame and resolves to the reply: the connection's, once there is one. */
    this.request = null;
  }

  /** Those whose messages are here before all others: no more than 500 can be named. */
  cursors() {
    const entries = [...this.conversations.values()]
      .filter((entry) => entry.cursor !== null)
      .sort((one, other) => Boolean(other.window) - Boolean(one.window));
    return Object.fromEntries(entries.slice(0, 500).map((entry) => [entry.id, entry.cursor]));
  }

  ordered() {
    return [...this.conversations.values()].sort((one, other) => activity(other) - activity(one));
  }

  /** Unread messages of the conversations that one wants to hear of. */
  unread() {
    const heard = this.ordered().filter((entry) => !isQuiet(entry));
    return heard.reduce((sum, entry) => sum + entry.state.unread, 0);
  }

  // ---- frames

  take(frame) {
    const handler = this[`on_${frame.type.replace(".", "_")}`];
    if (handler) handler.call(this, frame);
  }

  on_ready(frame) {
    this.me = frame.user;
    this.connections += 1;
    this.know(frame.user);
    for (const state of frame.conversations) {
      const entry = this.put(state, true);
      entry.limited = false;
      // Nothing is on the page yet: history will be read as it is now, so what counts is what comes after.
      if (entry.cursor === null) entry.cursor = state.last_version;
    }
    this.tell("list");
    this.tell("ready");
  }

  on_conversation(frame) {
    const entry = this.put(frame.conversation);
    if (entry.cursor === null) entry.cursor = frame.conversation.last_version;
    this.tell("list");
    this.tell("conversation", entry.id);
  }

  on_conversation_gone(frame) {
    if (!this.conversations.delete(frame.conversation)) return;
    this.tell("gone", frame.conversation);
    this.tell("list");
  }

  on_message({ conversation, message }) {
    const entry = this.conversations.get(conversation);
    if (!entry) return;
    const arrived = message.seq > entry.state.last_seq;
    if (!entry.limited) entry.cursor = Math.max(entry.cursor, message.version);
    this.apply(entry, message);
    this.tell("list");
    this.tell("conversation", entry.id);
    if (arrived) this.tell("arrived", { conversation, message });
  }

  on_receipts(frame) {
    const entry = this.conversations.get(frame.conversation);
    if (!entry) return;
    const known = new Map((entry.state.receipts || []).map((receipt) => [receipt.user, receipt]));
    for (const receipt of frame.receipts) {
      if (receipt.user !== this.me.id) known.set(receipt.user, receipt);
    }
    entry.state.receipts = [...known.values()];
    this.tell("receipts", entry.id);
  }

  /** Too much was missed to be sent unasked. Until all of it is here, only this moves the cursor. */
  async on_sync_limited({ conversation, after }) {
    const entry = this.conversations.get(conversation);
    if (!entry || entry.limited) return;
    entry.limited = true;
    const connection = this.connections;
    while (entry.limited && connection === this.connections) {
      try {
        await this.catchUp(entry, after, connection);
        break;
      } catch (error) {
        // Cut off again: the next `hello` names the old cursor.
        if (error.code === "offline") return;
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
    if (connection === this.connections) entry.limited = false;
    this.tell("list");
    this.tell("conversation", conversation);
  }

  async catchUp(entry, after, connection) {
    const head = entry.state.last_version;
    // The server has gone back, as from a backup: what is here is not to be trusted.
    if (after < entry.cursor) history.forget(entry);
    history.seal(entry);
    this.tell("conversation", entry.id);
    let cursor = after;
    if (!entry.window || head - after > FAR) {
      await history.readAgain(entry);
      cursor = head;
    }
    for (let complete = false; !complete; ) {
      const page = await this.request({ type: "sync", conversation: entry.id, after: cursor });
      if (connection !== this.connections) return;
      for (const message of page.messages) this.apply(entry, message);
      cursor = page.next;
      complete = page.complete;
    }
    entry.cursor = cursor;
  }

  // ---- state

  /** A conversation's state; unless it is `certain`, it may have been overtaken by messages. */
  put(state, certain = false) {
    const entry = this.conversations.get(state.id) || {
      id: state.id,
      cursor: null,
      limited: false,
      pending: [],
      ...history.blank(),
    };
    const before = entry.state;
    entry.state = { ...state, receipts: state.receipts || before?.receipts || [] };
    if (before && before.last_seq > state.last_seq && !certain) {
      const missed = before.last_seq - Math.max(state.last_seq, state.read_seq);
      entry.state.last_seq = before.last_seq;
      entry.state.last_message = before.last_message;
      entry.state.unread = Math.min(before.unread, state.unread + Math.max(0, missed));
    }
    this.conversations.set(state.id, entry);
    this.know(state.peer);
    this.know(state.last_message?.sender);
    return entry;
  }

  /** A new or changed message, from wherever: the higher version wins. */
  apply(entry, message) {
    this.know(message.sender);
    const state = entry.state;
    if (message.seq > state.last_seq) {
      const mine = message.sender?.id === this.me.id;
      if (mine) state.unread = 0;
      else if (message.sender && message.seq > state.read_seq) state.unread += 1;
      state.last_seq = message.seq;
      state.last_message = message;
    } else if (message.seq === state.last_seq && !(state.last_message?.version > message.version)) {
      state.last_message = message;
    }
    history.admit(entry, message);
    if (message.client_id) {
      entry.pending = entry.pending.filter((one) => one.client_id !== message.client_id);
    }
  }

  /** One that is not among the most recent, of which `ready` tells. */
  async fetchConversation(id) {
    const entry = this.put(await api("GET", `conversations/${id}`));
    entry.cursor ??= entry.state.last_version;
    this.tell("list");
    return entry;
  }

  /** Messages that came with a page of history rather than as frames. */
  settle(entry) {
    const come = new Set();
    for (const message of entry.messages.values()) {
      this.know(message.sender);
      come.add(message.client_id);
    }
    if (!entry.pending.some((one) => come.has(one.client_id))) return;
    entry.pending = entry.pending.filter((one) => !come.has(one.client_id));
    this.tell("conversation", entry.id);
  }

  /** This conversation is looked at from now on; those not looked at for long give up their messages. */
  open(entry) {
    this.opened = [entry.id, ...this.opened.filter((id) => id !== entry.id)];
    for (const id of this.opened.splice(KEPT)) {
      const old = this.conversations.get(id);
      if (old) history.forget(old);
    }
  }

  // ---- people

  know(person) {
    if (person) this.people.set(person.id, person);
  }

  /** A person's nickname; one who is not known yet is asked for, and told of when it comes. */
  nickname(id) {
    const known = this.people.get(id);
    if (known) return known.nickname;
    const unknown = { id, nickname: "…", avatar: null };
    this.people.set(id, unknown);
    api("GET", `users/${id}`)
      .then((person) => this.know(person))
      // Who cannot be asked for may have been met elsewhere meanwhile.
      .catch(() => this.people.get(id) === unknown && this.know({ ...unknown, nickname: gettext("somebody") }))
      .finally(() => this.tell("people"));
    return "…";
  }

  tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}

/** Whether one does not want to hear of each message there. */
export function isQuiet({ state: { notifications = "all" } }) {
  return notifications !== "all";
}

function activity(entry) {
  const moment = entry.state.last_message?.sent_at;
  return moment ? Date.parse(moment) : entry.id;
}
