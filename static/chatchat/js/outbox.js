/* Sending: each message keeps its client_id until the server has it, so that sending again is harmless. */

/* Refusals that pass by themselves. */
const PASSING = new Set(["rate_limited", "unavailable", "busy"]);

export class Outbox {
  constructor(store, connection) {
    this.store = store;
    this.connection = connection;
    connection.addEventListener("state", (event) => event.detail === "online" && this.resume());
  }

  send(entry, body, replyTo) {
    const message = {
      client_id: crypto.randomUUID ? crypto.randomUUID() : uuid(),
      body,
      reply_to: replyTo,
      sent_at: new Date().toISOString(),
      state: "sending",
    };
    entry.pending.push(message);
    this.deliver(entry, message);
  }

  retry(entry, message) {
    message.state = "sending";
    this.deliver(entry, message);
  }

  discard(entry, message) {
    entry.pending = entry.pending.filter((one) => one !== message);
    this.store.tell("conversation", entry.id);
  }

  resume() {
    for (const entry of this.store.conversations.values()) {
      for (const message of entry.pending) {
        if (message.state === "sending") this.deliver(entry, message);
      }
    }
  }

  async deliver(entry, message) {
    this.store.tell("conversation", entry.id);
    const frame = {
      type: "message.send",
      conversation: entry.id,
      client_id: message.client_id,
      kind: "text",
      body: message.body,
    };
    if (message.reply_to) frame.reply_to = message.reply_to;
    try {
      await this.connection.request(frame);
      message.state = "sent";
      // The message itself comes as a frame like everybody's; it may have come with the history already.
      for (const known of entry.messages.values()) {
        if (known.client_id === message.client_id) this.discard(entry, message);
      }
    } catch (error) {
      // Cut off: it stays, and goes out again by itself after resuming.
      if (error.code === "offline" || error.code === "timeout") return;
      if (PASSING.has(error.code)) {
        setTimeout(() => this.deliver(entry, message), (error.retryAfter || 2) * 1000);
      } else {
        message.state = "failed";
        message.error = error.message;
      }
    }
    this.store.tell("conversation", entry.id);
  }
}

/** A random UUID where the browser offers none: outside of secure contexts. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
