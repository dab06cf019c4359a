/* What a moderator did, said where it is seen: over the page while it goes on, in its place where it ended. */

import { el } from "../dom.js";
import { inlineName } from "../text.js";

const WORDS = {
  "message.recalled": () => gettext("A moderator has recalled what you wrote."),
  "message.restored": () => gettext("What you wrote is to be read again."),
  "member.muted": () => gettext("A moderator has muted you in “%s”."),
  "member.unmuted": () => gettext("You may write in “%s” again."),
  "member.removed": () => gettext("A moderator has removed you from “%s”."),
  "group.dissolved": () => gettext("A moderator has dissolved the group “%s”."),
  "group.restored": () => gettext("The group “%s” is back."),
  "person.silenced": () => gettext("A moderator has stopped you from writing. You can go on reading."),
  "person.unsilenced": () => gettext("You may write again."),
};

/** A `notice` frame: shown until it is put away; true if the connection ends with it. */
export function notice(frame) {
  const { action, reason, until, title } = frame;
  if (action === "person.sessions_ended") {
    ended(gettext("A moderator has signed you out everywhere."), reason, until);
    return true;
  }
  const words = WORDS[action]?.();
  if (!words) return false;
  const note = el("div", { class: "told", role: "alert" });
  const away = el("button", { type: "button", class: "small quiet", onclick: () => note.remove() }, gettext("Put away"));
  note.append(el("p", {}, words.includes("%s") ? interpolate(words, [inlineName(title)]) : words), ...why(reason, until), away);
  document.getElementById("notes").append(note);
  return false;
}

/** An `error` frame of this code, after which the server closes the connection. */
export function banned({ details }) {
  ended(gettext("Your account has been banned."), details?.reason, details?.until);
}

/** The page says what ended, and holds nothing else any more. */
function ended(what, reason, until) {
  const root = document.getElementById("chat");
  const again = el("a", { class: "button quiet", href: root.dataset.login }, gettext("Sign in"));
  const heading = el("h1", { tabindex: "-1" }, what);
  root.replaceChildren(el("section", { class: "ended card", role: "alert" }, heading, ...why(reason, until), again));
  document.title = `${what} · chatchat`;
  heading.focus();
}

function why(reason, until) {
  const lines = [];
  if (reason) lines.push(el("p", {}, gettext("Reason:"), " ", el("bdi", {}, reason)));
  if (until) lines.push(el("p", {}, interpolate(gettext("Until %s."), [moment(until)])));
  return lines;
}

function moment(until) {
  const style = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" };
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", style).format(new Date(until));
}
