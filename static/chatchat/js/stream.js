/* The messages of the open conversation, newest below. Only what changed is built again. */

import { avatar, el, icon } from "./dom.js";
import { day, exactly, preview, sameDay, system, text, time } from "./format.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
const AT_BOTTOM = 60; // pixels
const TOGETHER = 5 * 60 * 1000; // milliseconds between two messages of one block
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,5}$/u;

export class Stream {
  constructor(root, store, actions) {
    this.root = root;
    this.store = store;
    this.actions = actions;
    this.entry = null;
    this.built = new Map();
    root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.stuck && this.toBottom()).observe(root);
    store.addEventListener("conversation", (event) => event.detail === this.entry?.id && this.render());
    store.addEventListener("people", () => this.entry && this.render());
  }

  async open(entry) {
    this.entry = entry;
    this.from = null;
    this.built.clear();
    this.root.replaceChildren();
    this.stuck = true;
    this.unreadFrom = entry?.state.unread ? entry.state.read_seq + 1 : null;
    if (!entry) return;
    if (entry.from === null) await this.load();
    if (this.entry === entry) {
      this.render();
      this.toBottom();
    }
  }

  async load() {
    const entry = this.entry;
    try {
      await this.store.load(entry);
    } catch (error) {
      this.actions.problem(error.message);
    }
    if (entry === this.entry) this.render();
  }

  // ---- where the reader is

  get atBottom() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < AT_BOTTOM;
  }

  toBottom() {
    this.root.scrollTop = this.root.scrollHeight;
    this.stuck = true;
  }

  scrolled() {
    this.stuck = this.atBottom;
    if (this.root.scrollTop < 200 && this.entry?.more && !this.entry.loading) this.load();
    if (this.stuck) this.actions.seen();
  }

  // ---- building

  render() {
    const entry = this.entry;
    if (!entry) return;
    const rows = this.rows(entry);
    const height = this.root.scrollHeight;
    const grownAbove = this.from !== null && entry.from < this.from && !this.stuck;
    const kept = new Map();
    const nodes = rows.map((row) => {
      const old = this.built.get(row.key);
      const node = old?.signature === row.signature ? old.node : row.build();
      kept.set(row.key, { node, signature: row.signature });
      return node;
    });
    this.built = kept;
    this.place(nodes);
    this.from = entry.from;
    if (this.stuck) this.toBottom();
    else if (grownAbove) this.root.scrollTop += this.root.scrollHeight - height;
    this.actions.seen();
  }

  /** Put `nodes` into the page without touching those that are where they belong. */
  place(nodes) {
    const wanted = new Set(nodes);
    for (const child of [...this.root.children]) if (!wanted.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (this.root.children[index] !== node) this.root.insertBefore(node, this.root.children[index] || null);
    });
  }

  rows(entry) {
    const rows = [];
    let before = null;
    for (const message of this.store.shown(entry)) {
      if (!before || !sameDay(before.sent_at, message.sent_at)) rows.push(this.dayRow(message));
      if (message.seq === this.unreadFrom) rows.push(this.unreadRow());
      rows.push(this.messageRow(message, before));
      before = message;
    }
    for (const pending of entry.pending) {
      const message = { ...pending, pending, sender: this.store.me, kind: "text", data: {}, reactions: [] };
      rows.push(this.messageRow(message, before));
      before = message;
    }
    return rows;
  }

  dayRow(message) {
    return {
      key: `day-${new Date(message.sent_at).toDateString()}`,
      signature: "",
      build: () => el("div", { class: "day" }, el("span", {}, day(message.sent_at))),
    };
  }

  unreadRow() {
    return { key: "new", signature: "", build: () => el("div", { class: "new" }, el("span", {}, gettext("New"))) };
  }

  messageRow(message, before) {
    const follows =
      before?.sender &&
      before.sender.id === message.sender?.id &&
      sameDay(before.sent_at, message.sent_at) &&
      Date.parse(message.sent_at) - Date.parse(before.sent_at) < TOGETHER;
    const tick = this.tick(message);
    const quoted = message.reply_to ? this.entry.messages.get(message.reply_to) : null;
    return {
      key: message.client_id && message.sender?.id === this.store.me.id ? message.client_id : message.seq,
      signature: [
        message.version, follows, tick, message.pending?.error, quoted?.version,
        message.kind === "system" ? system(message.data, this.store) : "",
      ].join(),
      build: () => (message.kind === "system" ? this.line(message) : this.message(message, follows, tick, quoted)),
    };
  }

  line(message) {
    return el("div", { class: "system", title: exactly(message.sent_at) }, system(message.data, this.store));
  }

  message(message, follows, tick, quoted) {
    const mine = message.sender?.id === this.store.me.id;
    const classes = ["message", mine && "mine", follows && "follows", message.pending?.state];
    const group = this.entry.state.kind === "group";
    return el(
      "article",
      { class: classes.filter(Boolean).join(" "), data: message.seq ? { seq: message.seq } : {} },
      !mine && (follows ? el("span", { class: "avatar blank" }) : portrait(message.sender)),
      el(
        "div",
        { class: "column" },
        !mine && group && !follows && el("p", { class: "sender" }, el("bdi", {}, message.sender.nickname)),
        el(
          "div",
          { class: "line" },
          this.bubble(message, tick, quoted),
          message.seq && !message.recalled_at && this.tools(message, mine),
        ),
        this.reactions(message),
        message.pending?.state === "failed" && this.failure(message.pending),
      ),
    );
  }

  bubble(message, tick, quoted) {
    const recalled = Boolean(message.recalled_at);
    const large = !recalled && ONLY_EMOJI.test(message.body);
    return el(
      "div",
      { class: `bubble${recalled ? " recalled" : ""}${large ? " large" : ""}` },
      message.reply_to && !recalled && this.quote(message.reply_to, quoted),
      el("div", { class: "text", dir: "auto" }, recalled ? gettext("Message recalled") : text(message, this.store)),
      el(
        "span",
        { class: "meta" },
        message.edited_at && !recalled && el("span", { title: exactly(message.edited_at) }, gettext("edited")),
        el("time", { datetime: message.sent_at, title: exactly(message.sent_at) }, time(message.sent_at)),
        tick && tickMark(tick),
      ),
    );
  }

  quote(seq, quoted) {
    const name = quoted?.sender?.nickname || "";
    return el(
      "button",
      { class: "quote", type: "button", onclick: () => this.show(seq) },
      el("strong", {}, name),
      el("span", {}, quoted ? preview(quoted, this.store) : gettext("An earlier message")),
    );
  }

  tools(message, mine) {
    const { reply, react, edit, recall } = this.actions;
    const age = Date.now() - Date.parse(message.sent_at);
    const tool = (name, label, action) =>
      el("button", { type: "button", title: label, "aria-label": label, onclick: action }, icon(name));
    return el(
      "div",
      { class: "tools" },
      tool("reply", gettext("Reply"), () => reply(message)),
      el(
        "details",
        { class: "react" },
        el("summary", { title: gettext("React"), "aria-label": gettext("React") }, icon("smile")),
        el(
          "div",
          { class: "emoji" },
          EMOJI.map((emoji) =>
            el("button", { type: "button", onclick: (event) => {
              event.target.closest("details").open = false;
              react(message, emoji);
            } }, emoji),
          ),
        ),
      ),
      mine && age < 24 * 3600 * 1000 && tool("edit", gettext("Edit"), () => edit(message)),
      mine && age < 120 * 1000 && tool("recall", gettext("Recall"), () => recall(message)),
    );
  }

  reactions(message) {
    if (!message.reactions.length) return null;
    return el(
      "div",
      { class: "reactions" },
      message.reactions.map(({ emoji, count, users }) =>
        el(
          "button",
          {
            type: "button",
            class: "reaction",
            "aria-pressed": String(users.includes(this.store.me.id)),
            title: users.map((id) => this.store.nickname(id)).join(", "),
            onclick: () => this.actions.react(message, emoji),
          },
          `${emoji} ${count}`,
        ),
      ),
    );
  }

  failure(pending) {
    return el(
      "p",
      { class: "failure", role: "alert" },
      icon("alert"),
      pending.error,
      el("button", { type: "button", class: "link", onclick: () => this.actions.retry(pending) }, gettext("Try again")),
      el("button", { type: "button", class: "link", onclick: () => this.actions.discard(pending) }, gettext("Discard")),
    );
  }

  /** One's own message's way: sending, sent, delivered, read. */
  tick(message) {
    if (message.sender?.id !== this.store.me.id || message.recalled_at) return "";
    if (message.pending) return message.pending.state === "failed" ? "failed" : message.pending.state;
    if (this.entry.state.kind !== "direct") return "sent";
    const [receipt] = this.entry.state.receipts;
    if (!receipt) return "sent";
    if (receipt.read_seq >= message.seq) return "read";
    return receipt.delivered_seq >= message.seq ? "delivered" : "sent";
  }

  show(seq) {
    const found = this.root.querySelector(`[data-seq="${seq}"]`);
    if (!found) return;
    found.scrollIntoView({ block: "center" });
    found.classList.add("shown");
    setTimeout(() => found.classList.remove("shown"), 1500);
  }
}

function portrait({ id, nickname, avatar: url }) {
  return avatar({ id, name: nickname, url });
}

function tickMark(state) {
  const labels = {
    sending: gettext("Sending"),
    sent: gettext("Sent"),
    delivered: gettext("Delivered"),
    read: gettext("Read"),
    failed: gettext("Not sent"),
  };
  const icons = { sending: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert" };
  return el("span", { class: `tick ${state}`, title: labels[state], role: "img", "aria-label": labels[state] }, icon(icons[state]));
}
