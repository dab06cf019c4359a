/*
 * What people wrote, as nodes: links that can be followed, mentions, code; all else is plain text, and
 * nothing in it reaches beyond its place.
 */

import { el } from "./dom.js";

// ---- directions

const DIRECTIONS = /[\u202A-\u202E\u2066-\u2069]/;
const EVERY_DIRECTION = /[\u200E\u200F\u061C\u202A-\u202E\u2066-\u2069]/g;
const FROM_THE_RIGHT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
const EMBEDS = "\u202A\u202B\u202D\u202E";
const ISOLATES = "\u2066\u2067\u2068";
const POP = "\u202C";
const POP_ISOLATE = "\u2069";

/** The same text with each direction that it begins ended in its line, and none ended that others began. */
export function balanced(text) {
  if (!DIRECTIONS.test(text)) return text;
  return text.split("\n").map(balancedLine).join("\n");
}

function balancedLine(line) {
  const open = [];
  let kept = "";
  for (const character of line) {
    if (EMBEDS.includes(character)) open.push(POP);
    else if (ISOLATES.includes(character)) open.push(POP_ISOLATE);
    else if (character === POP) {
      if (open.at(-1) !== POP) continue;
      open.pop();
    } else if (character === POP_ISOLATE) {
      const begun = open.lastIndexOf(POP_ISOLATE);
      if (begun < 0) continue;
      open.length = begun;
    }
    kept += character;
  }
  return kept + open.reverse().join("");
}

// ---- names

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Z}\u115F\u1160\u3164\uFFA0\u2800\u034F\uFE00-\uFE0F]/gu;

const DELETED = "Deleted account"; // as it is kept, whatever the reader's language

/** A name on one line: nothing in it turns what is around it, and one that cannot be seen is said to be so. */
export function plainName(name) {
  if (name === DELETED) return gettext("Deleted account");
  const plain = String(name ?? "").replace(EVERY_DIRECTION, "");
  return plain.replace(INVISIBLE, "") ? plain : gettext("(no visible name)");
}

/** A name to stand in the middle of other text. */
export function inlineName(name) {
  const plain = plainName(name);
  return FROM_THE_RIGHT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** Any text on one line. */
export function oneLine(text) {
  return balanced(text.replace(/\s+/g, " ").trim());
}

// ---- messages

const FLAG = "\\p{Regional_Indicator}{2}";
const KEYCAP = "[0-9#*]\\uFE0F?\\u20E3";
const PICTURE = "(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}\\uFE0F?)";
const PICTURES = `${PICTURE}\\p{Emoji_Modifier}?(?:\\u200D${PICTURE}\\p{Emoji_Modifier}?)*[\\u{E0020}-\\u{E007F}]*`;
const ONLY_EMOJI = new RegExp(`^(?:(?:${FLAG}|${KEYCAP}|${PICTURES})\\s*){1,5}$`, "u");
const LONGEST_EMOJI = 100; // code units

/** How many emoji a text consists of; 0 if there is anything else in it. */
export function onlyEmoji(text) {
  if (!text || text.length > LONGEST_EMOJI || !ONLY_EMOJI.test(text)) return 0;
  return [...new Intl.Segmenter().segment(text.replace(/\s+/g, ""))].length;
}

const CODE = /```(?:[\w+#.-]*\n)?([\s\S]+?)\n?```\n?|`([^`\n]+)`/g;

/** A message's text as nodes. */
export function text(message, store) {
  const nodes = [];
  const { body } = message;
  let end = 0;
  for (const match of body.matchAll(CODE)) {
    const [whole, block, inline] = match;
    nodes.push(...prose(body.slice(end, match.index), message, store));
    if (block === undefined) nodes.push(el("code", { dir: "auto" }, balanced(inline)));
    else nodes.push(el("pre", { dir: "auto" }, el("code", {}, balanced(block))));
    end = match.index + whole.length;
  }
  nodes.push(...prose(body.slice(end), message, store));
  return nodes;
}

const OUTSIDE = "\\s<>\"'`，。；！？、（）《》【】「」\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u2069\\uFEFF";
const LINK = new RegExp(`https?://[^${OUTSIDE}]+`, "gi");

function prose(part, message, store) {
  if (!part) return [];
  const nodes = [];
  let end = 0;
  for (const match of part.matchAll(LINK)) {
    const typed = withoutPunctuation(match[0]);
    const node = link(typed);
    if (!node) continue;
    nodes.push(...mentions(part.slice(end, match.index), message, store), node);
    end = match.index + typed.length;
  }
  nodes.push(...mentions(part.slice(end), message, store));
  return nodes;
}

/** What ends a sentence does not belong to the address; a bracket does if it was opened within. */
function withoutPunctuation(typed) {
  for (;;) {
    const last = typed.at(-1);
    if (".,;:!?*_~".includes(last)) typed = typed.slice(0, -1);
    else if (last === ")" && typed.split("(").length < typed.split(")").length) typed = typed.slice(0, -1);
    else if (last === "]" && !typed.includes("[")) typed = typed.slice(0, -1);
    else return typed;
  }
}

/** A link that shows what was typed, and where it leads if that looks different. */
function link(typed) {
  const url = URL.canParse?.(typed) === false ? null : parsed(typed);
  if (!url || !["http:", "https:"].includes(url.protocol) || !url.hostname) return null;
  const said = typed.slice(typed.indexOf("//") + 2).split(/[/?#\\]/)[0].toLowerCase();
  const honest = said === url.host || said === `${url.host}:${url.protocol === "https:" ? 443 : 80}`;
  const node = el("a", {
    href: url.href,
    target: "_blank",
    rel: "noopener noreferrer nofollow",
    tabindex: "-1",
    title: honest ? null : interpolate(gettext("Leads to %s"), [url.host]),
  }, typed);
  return honest ? node : el("span", { class: "link-with-host" }, node, el("span", { class: "host" }, ` [${url.host}]`));
}

function parsed(typed) {
  try {
    return new URL(typed);
  } catch {
    return null;
  }
}

const EVERYBODY = ["all", "everyone", "所有人", "全体成员"];

/** The names by which a message mentions people; one who is not known yet is asked for. */
export function mentioned(message, store) {
  const named = message.data?.mentions;
  if (!named) return [];
  return named === "all" ? EVERYBODY : named.map((id) => store.nickname(id)).filter((name) => name !== "…");
}

function mentions(part, message, store) {
  const names = part.includes("@") ? mentioned(message, store) : [];
  if (!names.length) return part ? [balanced(part)] : [];
  // The longest first: “@Ann Lee” is not “@Ann”.
  const escaped = names
    .sort((one, other) => other.length - one.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(@(?:${escaped.join("|")}))`, "i");
  const named = message.data.mentions;
  const mine = named === "all" || named.includes(store.me.id);
  return part
    .split(pattern)
    .map((piece, index) =>
      index % 2 ? el("bdi", { class: mine ? "mention mine" : "mention" }, balanced(piece)) : balanced(piece),
    )
    .filter((piece) => piece !== "");
}
