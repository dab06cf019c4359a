/* The socket: one connection that comes back by itself and resumes. docs/websocket.md is its protocol. */

import { api, ApiError, signIn } from "../api.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const REPLY_WITHIN = 15000;
const PING_EVERY = 25000;

/** Tells `frame` (its detail is the frame) and `state` (connecting, online, offline). */
export class Connection extends EventTarget {
  constructor(cursors) {
    super();
    this.cursors = cursors;
    this.state = "connecting";
    this.waiting = new Map();
    this.number = 0;
    this.tries = 0;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.lost());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    setInterval(() => this.ping(), PING_EVERY);
  }

  open() {
    clearTimeout(this.timer);
    this.socket?.close();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/chat/`, "chatchat.v1");
    this.socket = socket;
    this.opened = false;
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.opened = true;
      this.post({ type: "hello", cursors: this.cursors() });
    };
    socket.onmessage = (event) => socket === this.socket && this.receive(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.closed(event.code);
  }

  receive(frame) {
    this.tries = 0;
    const waiting = this.waiting.get(frame.re);
    if (waiting) {
      this.waiting.delete(frame.re);
      clearTimeout(waiting.timer);
      if (frame.type === "error") waiting.reject(new ApiError(frame.error, 400));
      else waiting.resolve(frame);
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (frame.type === "synced") this.become("online");
  }

  /** The browser says that there is no line: a socket may take minutes to notice. */
  lost() {
    const { socket } = this;
    if (!socket || this.stopped) return;
    this.socket = null;
    socket.close();
    this.closed(1006);
  }

  /** For good: the page is being left. */
  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  async closed(code) {
    if (this.stopped) return;
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new ApiError({ code: "offline", message: gettext("The connection was lost.") }, 0));
    }
    this.waiting.clear();
    this.become("offline");
    if (code === 4403) return signIn();
    const { socket } = this;
    // A browser is told neither why a handshake was refused nor which login ended: ask.
    if (code === 4401 || !this.opened) {
      try {
        await api("GET", "auth/session");
      } catch (error) {
        if (error.status === 401) return;
        if (error.status === 403) return signIn();
      }
    }
    // Meanwhile something else has opened another one.
    if (this.stopped || socket !== this.socket) return;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries++);
    this.timer = setTimeout(() => this.open(), wait * (0.5 + Math.random()));
  }

  /** Something says that it may work now: try without waiting. */
  hurry() {
    if (this.state === "offline" && !this.stopped) {
      this.tries = 0;
      this.open();
    }
  }

  async ping() {
    if (this.state !== "online") return;
    const socket = this.socket;
    try {
      await this.request({ type: "ping" });
    } catch (error) {
      if (error.code === "timeout" && socket === this.socket) socket.close();
    }
  }

  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** Without waiting for a reply; false if there is no connection. */
  post(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Resolves to the reply; rejects with an ApiError, `offline` and `timeout` included. */
  request(frame) {
    const id = `p${++this.number}`;
    return new Promise((resolve, reject) => {
      if (!this.post({ ...frame, id })) {
        reject(new ApiError({ code: "offline", message: gettext("There is no connection.") }, 0));
        return;
      }
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new ApiError({ code: "timeout", message: gettext("The server did not answer.") }, 0));
      }, REPLY_WITHIN);
      this.waiting.set(id, { resolve, reject, timer });
    });
  }
}
