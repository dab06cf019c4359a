/*
 * What this page knows: conversations, their messages, how far each is in step with the server.
 *
 * A conversation's cursor is the version up to which every new and changed message has been seen.
 * Messages are kept only from the moment when a conversation is opened; before that, the list is
 * enough. `from` is the first seq that is on the page: below it is older history, fetched on demand.
 */

import { api } from "./api.js";

const PAGE = 50;

/** Tells `list` and, with the conversation's id as detail, `conversation` and `gone`. */
export class Store extends EventTarget {
  constructor() {
    super();
    this.me = null;
    this.conversations = new Map();
    this.people = new Map();
  }

  cursors() {
    const entries = [...this.conversations.values()].filter((entry) => entry.cursor !== null);
    return Object.fromEntries(entries.slice(0, 500).map((entry) => [entry.id, entry.cursor]));
  }

  ordered() {
    return [...this.conversations.values()].sort((one, other) => activity(other) - activity(one));
  }

  unread() {
    return this.ordered().reduce((sum, entry) => sum + entry.state.unread, 0);
  }

  // ---- frames

  take(frame) {
    const handler = this[`on_${frame.type.replace(".", "_")}`];
    if (handler) handler.call(this, frame);
  }

  on_ready(frame) {
    this.me = frame.user;
    this.know(frame.user);
    for (const state of frame.conversations) {
      const entry = this.put(state);
      // Nothing is on the page yet: history will be read as it is now, so what counts is what comes after.
      if (entry.cursor === null) entry.cursor = state.last_version;
    }
    this.tell("list");
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

  on_message(frame) {
    const entry = this.conversations.get(frame.conversation);
    if (!entry) return;
    if (!entry.limited) entry.cursor = Math.max(entry.cursor, frame.message.version);
    this.apply(entry, frame.message);
    this.tell("list");
    this.tell("conversation", entry.id);
  }

  on_receipts(frame) {
    const entry = this.conversations.get(frame.conversation);
    if (!entry) return;
    const known = new Map((entry.state.receipts || []).map((receipt) => [receipt.user, receipt]));
    for (const receipt of frame.receipts) {
      if (receipt.user !== this.me.id) known.set(receipt.user, receipt);
    }
    entry.state.receipts = [...known.values()];
    this.tell("conversation", entry.id);
  }

  // ---- state

  put(state) {
    const entry = this.conversations.get(state.id) || {
      id: state.id,
      cursor: null,
      limited: false,
      from: null,
      messages: new Map(),
      pending: [],
      loading: null,
    };
    const receipts = state.receipts || entry.state?.receipts || [];
    entry.state = { ...state, receipts };
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
    } else if (message.seq === state.last_seq) {
      state.last_message = message;
    }
    const known = entry.messages.get(message.seq);
    if ((entry.loading || entry.from !== null) && (!known || known.version < message.version)) {
      entry.messages.set(message.seq, message);
    }
    if (message.client_id) {
      entry.pending = entry.pending.filter((one) => one.client_id !== message.client_id);
    }
  }

  shown(entry) {
    if (entry.from === null) return [];
    return [...entry.messages.values()]
      .filter((message) => message.seq >= entry.from)
      .sort((one, other) => one.seq - other.seq);
  }

  /** The newest page of history, or the one before what is shown. */
  load(entry) {
    entry.loading ||= this.fetch(entry).finally(() => {
      entry.loading = null;
    });
    return entry.loading;
  }

  async fetch(entry) {
    const before = entry.from === null ? "" : `&before=${entry.from}`;
    const page = await api("GET", `conversations/${entry.id}/messages?limit=${PAGE}${before}`);
    for (const message of page.results) this.apply(entry, message);
    const first = page.results[0]?.seq;
    entry.from = first ?? entry.from ?? entry.state.last_seq + 1;
    entry.more = page.has_more;
    this.tell("conversation", entry.id);
  }

  // ---- people

  know(person) {
    if (person) this.people.set(person.id, person);
  }

  /** A person's nickname; one who is not known yet is asked for, and told of when it comes. */
  nickname(id) {
    const known = this.people.get(id);
    if (known) return known.nickname;
    this.people.set(id, { id, nickname: "…", avatar: null });
    api("GET", `users/${id}`)
      .then((person) => this.know(person))
      .catch(() => this.know({ id, nickname: gettext("somebody"), avatar: null }))
      .finally(() => this.tell("people"));
    return "…";
  }

  tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}

function activity(entry) {
  const moment = entry.state.last_message?.sent_at;
  return moment ? Date.parse(moment) : entry.id;
}
