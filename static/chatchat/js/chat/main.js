/* The chat page: puts the parts together. */

import { Announcements } from "../people/announcement.js";
import { abandon, api } from "../api.js";
import { Bell } from "./bell.js";
import { Composer } from "../composer/composer.js";
import { Connection } from "./socket.js";
import { Dialogs } from "../people/people.js";
import { Heading, tool } from "./heading.js";
import { drafts } from "../composer/drafts.js";
import { icon } from "../dom.js";
import { pickEmoji } from "../composer/emoji.js";
import { ConversationList, title } from "./list.js";
import { Marks } from "./marks.js";
import { banned, notice } from "./notice.js";
import { Notifier } from "../notify.js";
import { options } from "../people/options.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { go, leave, wanted } from "./route.js";
import { Store } from "./store.js";
import { Stream } from "../stream/stream.js";
import { toast } from "../toast.js";
import { Typists } from "./typing.js";

const OFFLINE_AFTER = 800; // milliseconds

const root = document.getElementById("chat");
const byId = (id) => document.getElementById(id);
const store = new Store();
const typists = new Typists();
const connection = new Connection(() => store.cursors());
store.request = (frame) => connection.request(frame);
const outbox = new Outbox(store, connection);
const marks = new Marks(connection);
const presence = new Presence(store, connection);
let current = null;
let target = null; // {conversation, seq}: the message that is gone to

// ---- the parts

const dialogs = new Dialogs(store, {
  open: go,
  show: showMessage,
  send: (conversation, body) => outbox.send(store.conversations.get(conversation), body),
});
const list = new ConversationList(byId("conversations"), byId("search"), store, typists, {
  open: go,
  draft: (id) => drafts.line(id),
  people: () => dialogs.showPeople("find"),
  groups: () => dialogs.showGroups(),
  messages: (text) => dialogs.showSearch(null, text),
});
const heading = new Heading(byId("heading"), store, typists, {
  about: ({ id, state }) => (state.kind === "group" ? dialogs.showGroup(id) : dialogs.showPerson(state.peer.id)),
  menu: (entry) => [
    tool("search", gettext("Search in this conversation"), () => dialogs.showSearch(entry), { "data-key": "search" }),
    entry.state.kind === "group" && tool("people", gettext("Members"), () => dialogs.showGroup(entry.id, "members")),
    options(entry, store),
  ],
});
const stream = new Stream(byId("stream"), store, {
  seen,
  problem: toast,
  reply: (message) => composer.compose({ replyTo: message }),
  edit: (message) => composer.compose({ editing: message }),
  recall: (message) => change({ type: "message.recall", seq: message.seq }),
  person: (id) => dialogs.showPerson(id),
  react: toggleReaction,
  write: () => composer.field.focus(),
  again: (body) => composer.field.insert(body),
  pickEmoji,
  retryUpload: (pending) => outbox.retry(current, pending),
  cancelUpload: (pending, upload) => outbox.withdraw(current, pending, upload),
  retry: (pending) => outbox.retry(current, pending),
  discard: (pending) => outbox.discard(current, pending),
});
const composer = new Composer(byId("composer"), store, {
  send(body, replyTo, files) {
    stream.sending();
    outbox.send(current, body, replyTo, files);
  },
  edit: ({ seq }, body) => connection.request({ type: "message.edit", conversation: current.id, seq, body }),
  typing: (active, conversation) => connection.post({ type: "typing", conversation, active }),
  person: (id) => dialogs.showPerson(id),
});
const announcements = new Announcements(byId("stream"), store, (id) => dialogs.showGroup(id));
dialogs.announcements = announcements;
const notifier = new Notifier(store, { viewing: () => (attentive() ? current?.id : null), title, open: go });

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

function route() {
  if (!store.me) return;
  const id = wanted();
  const entry = store.conversations.get(id) || null;
  // One that was just joined: its frame is on its way, and calls here again.
  if (entry === current && entry) return;
  current = entry;
  root.classList.toggle("reading", Boolean(entry));
  byId("nothing").hidden = Boolean(entry);
  byId("pane").hidden = !entry;
  showTitle();
  list.select(entry?.id ?? null);
  heading.open(entry);
  composer.open(entry);
  announcements.show(entry);
  stream.open(entry, entry && target?.conversation === entry.id ? target.seq : null).then(() => seen());
  target = null;
  showTyping();
}

