/* The rows of the stream: messages, days, the line above what is unread. Only what changed is built again. */

import { showProgress } from "./attachments.js";
import { el } from "../dom.js";
import { day, sameDay } from "../format.js";
import { hasNewer, hasOlder, quoted, shown } from "../chat/history.js";
import { messageNode, showTick, systemNode, tickOf } from "./message.js";
import { mentioned } from "../text.js";

const TOGETHER = 5 * 60 * 1000; // milliseconds between two messages of one block

export class Rows {
  constructor(store) {
    this.store = store;
    this.element = el("div", { class: "rows" });
    this.built = new Map();
    this.entry = null;
    this.line = null;
  }

  clear() {
    this.built.clear();
    this.line = null;
    this.element.replaceChildren();
  }

  /** Show the entry's window; `unreadFrom` is the seq above which the line stands, or null. */
  show(entry, unreadFrom) {
    this.entry = entry;
    const focus = this.focus();
    const kept = new Map();
    for (const row of this.wanted(entry, unreadFrom)) kept.set(row.key, this.node(row));
    this.built = kept;
    this.line = kept.get("new")?.node || null;
    place(this.element, [...kept.values()].map(({ node }) => node));
    this.focusAgain(focus);
  }

  node(row) {
    const old = this.built.get(row.key);
    if (old?.signature === row.signature && (old.tick === row.tick || showTick(old.node, row.tick))) {
      if (row.uploads) showProgress(old.node, row.uploads);
      return { ...row, node: old.node };
    }
    const node = row.build();
    node.dataset.key = row.key;
    return { ...row, node };
  }

  // ---- which there are

  wanted(entry, unreadFrom) {
    const rows = hasOlder(entry) ? [] : [startRow(entry)];
    let before = null;
    let line = unreadFrom !== null;
    for (const message of shown(entry)) {
      if (!before || !sameDay(before.sent_at, message.sent_at)) rows.push(dayRow(message));
      if (line && message.seq >= unreadFrom && message.sender?.id !== this.store.me.id) {
        // Above the window's first message it would say that the unread ones begin there.
        if (before || message.seq === unreadFrom || !hasOlder(entry)) rows.push(lineRow());
        line = false;
        before = null;
      }
      rows.push(this.messageRow(message, before));
      before = message;
    }
    for (const pending of hasNewer(entry) ? [] : entry.pending) {
      const message = { ...pending, pending, sender: this.store.me, kind: "text", data: {}, reactions: [] };
      rows.push(this.messageRow(message, before));
      before = message;
    }
    return rows;
  }

  messageRow(message, before) {
    const { entry, store } = this;
    const mine = message.sender?.id === store.me.id;
    const view = {
      store,
      entry,
      mine,
      follows: follows(message, before),
      tick: tickOf(message, entry, store.me),
      quoted: message.reply_to ? quoted(entry, message.reply_to) : null,
    };
    return {
      key: mine && message.client_id ? message.client_id : message.seq,
      message,
      uploads: message.pending?.attachments,
      tick: view.tick,
      signature: signature(message, view),
      build: () => (message.kind === "system" ? systemNode(message, store) : messageNode(message, view)),
    };
  }

  /** The message that a row stands for; with `pending` if it is on its way. */
  messageOf(node) {
    return this.rowOf(node)?.message || null;
  }

  rowOf(node) {
    const key = node?.dataset.key;
    return this.built.get(key) || this.built.get(Number(key)) || null;
  }

  // ---- the focus stays where it is, also where a row is built again

  focus() {
    const active = document.activeElement;
    if (!this.element.contains(active)) return null;
    const article = active.closest("[data-key]");
    return { key: article?.dataset.key, control: active === article ? null : controlOf(active) };
  }

  focusAgain(focus) {
    if (!focus?.key || this.element.contains(document.activeElement)) return;
    const node = (this.built.get(focus.key) || this.built.get(Number(focus.key)))?.node;
    const control = focus.control && node?.querySelector(focus.control);
    (control || node)?.focus({ preventScroll: true });
  }
}

function controlOf(element) {
  for (const name of ["emoji", "do", "quote", "person", "picture"]) {
    if (name in element.dataset) return `[data-${name}="${CSS.escape(element.dataset[name])}"]`;
  }
  return null;
}

function signature(message, { entry, store, follows: together, quoted: about, mine }) {
  const { pending } = message;
  return [
    message.version,
    together,
    pending && [pending.state === "failed", pending.state === "sending", pending.error, pending.attachments?.map((file) => [file.state, file.error])],
    about?.version,
    message.kind === "system" ? store.nickname(message.data.by ?? message.data.user ?? store.me.id) : "",
    message.kind === "system" && message.data.user ? store.nickname(message.data.user) : "",
    message.data?.mentions && message.data.mentions !== "all" ? mentioned(message, store) : "",
    mine && message.recalled_at ? entry.taken.has(message.seq) : "",
  ].join("\n");
}

function follows(message, before) {
  return Boolean(
    before?.sender &&
      before.sender.id === message.sender?.id &&
      sameDay(before.sent_at, message.sent_at) &&
      Date.parse(message.sent_at) - Date.parse(before.sent_at) < TOGETHER,
  );
}

function dayRow(message) {
  const label = day(message.sent_at);
  return {
    key: `day ${new Date(message.sent_at).toDateString()}`,
    signature: label,
    build: () => el("div", { class: "day" }, el("span", {}, label)),
  };
}

function lineRow() {
  return {
    key: "new",
    signature: "",
    build: () => el("div", { class: "new", role: "separator" }, el("span", {}, gettext("New"))),
  };
}

function startRow(entry) {
  const text =
    entry.state.kind === "group" ? gettext("The group's messages begin here.") : gettext("Your conversation begins here.");
  return { key: "start", signature: text, build: () => el("p", { class: "start" }, text) };
}

/** Put `nodes` into the page without touching those that are where they belong. */
function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}
