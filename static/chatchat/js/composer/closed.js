/* Where one may not write, the reason, in place of where one would. */

import { api } from "../api.js";
import { el } from "../dom.js";
import { inlineName } from "../text.js";

const LONGEST_TIMER = 2 ** 31 - 1;

/** A function of a conversation, and whether something is typed there: shows the state, says whether one may. */
export function closed(form, person, store) {
  const place = form.querySelector(".closed");
  const writing = form.querySelector(".writing");
  let shown = "";
  let timer = null;

  return (entry, typed) => {
    const { may_send: may, muted_until: muted, silenced } = entry.state;
    const until = silenced?.until ?? muted;
    clearTimeout(timer);
    if (!may && until) timer = setTimeout(() => again(entry, store), wait(until));
    const text = may ? "" : reason(entry.state);
    place.hidden = may;
    // What was typed stays in sight, to be copied at least.
    writing.hidden = !may && !typed;
    if (`${entry.id} ${text}` !== shown) place.replaceChildren(...told(entry.state, text, person));
    shown = `${entry.id} ${text}`;
    return may;
  };
}

function told({ kind, peer }, text, person) {
  const button = { type: "button", class: "link", onclick: () => person(peer.id) };
  const card = kind === "direct" && text && peer && el("button", button, interpolate(gettext("About %s"), [inlineName(peer.nickname)]));
  return [el("span", {}, text), card].filter(Boolean);
}

function reason({ kind, muted, muted_until: until, silenced }) {
  if (silenced) {
    const text = gettext("You can read, but not write anywhere until %s: a moderator has stopped you. Reason: %s");
    return interpolate(text, [moment(silenced.until), silenced.reason || "–"]);
  }
  if (kind === "direct") {
    return gettext("You can read here, but not write: you are not friends at the moment, or one of you blocks the other.");
  }
  if (until) return interpolate(gettext("You can read here, but not write: you are muted until %s."), [moment(until)]);
  if (muted) return gettext("You can read here, but not write: you are muted.");
  return gettext("You can read here, but not write: everybody is muted. Only the owner and admins may write now.");
}

function moment(until) {
  const date = new Date(until);
  const today = date.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short", hourCycle: "h23" } : { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" };
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", style).format(date);
}

function wait(until) {
  return Math.min(LONGEST_TIMER, Math.max(0, Date.parse(until) - Date.now()) + 1000);
}

/** A mute ends by itself; nobody tells of it. */
async function again({ id }, store) {
  const conversation = await api("GET", `conversations/${id}`).catch(() => null);
  if (conversation) store.take({ type: "conversation", conversation });
}
