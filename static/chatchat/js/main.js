/* The chat page: puts the parts together. */

import { el, icon, replaceChildren } from "./dom.js";
import { ConversationList, picture, title } from "./list.js";
import { Composer } from "./composer.js";
import { Connection } from "./socket.js";
import { Dialogs } from "./people.js";
import { Outbox } from "./outbox.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";

const MARK_EVERY = 1000; // milliseconds between two markers of one conversation
const TYPING_FOR = 5000;

const root = document.getElementById("chat");
const store = new Store();
const connection = new Connection(() => store.cursors());
const outbox = new Outbox(store, connection);
let current = null;

// ---- the parts

const list = new ConversationList(document.getElementById("conversations"), store, go);
const dialogs = new Dialogs(store, go);
const stream = new Stream(document.getElementById("stream"), store, {
  seen,
  problem: toast,
  reply: (message) => composer.compose({ replyTo: message }),
  edit: (message) => composer.compose({ editing: message }),
  recall: (message) => change({ type: "message.recall", seq: message.seq }),
  react: toggleReaction,
  retry: (pending) => outbox.retry(current, pending),
  discard: (pending) => outbox.discard(current, pending),
});
const composer = new Composer(document.getElementById("composer"), store, {
  send(body, replyTo) {
    stream.stuck = true;
    stream.unreadFrom = null;
    outbox.send(current, body, replyTo);
  },
  edit: (message, body) => change({ type: "message.edit", seq: message.seq, body }),
  typing: () => connection.post({ type: "typing", conversation: current.id, active: true }),
});

async function change(frame) {
  try {
    await connection.request({ ...frame, conversation: current.id });
  } catch (error) {
    toast(error.message);
  }
}

function toggleReaction(message, emoji) {
  const mine = message.reactions.some((one) => one.emoji === emoji && one.users.includes(store.me.id));
  change({ type: mine ? "reaction.remove" : "reaction.add", seq: message.seq, emoji });
}

// ---- which conversation is open

function go(id) {
  location.hash = id ? `#/c/${id}` : "";
}

