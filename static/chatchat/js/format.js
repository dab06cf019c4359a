/* Wording: times, previews, the system's lines, and a message's text with its links and mentions. */

import { el } from "./dom.js";

const language = document.documentElement.lang || "en";
const timeOfDay = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
const dayOfYear = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
const fullDay = new Intl.DateTimeFormat(language, { dateStyle: "full" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

export function time(moment) {
  return timeOfDay.format(new Date(moment));
}

export function exactly(moment) {
  return exact.format(new Date(moment));
}

export function sameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** For a separator between days. */
export function day(moment) {
  const now = new Date();
  if (sameDay(moment, now)) return gettext("Today");
  if (sameDay(moment, now.setDate(now.getDate() - 1))) return gettext("Yesterday");
  return fullDay.format(new Date(moment));
}

/** For the list: the time today, the day before that. */
export function short(moment) {
  return sameDay(moment, new Date()) ? time(moment) : dayOfYear.format(new Date(moment));
}

const ROLES = { owner: () => gettext("owner"), admin: () => gettext("admin"), member: () => gettext("member") };

const SYSTEM = {
  "group.created": () => gettext("%(by)s founded the group"),
  "group.renamed": () => gettext("%(by)s renamed the group to “%(name)s”"),
  "group.changed": () => gettext("%(by)s changed the group's settings"),
  "group.transferred": () => gettext("%(by)s made %(user)s the owner"),
  "group.dissolved": () => gettext("%(by)s dissolved the group"),
  "group.muted_all": () => gettext("%(by)s muted everybody"),
  "group.unmuted_all": () => gettext("%(by)s lets everybody write again"),
  "member.joined": () => gettext("%(user)s joined"),
  "member.left": () => gettext("%(user)s left"),
  "member.removed": () => gettext("%(by)s removed %(user)s"),
  "member.muted": () => gettext("%(by)s muted %(user)s"),
  "member.unmuted": () => gettext("%(by)s lets %(user)s write again"),
  "role.changed": () => gettext("%(by)s made %(user)s: %(role)s"),
};

/** A role's name in the reader's language. */
export function role(name) {
  return ROLES[name]?.() || name;
}

/** A line of the system's, in the reader's language. */
export function system(data, store) {
  const word = SYSTEM[data.event];
  if (!word) return data.event || "";
  const names = { name: data.name, role: role(data.role) };
  for (const key of ["by", "user"]) names[key] = data[key] ? store.nickname(data[key]) : gettext("The system");
  return interpolate(word(), names, true);
}

/** One line that stands for a message. */
export function preview(message, store) {
  if (!message) return "";
  if (message.recalled_at) return gettext("Message recalled");
  if (message.kind === "system") return system(message.data, store);
  return message.body.replace(/\s+/g, " ");
}

const LINK = /https?:\/\/[^\s<>"'，。；！？、（）《》【】]+[^\s<>"'，。；！？、（）《》【】.,;:!?)\]]/g;

/** A message's text as nodes: links can be followed, mentions stand out, all else is plain text. */
export function text(message, store) {
  const nodes = [];
  let end = 0;
  for (const match of message.body.matchAll(LINK)) {
    nodes.push(...mentions(message.body.slice(end, match.index), message, store));
    nodes.push(
      el("a", { href: match[0], target: "_blank", rel: "noopener noreferrer nofollow" }, match[0]),
    );
    end = match.index + match[0].length;
  }
  nodes.push(...mentions(message.body.slice(end), message, store));
  return nodes;
}

function mentions(part, message, store) {
  const named = message.data?.mentions;
  if (!named || !part.includes("@")) return part ? [part] : [];
  const names =
    named === "all" ? ["all", "everyone", "所有人", "全体成员"] : named.map((id) => store.people.get(id)?.nickname).filter(Boolean);
  if (!names.length) return [part];
  const escaped = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(@(?:${escaped.join("|")}))`, "i");
  const mine = named === "all" || named.includes(store.me.id);
  return part
    .split(pattern)
    .map((piece, index) => (index % 2 ? el("span", { class: mine ? "mention mine" : "mention" }, piece) : piece))
    .filter((piece) => piece !== "");
}
