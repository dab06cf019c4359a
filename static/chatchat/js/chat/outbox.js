/*
 * Sending: each message keeps its client_id until the server has it, so that sending again is harmless.
 *
 * What is unsent is kept in this browser too, and goes out after a reload. A message belongs to the tab
 * in which it was written; another takes it over only when that one is closed. In a conversation one goes
 * after the other, but for those that wait for their files: they are overtaken.
 */

import { keys, read, TAB, tabs, write } from "../kept.js";
import { uploads } from "../composer/uploads.js";

/* Refusals that pass by themselves. */
const PASSING = new Set(["rate_limited", "unavailable", "busy"]);
const PREFIX = "out/";
const AFTER_TIMEOUT = 5; // seconds

export class Outbox {
  constructor(store, connection) {
    this.store = store;
    this.connection = connection;
    this.mine = new Map(); // client_id → [conversation, message], until the server has it
    this.busy = new Set(); // conversations of which one is on its way
    connection.addEventListener("state", (event) => event.detail === "online" && this.resume());
    store.addEventListener("conversation", (event) => this.settle(event.detail));
    uploads.addEventListener("change", (event) => this.uploaded(event.detail));
    document.addEventListener("visibilitychange", () => this.connection.state === "online" && this.restore());
  }

  send(entry, body, replyTo, attachments = []) {
    const message = {
      client_id: crypto.randomUUID ? crypto.randomUUID() : uuid(),
      body,
      reply_to: replyTo,
      attachments,
      sent_at: new Date().toISOString(),
      state: "sending",
      error: "",
    };
    this.take(entry, message);
  }

  take(entry, message) {
    this.mine.set(message.client_id, [entry.id, message]);
    entry.pending.push(message);
    this.look(message);
    this.changed(entry.id, message);
    this.pump(entry.id);
  }

  retry(entry, message) {
    Object.assign(message, { state: "sending", error: "", refused: false });
    for (const upload of message.attachments) uploads.retry(upload);
    this.changed(entry.id, message);
    this.pump(entry.id);
  }

  discard(entry, message) {
    for (const upload of message.attachments) uploads.cancel(upload);
    this.drop(entry, message);
  }

  /** The message goes without this file; without anything, it does not go. */
  withdraw(entry, message, upload) {
    if (!message.body && message.attachments.length < 2) return this.discard(entry, message);
    uploads.cancel(upload);
    message.attachments = message.attachments.filter((one) => one !== upload);
    this.look(message);
    this.changed(entry.id, message);
    this.pump(entry.id);
  }

  /** It is the server's now, or nobody's. */
  drop(entry, message) {
    this.forget(message);
    entry.pending = entry.pending.filter((one) => one !== message);
    this.store.tell("conversation", entry.id);
  }

  forget(message) {
    this.mine.delete(message.client_id);
    write(PREFIX + message.client_id, null);
    message.attachments.forEach((upload) => uploads.release(upload));
  }

  // ---- kept over a reload

  changed(id, message) {
    const { state, attachments, ...rest } = message;
    const kept = { ...rest, state, attachments: attachments.map((upload) => uploads.brief(upload)) };
    if (state === "sent") this.forget(message);
    else write(PREFIX + message.client_id, { ...kept, conversation: id, tab: TAB });
    this.store.tell("conversation", id);
  }

  /** Take over what closed tabs left, this one before its reload included. */
  async restore() {
    const open = await tabs();
    const left = keys(PREFIX)
      .map((key) => read(key))
      .filter((kept) => kept && !open.has(kept.tab) && !this.mine.has(kept.client_id))
      .sort((one, other) => one.sent_at.localeCompare(other.sent_at));
    for (const { conversation, tab, ...message } of left) {
      const entry = this.store.conversations.get(conversation);
      if (!entry || this.mine.has(message.client_id)) continue;
      message.attachments = message.attachments.map((kept) => uploads.restore(kept));
      this.take(entry, message);
    }
  }

  /** What has come as a message, with history or after a cut, is not unsent any more. */
  settle(id) {
    const pending = this.store.conversations.get(id)?.pending || [];
    for (const [conversation, message] of [...this.mine.values()]) {
      if (conversation === id && !pending.includes(message)) this.forget(message);
    }
  }

  // ---- files

  uploaded(upload) {
    for (const [id, message] of this.mine.values()) {
      if (!message.attachments.includes(upload)) continue;
      this.look(message);
      if (upload.state === "uploading") this.store.tell("conversation", id);
      else this.changed(id, message);
      this.pump(id);
    }
  }

  /** A message whose file cannot be uploaded has failed. */
  look(message) {
    const failed = message.attachments.find(({ state, again }) => state === "failed" && !again);
    if (failed) Object.assign(message, { state: "failed", error: `${failed.name}: ${failed.error}` });
    else if (message.state === "failed" && !message.refused) Object.assign(message, { state: "sending", error: "" });
  }

  // ---- going out

  async resume() {
    uploads.resume();
    await this.restore();
    for (const id of this.store.conversations.keys()) this.pump(id);
  }

  /** Send what is ready in the conversation, one after the other, until there is none or it goes no further. */
  async pump(id) {
    if (this.busy.has(id)) return;
    this.busy.add(id);
    for (let message = this.ready(id); message; message = this.ready(id)) {
      if (!(await this.deliver(this.store.conversations.get(id), message))) break;
    }
    this.busy.delete(id);
  }

  ready(id) {
    const pending = this.store.conversations.get(id)?.pending || [];
    return pending.find(
      ({ state, attachments }) => state === "sending" && attachments.every((upload) => upload.state === "done"),
    );
  }

  /** Whether the next one may follow. */
  async deliver(entry, message) {
    try {
      const { version } = await this.connection.request(frame(entry, message));
      message.state = "sent";
      this.changed(entry.id, message);
      // It comes as a frame like everybody's, unless it has come already: this was a retry.
      if (entry.cursor >= version || arrived(entry, message)) this.drop(entry, message);
    } catch (error) {
      if (this.passes(entry, error)) return false;
      // The server had it already, as another tab sent it.
      if (error.code === "client_id_conflict") this.drop(entry, message);
      else {
        Object.assign(message, { state: "failed", error: error.message, refused: true });
        this.changed(entry.id, message);
      }
    }
    return true;
  }

  /** What is cut off goes out again after resuming, what comes too fast after a while. */
  passes(entry, { code, retryAfter }) {
    if (code === "offline") return true;
    const wait = code === "timeout" ? AFTER_TIMEOUT : PASSING.has(code) && (retryAfter || 2);
    if (wait) setTimeout(() => this.pump(entry.id), wait * 1000);
    return Boolean(wait);
  }
}

function frame(entry, { client_id, body, reply_to, attachments }) {
  const message = { type: "message.send", conversation: entry.id, client_id, kind: "text", body };
  if (reply_to) message.reply_to = reply_to;
  if (attachments.length) message.attachments = attachments.map((upload) => upload.id);
  return message;
}

function arrived(entry, message) {
  return [...entry.messages.values()].some((known) => known.client_id === message.client_id);
}

/** A random UUID where the browser offers none: outside of secure contexts. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