function route() {
  if (!store.me) return;
  const id = Number(/^#\/c\/(\d+)$/.exec(location.hash)?.[1]);
  const entry = store.conversations.get(id) || null;
  // One that was just joined: its frame is on its way, and calls here again.
  if (entry === current && entry) return;
  current = entry;
  root.classList.toggle("reading", Boolean(entry));
  list.select(entry?.id ?? null);
  document.getElementById("nothing").hidden = Boolean(entry);
  document.getElementById("pane").hidden = !entry;
  heading();
  composer.open(entry);
  stream.open(entry).then(seen);
}

function heading() {
  if (!current) return;
  const { kind } = current.state;
  replaceChildren(
    document.getElementById("about"),
    picture(current),
    el("h1", {}, el("bdi", {}, title(current))),
    kind === "group" &&
      el(
        "button",
        { class: "tool", type: "button", title: gettext("Members"), "aria-label": gettext("Members"),
          onclick: () => dialogs.showMembers(current) },
        icon("people"),
      ),
  );
}

addEventListener("hashchange", route);
store.addEventListener("list", () => {
  if (!current) route();
  const unread = store.unread();
  document.title = unread ? `(${unread}) chatchat` : "chatchat";
});
store.addEventListener("conversation", (event) => {
  if (event.detail !== current?.id) return;
  heading();
  composer.permit();
});
store.addEventListener("gone", (event) => {
  if (event.detail !== current?.id) return;
  toast(gettext("You are not in this conversation any more."));
  current = null;
  go(null);
});

// ---- how far one has received and read

const marks = new Map();

/** Send a marker: the highest counts, and one a second is enough. */
function mark(type, entry, seq) {
  const key = `${type} ${entry.id}`;
  const known = marks.get(key) || { seq: 0, sent: 0, timer: null };
  marks.set(key, known);
  if (seq <= known.seq || seq <= entry.state[`${type === "read" ? "read" : "delivered"}_seq`]) return;
  known.seq = seq;
  known.timer ||= setTimeout(() => {
    known.timer = null;
    // Unsent marks are forgotten, to be set again after resuming.
    if (!connection.post({ type, conversation: entry.id, seq: known.seq })) known.seq = 0;
    known.sent = Date.now();
  }, Math.max(0, known.sent + MARK_EVERY - Date.now()));
}

function seen() {
  if (!current || current.from === null || !stream.stuck) return;
  if (document.visibilityState !== "visible" || !document.hasFocus()) return;
  mark("read", current, current.state.last_seq);
  if (current.state.unread) {
    current.state.unread = 0;
    store.tell("list");
  }
}

addEventListener("focus", seen);
document.addEventListener("visibilitychange", seen);

// ---- frames

connection.addEventListener("frame", ({ detail: frame }) => {
  store.take(frame);
  if (frame.type === "ready") {
    marks.clear();
    dialogs.refresh().catch(() => {});
    route();
    if (current && !store.conversations.has(current.id)) go(null);
  } else if (frame.type === "message") {
    const entry = store.conversations.get(frame.conversation);
    if (entry) mark("delivered", entry, frame.message.seq);
    stopped(frame.conversation);
  } else if (frame.type === "sync.limited") {
    catchUp(frame.conversation, frame.after);
  } else if (frame.type === "typing") {
    typing(frame);
  } else if (frame.type.startsWith("friend.")) {
    dialogs.refresh().catch(() => {});
  }
});

/** Too much was missed to be sent unasked: page through it. */
async function catchUp(id, after) {
  const entry = store.conversations.get(id);
  if (!entry || entry.limited) return;
  entry.limited = true;
  // With nothing of it on the page there is nothing to bring up to date.
  let cursor = entry.from === null && !entry.loading ? entry.state.last_version : after;
  try {
    for (let complete = false; !complete; ) {
      const page = await connection.request({ type: "sync", conversation: id, after: cursor });
      for (const message of page.messages) store.apply(entry, message);
      cursor = page.next;
      complete = page.complete;
    }
    entry.cursor = cursor;
  } catch {
    // Cut off again: the next `hello` names the old cursor.
  }
  entry.limited = false;
  store.tell("list");
  store.tell("conversation", id);
}

// ---- who is typing

const typists = new Map();

function typing({ conversation, user, active = true }) {
  const person = typeof user === "object" ? user.id : user;
  if (person === store.me.id) return;
  if (active) typists.set(conversation, { person, until: Date.now() + TYPING_FOR });
  else typists.delete(conversation);
  showTyping();
  setTimeout(showTyping, TYPING_FOR + 50);
}

function stopped(conversation) {
  if (typists.delete(conversation)) showTyping();
}

function showTyping() {
  const typist = current && typists.get(current.id);
  const line = typist && typist.until > Date.now();
  document.getElementById("typing").textContent = line
    ? interpolate(gettext("%s is typing …"), [store.nickname(typist.person)])
    : "";
}

// ---- the bar for being offline, and passing notes

connection.addEventListener("state", ({ detail: state }) => {
  const bar = document.getElementById("offline");
  clearTimeout(bar.timer);
  if (state === "online") bar.hidden = true;
  else bar.timer = setTimeout(() => (bar.hidden = false), 800);
  if (state === "online") seen();
});

function toast(message) {
  const note = el("p", { class: "toast", role: "alert" }, message);
  document.body.append(note);
  setTimeout(() => note.remove(), 5000);
}

// ---- buttons that are in the page from the start

for (const place of document.querySelectorAll("[data-icon]")) place.prepend(icon(place.dataset.icon));
document.getElementById("show-people").addEventListener("click", () => dialogs.showPeople());
document.getElementById("show-groups").addEventListener("click", () => dialogs.showGroups());
document.getElementById("back").addEventListener("click", () => go(null));
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => connection.stop());
}

connection.open();
