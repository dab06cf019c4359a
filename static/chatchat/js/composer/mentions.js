/* What `@` and `:` complete to: the members of a group, and emoji. */

import { api } from "../api.js";
import { avatar, el } from "../dom.js";
import { choices, load, nameOf, search, toned } from "./emojidata.js";
import { plainName } from "../text.js";

const PAGES = 5; // of 100 members; of larger groups also whoever spoke
const FRESH = 60_000; // milliseconds
const SHOWN = 20;
const EMOJI_SHOWN = 8;
/* What everybody is called: the server knows these words in both languages. */
const ALL = ["all", "everyone", "所有人", "全体成员"];

export class People {
  // An @ after a letter or digit is part of an e-mail address.
  asked = /(?:^|[^A-Za-z0-9._%+-])@(?<word>[^@\n]{0,32})$/;

  constructor(store) {
    this.store = store;
    this.rosters = new Map(); // conversation → {people, complete, at}
    this.entry = null;
  }

  open(entry) {
    this.entry = entry?.state.kind === "group" ? entry : null;
  }

  find(word) {
    if (!this.entry) return [];
    const everybody = { id: 0, nickname: gettext("everyone") };
    return matching([...this.people(), everybody], word).map((person) => ({
      id: person.id,
      text: `@${person.nickname} `,
      build: () => row(person),
    }));
  }

  /** The one who spoke last first. */
  people() {
    const known = new Map();
    const spoke = [...this.entry.messages.values()].sort((one, other) => other.seq - one.seq);
    for (const { sender } of spoke) if (sender) known.set(sender.id, this.store.people.get(sender.id) || sender);
    const { people, complete } = this.rosters.get(this.entry.id) || {};
    for (const id of people && complete ? [...known.keys()] : []) if (!people.has(id)) known.delete(id);
    for (const [id, person] of people || []) known.set(id, person);
    known.delete(this.store.me.id);
    return known.values();
  }

  async prepare() {
    const { entry } = this;
    const known = entry && this.rosters.get(entry.id);
    if (!entry || Date.now() - known?.at < FRESH) return false;
    this.rosters.set(entry.id, { ...known, at: Date.now() });
    try {
      this.rosters.set(entry.id, { ...(await members(entry.id)), at: Date.now() });
    } catch {
      this.rosters.delete(entry.id);
      return false;
    }
    return entry === this.entry;
  }
}

async function members(group) {
  const people = new Map();
  let cursor = "";
  for (let page = 0; page < PAGES && cursor !== null; page += 1) {
    const next = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await api("GET", `groups/${group}/members?limit=100${next}`);
    for (const { user } of answer.results) people.set(user.id, user);
    cursor = answer.next;
  }
  return { people, complete: cursor === null };
}

/** Those whom `word` may mean: first whose name begins with it, then where a word does, then the rest. */
function matching(people, word) {
  const ranked = people.map((person, index) => ({ person, rank: rank(person, word), index }));
  const found = ranked
    .filter(({ rank }) => rank < 3)
    .sort((one, other) => one.rank - other.rank || one.index - other.index)
    .map(({ person }) => person);
  // Everybody is never out of sight, and never what a hasty Enter takes.
  const all = found.filter(({ id }) => !id);
  return [...found.filter(({ id }) => id).slice(0, SHOWN), ...all];
}

function rank({ id, nickname }, word) {
  const names = id ? [nickname.toLowerCase()] : [nickname, ...ALL];
  if (names.some((name) => name.startsWith(word))) return 0;
  if (names.some((name) => name.includes(` ${word}`))) return 1;
  return id && names[0].includes(word) ? 2 : 3;
}

function row({ id, nickname, avatar: url }) {
  return el(
    "li",
    {},
    id ? avatar({ id, name: nickname, url }) : el("span", { class: "avatar everybody", "aria-hidden": "true" }, "@"),
    el("bdi", {}, plainName(nickname)),
    !id && el("span", { class: "soft" }, gettext("everybody in this group")),
  );
}

/** `:` and the beginning of an emoji's name, after a space. */
export class Emoji {
  asked = /(?:^|[\s\u3000-\u9fff\uff00-\uffef]):(?<word>[a-z][a-z0-9_-]{1,19}|[\u4e00-\u9fff]{1,8})$/i;

  async prepare() {
    if (this.loaded) return false;
    await load().catch(() => {});
    this.loaded = true;
    return true;
  }

  find(word) {
    const { tone } = choices();
    return search(word.split(/[_-]/)).slice(0, EMOJI_SHOWN).map((one) => ({
      id: one[0],
      text: toned(one, tone),
      build: () => el("li", {}, el("span", { class: "sign", "aria-hidden": "true" }, toned(one, tone)), el("bdi", {}, nameOf(one))),
    }));
  }
}
