/*
 * One message as it stands in the stream. Its parts only say what they are (`data-person`, `data-quote`,
 * `data-emoji`, `data-picture`, `data-do`); what a click on them does is in deeds.js.
 */

import { attachments } from "./attachments.js";
import { avatar, el, icon } from "../dom.js";
import { exactly, preview, recalled, system, time } from "../format.js";
import { onlyEmoji, plainName, text } from "../text.js";

const WRITE_AGAIN = 5 * 60 * 1000; // milliseconds

/** `view` is what the stream knows of it: `{store, entry, mine, follows, quoted, tick}`. */
export function messageNode(message, view) {
  const { mine, follows, store, entry } = view;
  const classes = ["message", mine && "mine", follows && "follows", message.pending?.state];
  const named = !mine && entry.state.kind === "group" && !follows;
  return el(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      data: message.seq ? { seq: message.seq } : {},
      tabindex: "-1",
    },
    !mine && (follows ? el("span", { class: "avatar blank" }) : portrait(message.sender)),
    el(
      "div",
      { class: "column" },
      named && sender(message.sender),
      el("div", { class: "line" }, bubble(message, view)),
      reactions(message, store),
      message.pending?.state === "failed" && failure(message.pending),
    ),
  );
}

/** A line of the system's. */
export function systemNode(message, store) {
  const said = system(message.data, store);
  return el("div", { class: "system", data: { seq: message.seq }, title: exactly(message.sent_at) }, said);
}

function portrait({ id, nickname, avatar: url }) {
  const name = plainName(nickname);
  return el(
    "button",
    { class: "portrait", type: "button", tabindex: "-1", title: name, "aria-label": name, data: { person: id } },
    avatar({ id, name: nickname, url }),
  );
}

function sender({ id, nickname }) {
  return el(
    "p",
    { class: "sender" },
    el("button", { type: "button", tabindex: "-1", data: { person: id } }, el("bdi", {}, plainName(nickname))),
  );
}

function bubble(message, view) {
  if (message.recalled_at) return gone(message, view);
  const files = message.pending?.attachments || message.data?.attachments || [];
  const emoji = files.length || message.reply_to ? 0 : onlyEmoji(message.body);
  const classes = ["bubble", emoji && `large of-${Math.min(emoji, 4)}`, files.length && "with-files", !message.body && "bare"];
  return el(
    "div",
    { class: classes.filter(Boolean).join(" ") },
    message.reply_to && quote(message.reply_to, view),
    attachments(files),
    message.body && el("div", { class: "text", dir: "auto" }, text(message, view.store)),
    meta(message, view),
  );
}

function gone(message, view) {
  const taken = view.mine && view.entry.taken.get(message.seq);
  return el(
    "div",
    { class: "bubble recalled" },
    el("div", { class: "text" }, recalled(message, view.store)),
    taken &&
      Date.now() - taken.at < WRITE_AGAIN &&
      el("button", { type: "button", class: "link", tabindex: "-1", data: { do: "again" } }, gettext("Edit again")),
    meta(message, view),
  );
}

function meta(message, { tick }) {
  return el(
    "span",
    { class: "meta" },
    message.edited_at && !message.recalled_at && el("span", { title: exactly(message.edited_at) }, gettext("edited")),
    el("time", { datetime: message.sent_at, title: exactly(message.sent_at) }, time(message.sent_at)),
    tick && tickMark(tick),
  );
}

function quote(seq, { quoted, store }) {
  const name = quoted?.sender ? plainName(quoted.sender.nickname) : "";
  return el(
    "button",
    { class: "quote", type: "button", tabindex: "-1", data: { quote: seq } },
    el("strong", {}, el("bdi", {}, name || gettext("Reply"))),
    el("span", { dir: "auto" }, quoted ? preview(quoted, store) : gettext("An earlier message")),
  );
}

function reactions(message, store) {
  if (!message.reactions?.length || message.recalled_at) return null;
  return el(
    "div",
    { class: "reactions" },
    message.reactions.map(({ emoji, count, users }) =>
      el(
        "button",
        {
          type: "button",
          class: "reaction",
          tabindex: "-1",
          "aria-pressed": String(users.includes(store.me.id)),
          data: { emoji },
        },
        el("span", { class: "emoji" }, emoji),
        ` ${count}`,
      ),
    ),
  );
}

function failure(pending) {
  return el(
    "p",
    { class: "failure", role: "alert" },
    icon("alert"),
    pending.error,
    el("button", { type: "button", class: "link", tabindex: "-1", data: { do: "retry" } }, gettext("Try again")),
    el("button", { type: "button", class: "link", tabindex: "-1", data: { do: "discard" } }, gettext("Discard")),
  );
}

// ---- ticks

/** One's own message's way: sending, sent, delivered, read. */
export function tickOf(message, entry, me) {
  if (message.sender?.id !== me.id || message.recalled_at || message.kind === "system") return "";
  if (message.pending) return message.pending.state;
  if (entry.state.kind !== "direct") return "sent";
  const [receipt] = entry.state.receipts;
  if (!receipt) return "sent";
  if (receipt.read_seq >= message.seq) return "read";
  return receipt.delivered_seq >= message.seq ? "delivered" : "sent";
}

const TICKS = { sending: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert" };

function tickMark(state) {
  const labels = {
    sending: gettext("Sending"),
    sent: gettext("Sent"),
    delivered: gettext("Delivered"),
    read: gettext("Read"),
    failed: gettext("Not sent"),
  };
  return el(
    "span",
    { class: `tick ${state}`, title: labels[state], role: "img", "aria-label": labels[state] },
    icon(TICKS[state]),
  );
}

/** Another tick on a message that is otherwise the same. */
export function showTick(node, tick) {
  const old = node.querySelector(".tick");
  if (!old || !tick) return false;
  old.replaceWith(tickMark(tick));
  return true;
}
