/* Completing `@` and a nickname: a list of the group's members over the textarea. */

import { api } from "./api.js";
import { avatar, el } from "./dom.js";

const PAGES = 5; // of 100 members; of larger groups also whoever spoke
const FRESH = 60_000; // milliseconds
const SHOWN = 20;
const NICKNAME_MAX = 32;
/* An @ after a letter or digit is part of an e-mail address. */
const ASKED = /(?:^|[^A-Za-z0-9._%+-])@([^@\n]{0,32})$/;
/* What everybody is called: the server knows these words in both languages. */
const everybody = () => gettext("everyone");
const ALL = ["all", "everyone", "所有人", "全体成员"];

export class Mentions {
  constructor(field, list, store) {
    this.field = field;
    this.input = field.input;
    this.list = list;
    this.store = store;
    this.rosters = new Map(); // conversation → {people, at}
    this.entry = null;
    this.found = [];
    this.passed = null; // where the @ is whose list was closed
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("compositionend", () => setTimeout(() => this.look()));
    this.input.addEventListener("click", () => this.look());
    this.input.addEventListener("blur", () => this.close());
    // The textarea keeps the focus.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => this.clicked(target.closest("[role=option]")));
  }

  open(entry) {
    this.entry = entry?.state.kind === "group" ? entry : null;
    this.passed = null;
    this.close();
  }

  get isOpen() {
    return !this.list.hidden;
  }

  // ---- what is asked for

  /** The text between an @ and the caret, and where the @ is; null if there is none. */
  asked() {
    const { selectionStart, selectionEnd, value } = this.input;
    if (selectionStart !== selectionEnd) return null;
    const before = value.slice(Math.max(0, selectionStart - NICKNAME_MAX - 2), selectionStart);
    const match = ASKED.exec(before);
    return match && { word: match[1], at: selectionStart - match[1].length - 1 };
  }

  look() {
    if (!this.entry || this.field.composing) return;
    const asked = this.asked();
    if (!asked) this.passed = null;
    if (!asked || asked.at === this.passed) return this.close();
    this.load(this.entry);
    this.show(asked);
  }

  show({ word, at }) {
    this.at = at;
    this.found = matching(this.people(), word.toLowerCase());
    if (!this.found.length) return this.close();
    const chosen = this.list.hidden ? 0 : Math.max(0, this.found.findIndex(({ id }) => id === this.chosen));
    this.list.replaceChildren(...this.found.map((person, index) => option(person, index)));
    this.list.hidden = false;
    this.input.setAttribute("aria-controls", this.list.id);
    this.choose(chosen);
  }

  close() {
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.chosen = null;
    this.input.removeAttribute("aria-activedescendant");
    this.input.removeAttribute("aria-controls");
  }

  choose(index) {
    const { children } = this.list;
    const wrapped = (index + children.length) % children.length;
    this.chosen = this.found[wrapped].id;
    for (const [number, child] of [...children].entries()) {
      child.setAttribute("aria-selected", String(number === wrapped));
    }
    children[wrapped].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", children[wrapped].id);
  }

  /** Whether the key was for the list. */
  key(event) {
    if (!this.isOpen || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    const index = this.found.findIndex(({ id }) => id === this.chosen);
    if (event.key === "ArrowDown") this.choose(index + 1);
    else if (event.key === "ArrowUp") this.choose(index - 1);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.found[index]);
    else if (event.key === "Escape") {
      this.passed = this.at;
      this.close();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  clicked(option) {
    if (option) this.take(this.found[Number(option.dataset.index)]);
  }

  take(person) {
    this.passed = this.at;
    this.close();
    this.field.insert(`@${person.nickname} `, this.at);
  }

  // ---- who there is

  /** Everybody, the one who spoke last first. */
  people() {
    const known = new Map();
    const spoke = [...this.entry.messages.values()].sort((one, other) => other.seq - one.seq);
    for (const { sender } of spoke) if (sender) known.set(sender.id, this.store.people.get(sender.id) || sender);
    const roster = this.rosters.get(this.entry.id)?.people;
    if (roster) {
      for (const id of known.keys()) if (!roster.all.has(id) && roster.complete) known.delete(id);
      for (const [id, person] of roster.all) known.set(id, person);
    }
    known.delete(this.store.me.id);
    return [...known.values(), { id: 0, nickname: everybody() }];
  }

  async load(entry) {
    const known = this.rosters.get(entry.id);
    if (known && Date.now() - known.at < FRESH) return;
    this.rosters.set(entry.id, { people: known?.people, at: Date.now() });
    try {
      this.rosters.get(entry.id).people = await members(entry.id);
    } catch {
      this.rosters.delete(entry.id);
      return;
    }
    if (this.entry === entry && document.activeElement === this.input) this.look();
  }
}

async function members(group) {
  const everybody = new Map();
  let cursor = "";
  for (let page = 0; page < PAGES && cursor !== null; page += 1) {
    const next = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await api("GET", `groups/${group}/members?limit=100${next}`);
    for (const { user } of answer.results) everybody.set(user.id, user);
    cursor = answer.next;
  }
  return { all: everybody, complete: cursor === null };
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

function option({ id, nickname, avatar: url }, index) {
  return el(
    "li",
    { role: "option", id: `mention-${index}`, data: { index } },
    id ? avatar({ id, name: nickname, url }) : el("span", { class: "avatar", "aria-hidden": "true" }, "@"),
    el("bdi", {}, nickname),
    !id && el("span", { class: "soft" }, gettext("everybody in this group")),
  );
}
