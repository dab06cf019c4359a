/* The emoji and their names in both languages: ../../emoji/emoji.json, which scripts/emoji.py makes. */

import { read, write } from "../kept.js";

const DATA = new URL("../../emoji/emoji.json", import.meta.url);
const KEPT = "emoji"; // {recent, tone}
const RECENT = 24;
const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "🙏", "😊", "😭"];
const ASCII = /^[\x20-\x7e]*$/;

export const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];

let loading = null;
let rows = [];

/** The groups, `{name: [[emoji, English, Chinese, takesTone?]]}`; fetched once, when first wanted. */
export function load() {
  loading ||= fetch(DATA)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(({ groups }) => {
      rows = Object.values(groups).flat();
      return groups;
    })
    .catch((error) => {
      loading = null;
      throw error;
    });
  return loading;
}

/** What was picked last, and the tone of skin that was chosen. */
export function choices() {
  return { recent: FIRST, tone: 0, ...read(KEPT) };
}

export function choose({ tone = choices().tone, emoji = null }) {
  const { recent } = choices();
  const now = emoji ? [emoji, ...recent.filter((one) => one !== emoji)].slice(0, RECENT) : recent;
  write(KEPT, { recent: now, tone });
}

/** The emoji that each of `words` (lower case) fits, in either language; those that are called so first. */
export function search(words) {
  const found = rows.filter(([, english, chinese]) => words.every((word) => fits(english, chinese, word)));
  const rank = ([, english, chinese]) => {
    if ([english, chinese].some((text) => text.startsWith(words[0]))) return 0;
    return [english, chinese].some((text) => text.split("|")[0].includes(words[0])) ? 1 : 2;
  };
  return found.sort((one, other) => rank(one) - rank(other));
}

/** English words are found by how they begin, Chinese ones by any part; "thumbsup" finds "thumbs up". */
function fits(english, chinese, word) {
  if (!ASCII.test(word)) return chinese.includes(word);
  const [name] = english.split("|");
  return ` ${english.replace("|", " ")} ${chinese}`.includes(` ${word}`) || name.replaceAll(" ", "").startsWith(word);
}

export function row(emoji) {
  return rows.find(([one]) => one === emoji) || [emoji, emoji, emoji];
}

/** The name in the language of the page. */
export function nameOf([, english, chinese]) {
  return (document.documentElement.lang.startsWith("zh") ? chinese : english).split("|")[0];
}

export function toned([emoji, , , takesTone], tone) {
  const [first, ...rest] = emoji;
  return takesTone && tone ? first + TONES[tone] + rest.join("").replace(/^\uFE0F/, "") : emoji;
}
