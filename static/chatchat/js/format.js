/* Wording: times, previews, the system's lines, sizes. A message's own text is in text.js. */

import { inlineName, oneLine, plainName } from "./text.js";

const language = document.documentElement.lang || "en";
const timeOfDay = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayOfYear = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
const dayOfAnother = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const fullDay = new Intl.DateTimeFormat(language, { dateStyle: "full" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

export function time(moment) {
  return timeOfDay.format(new Date(moment));
}

export function exactly(moment) {
  return exact.format(new Date(moment));
}

export function sameDay(one, other) {
  const [first, second] = [new Date(one), new Date(other)];
  return (
    first.getDate() === second.getDate() &&
    first.getMonth() === second.getMonth() &&
    first.getFullYear() === second.getFullYear()
  );
}

/** For a separator between days. */
export function day(moment) {
  const now = new Date();
  if (sameDay(moment, now)) return gettext("Today");
  if (sameDay(moment, now.setDate(now.getDate() - 1))) return gettext("Yesterday");
  return fullDay.format(new Date(moment));
}

/** For the list: the time today, the day before that, with its year if it is another one. */
export function short(moment) {
  const [then, now] = [new Date(moment), new Date()];
  if (sameDay(then, now)) return time(then);
  return (then.getFullYear() === now.getFullYear() ? dayOfYear : dayOfAnother).format(then);
}

const ROLES = { owner: () => gettext("owner"), admin: () => gettext("admin"), member: () => gettext("member") };

const SYSTEM = {
  "group.created": () => gettext("%(by)s founded the group"),
  "group.renamed": () => gettext("%(by)s renamed the group to “%(name)s”"),
  "group.announced": () => gettext("%(by)s changed the announcement"),
  "group.changed": () => gettext("%(by)s changed the group's settings"),
  "group.transferred": () => gettext("%(by)s made %(user)s the owner"),
  "group.dissolved": () => gettext("%(by)s dissolved the group"),
  "group.restored": () => gettext("%(by)s brought the group back"),
  "group.muted_all": () => gettext("%(by)s muted everybody"),
  "group.unmuted_all": () => gettext("%(by)s lets everybody write again"),
  "member.joined": () => gettext("%(user)s joined"),
  "member.left": () => gettext("%(user)s left"),
  "member.removed": () => gettext("%(by)s removed %(user)s"),
  "member.muted": () => gettext("%(by)s muted %(user)s"),
  "member.unmuted": () => gettext("%(by)s lets %(user)s write again"),
  "message.lost": () => gettext("A message was lost here"),
  "role.changed": () => gettext("%(by)s changed the role of %(user)s to %(role)s"),
};

/** A role's name in the reader's language. */
export function role(name) {
  return ROLES[name]?.() || name;
}

/** A line of the system's, in the reader's language. */
export function system(data, store) {
  const word = SYSTEM[data.event];
  if (!word) return data.event || "";
  const names = { name: inlineName(data.name), role: role(data.role) };
  for (const key of ["by", "user"]) {
    names[key] = data[key] ? inlineName(store.nickname(data[key])) : gettext("The system");
  }
  return interpolate(word(), names, true);
}

/** One line that stands for a message. */
export function preview(message, store) {
  if (!message) return "";
  if (message.recalled_at) return recalled(message, store);
  if (message.kind === "system") return system(message.data, store);
  return oneLine(message.body) || enclosed(message.data?.attachments || []);
}

/** What stands in the place of a message that was taken back. */
export function recalled(message, store) {
  return message.sender?.id === store.me.id ? gettext("You recalled a message") : gettext("Message recalled");
}

/** A message without text, by what is attached to it. */
function enclosed(attachments) {
  const pictures = attachments.filter(isPicture).length;
  if (!attachments.length) return "";
  if (pictures < attachments.length) return plainName(attachments.find((one) => !isPicture(one)).name);
  return interpolate(ngettext("%s picture", "%s pictures", pictures), [pictures]);
}

/** Whether an attachment, or an upload, is shown as a picture. */
export function isPicture({ type, width, height }) {
  return Boolean(type?.startsWith("image/") && width && height);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** 1,536 → “1.5 kB”, in the reader's language. */
export function bytes(size) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(1, size)) / Math.log(1024)));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: power ? "short" : "long",
    maximumFractionDigits: power ? 1 : 0,
  }).format(size / 1024 ** power);
}