/** Go to a message, in whichever conversation it is. */
async function showMessage(conversation, seq) {
  if (current?.id === conversation) return stream.show(seq);
  try {
    if (!store.conversations.has(conversation)) await store.fetchConversation(conversation);
  } catch (error) {
    return toast(error.message);
  }
  target = { conversation, seq };
  go(conversation);
}

function showTitle() {
  const name = current ? `${title(current)} · chatchat` : "chatchat";
  if (name === notifier.name) return;
  document.title = name;
  notifier.badge();
}

addEventListener("popstate", route);
drafts.addEventListener("draft", () => store.tell("list"));
store.addEventListener("list", () => !current && route());
store.addEventListener("conversation", ({ detail }) => {
  if (detail !== current?.id) return;
  composer.permit();
  showTitle();
});
store.addEventListener("gone", (event) => {
  if (event.detail !== current?.id) return;
  toast(gettext("You are not in this conversation any more."));
  current = null;
  leave();
});

// ---- what one has seen

function attentive() {
  return document.visibilityState === "visible" && document.hasFocus();
}

/** Up to `seq` it has been on the screen. */
function seen(seq = stream.seen()) {
  if (!current || !seq || !attentive()) return;
  marks.read(current, seq);
  if (seq >= current.state.last_seq && current.state.unread) {
    current.state.unread = 0;
    store.tell("list");
  }
}

addEventListener("focus", () => seen());
document.addEventListener("visibilitychange", () => seen());

// ---- frames

connection.addEventListener("frame", ({ detail: frame }) => {
  if (frame.type === "ready") presence.clear();
  store.take(frame);
  if (frame.type === "ready") {
    marks.clear();
    dialogs.refresh().catch(() => {});
    route();
    if (wanted() && !store.conversations.has(wanted())) missing(wanted());
  } else if (frame.type === "message") {
    arrived(frame);
  } else if (frame.type === "presence") {
    presence.take(frame);
  } else if (frame.type === "notice") {
    if (notice(frame)) gone();
  } else if (frame.type === "error" && frame.error.code === "banned") {
    banned(frame.error);
    gone();
  } else if (frame.type === "typing") {
    if (frame.user !== store.me.id) typists.take(frame);
  } else {
    dialogs.take(frame);
  }
});

function arrived({ conversation, message }) {
  const entry = store.conversations.get(conversation);
  if (!entry) return;
  marks.delivered(entry, message.seq);
  typists.stopped(conversation, message.sender?.id);
  notifier.message(entry, message);
}

/** The address names one that is not among those told of at first: an old one, or none of one's own. */
async function missing(id) {
  const conversation = await api("GET", `conversations/${id}`).catch(() => null);
  if (conversation) return store.take({ type: "conversation", conversation });
  toast(gettext("There is no such conversation, or it is not for you."));
  leave();
}

/** Shut out: what the page says of it stays, instead of the login page. */
function gone() {
  connection.stop();
  abandon();
}

// ---- who is typing

function showTyping() {
  byId("typing").textContent = current ? typists.line(current.id, store) : "";
}

typists.addEventListener("typing", showTyping);
store.addEventListener("people", showTyping);

// ---- the bar for being offline

connection.addEventListener("state", ({ detail: state }) => {
  const bar = byId("offline");
  clearTimeout(bar.timer);
  if (state === "online") bar.hidden = true;
  else bar.timer = setTimeout(away, OFFLINE_AFTER);
  if (state === "online") {
    presence.watch();
    seen();
  }
});
/** It is not only a moment between two connections. */
function away() {
  byId("offline").hidden = false;
  presence.lost();
}

byId("reconnect").addEventListener("click", () => connection.hurry());

// ---- buttons that are in the page from the start

for (const place of document.querySelectorAll("[data-icon]")) place.prepend(icon(place.dataset.icon));
byId("show-people").addEventListener("click", () => dialogs.showPeople());
byId("show-groups").addEventListener("click", () => dialogs.showGroups());
byId("back").addEventListener("click", () => go(null));
new Bell(byId("bell"), byId("ask-notifications"));
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    connection.stop();
    abandon();
  });
}

connection.open();
