/* How far one has received and read, told to the server: the highest counts, and one a second is enough. */

const EVERY = 1000; // milliseconds between two markers of one conversation

export class Marks {
  constructor(connection) {
    this.connection = connection;
    this.known = new Map();
    addEventListener("pagehide", () => this.flush());
  }

  /** Before the page goes: what waits is sent at once. */
  flush() {
    for (const [key, known] of this.known) {
      if (!known.timer) continue;
      clearTimeout(known.timer);
      const [type, conversation] = key.split(" ");
      this.send(type, Number(conversation), known);
    }
  }

  /** After resuming nothing is taken as sent: what was lost is set again. */
  clear() {
    this.known.clear();
  }

  delivered(entry, seq) {
    if (seq > entry.state.delivered_seq) this.mark("delivered", entry.id, seq);
  }

  read(entry, seq) {
    if (seq > entry.state.read_seq) this.mark("read", entry.id, seq);
  }

  mark(type, conversation, seq) {
    const key = `${type} ${conversation}`;
    const known = this.known.get(key) || { seq: 0, sent: 0, timer: null };
    this.known.set(key, known);
    if (seq <= known.seq) return;
    known.seq = seq;
    known.timer ||= setTimeout(() => this.send(type, conversation, known), Math.max(0, known.sent + EVERY - Date.now()));
  }

  send(type, conversation, known) {
    known.timer = null;
    known.sent = Date.now();
    if (!this.connection.post({ type, conversation, seq: known.seq })) known.seq = 0;
  }
}
