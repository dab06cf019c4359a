/*
 * The messages of the open conversation, newest below: which part of its history is shown, where the
 * reader is in it, and the ways to elsewhere. rows.js builds, place.js keeps the place, hands.js and
 * deeds.js do what is asked of a message.
 */

import { Announcer } from "./announce.js";
import { Deeds } from "./deeds.js";
import { el, icon } from "../dom.js";
import { day, exactly, preview } from "../format.js";
import { Hands } from "./hands.js";
import { hasNewer, hasOlder, loadAround, loadNewer, loadNewest, loadOlder, loadQuoted, quoted, shown } from "../chat/history.js";
import { Place } from "./place.js";
import { Rows } from "./rows.js";
import { plainName } from "../text.js";

const NEAR = 60; // unread messages that are opened together with the newest page
const CONTEXT = 40; // messages above the first unread one
const REACH = 1.5; // screens from the window's edge on which more is loaded
const MISSED = 5; // messages missed while away from which on the end is not simply gone to
const PATIENCE = 300; // milliseconds before it says that it is loading
const DAY_SHOWS = 1200;
const SHOWN_FOR = 2000;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Stream {
  /** `actions`: seen(seq), problem(text), person, reply, edit, recall, react, retry, discard, write … */
  constructor(root, store, actions) {
    Object.assign(this, { root, store, actions, entry: null, ready: false, stuck: true });
    this.unreadFrom = null;
    this.lineSeen = false;
    this.rows = new Rows(store);
    this.place = new Place(root, this.rows.element, () => this.following);
    this.announcer = new Announcer(store);
    this.deeds = new Deeds(this, store, actions);
    this.hands = new Hands(this, this.deeds, actions);
    this.build();
    this.listen();
  }

  build() {
    const { root } = this;
    const button = (name, symbol, action) =>
      el("button", { type: "button", class: `jump ${name}`, hidden: true, onclick: action }, icon(symbol), el("span", {}));
    this.toNewest = button("to-newest", "down", () => this.newest());
    this.toUnread = button("to-unread", "up", () => this.firstUnread());
    this.floating = el("p", { class: "floating-day", "aria-hidden": "true" }, el("span", {}));
    this.note = el("div", { class: "stream-note", role: "status" });
    const frame = el("div", { class: "stream-frame" });
    root.replaceWith(frame);
    root.append(this.rows.element);
    // Told by the announcer: history that is scrolled to is no news.
    root.setAttribute("aria-live", "off");
    frame.append(root, this.floating, this.note, this.toUnread, this.toNewest, this.announcer.element);
  }

  listen() {
    const { store, root } = this;
    const mine = (event) => event.detail === this.entry?.id && this.schedule();
    store.addEventListener("conversation", mine);
    store.addEventListener("receipts", mine);
    store.addEventListener("people", () => this.schedule());
    store.addEventListener("ready", () => this.resumed());
    store.addEventListener("arrived", ({ detail }) => this.arrived(detail));
    root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    addEventListener("focus", () => this.look());
    document.addEventListener("visibilitychange", () => this.look());
  }

  get following() {
    return this.stuck && Boolean(this.entry?.window?.live);
  }

  messages() {
    return this.entry ? shown(this.entry) : [];
  }

  // ---- opening

  /** `target`: the seq of a message to begin at. */
  async open(entry, target = null) {
    this.leave();
    Object.assign(this, { entry, target, ready: false, stuck: true, lineSeen: false, last: entry?.state.last_seq });
    this.rows.clear();
    this.place.reset();
    this.announcer.clear();
    this.say("");
    for (const button of [this.toNewest, this.toUnread]) button.hidden = true;
    this.root.classList.toggle("opening", Boolean(entry));
    this.unreadFrom = entry?.state.unread ? entry.state.read_seq + 1 : null;
    if (!entry) return;
    this.store.open(entry);
    const loaded = await this.load(() => this.begin(entry));
    if (entry !== this.entry) return;
    this.root.classList.remove("opening");
    if (loaded) this.start();
  }

  /** What is read first: around the message to begin at, the first unread one, where one was, or the newest page. */
  begin(entry) {
    const { state, window, messages, left } = entry;
    if (this.target !== null) return messages.has(this.target) ? null : loadAround(entry, this.target);
    if (this.unreadFrom !== null) {
      if (messages.has(this.unreadFrom)) return null;
      const count = state.last_seq - state.read_seq;
      return count <= NEAR ? loadNewest(entry, count + CONTEXT) : loadAround(entry, this.unreadFrom);
    }
    if (window && (left ? messages.has(left.seq) : window.live)) return null;
    entry.left = null;
    return loadNewest(entry);
  }

  start() {
    const { entry, place } = this;
    this.ready = true;
    this.rows.show(entry, this.unreadFrom);
    this.hands.check();
    const wanted = this.target !== null && place.nodeOf(this.target);
    const node = entry.left && !this.rows.line ? place.nodeOf(entry.left.seq) : null;
    if (wanted) this.point(wanted);
    else if (this.rows.line) this.goTo(this.rows.line, 0.2);
    else if (node) this.goTo(node, 0, entry.left.offset);
    else place.toEnd();
    this.stuck = this.entry.window.live && place.atEnd;
    this.look();
  }

  /** Where one was is where one comes back to, unless that was the end. */
  leave() {
    const { entry, place } = this;
    if (!entry || !this.ready) return;
    entry.left = this.following || !place.anchor ? null : { seq: place.anchor.seq, offset: place.anchor.offset };
  }

  /** Whether `work` succeeded, and this conversation is still the one that is open. */
  async load(work) {
    const { entry } = this;
    const wait = setTimeout(() => this.say(gettext("Loading …")), PATIENCE);
    try {
      await work();
    } catch (error) {
      if (entry === this.entry) this.say(error.message, () => this.again());
      return false;
    } finally {
      clearTimeout(wait);
    }
    this.store.settle(entry);
    if (entry !== this.entry) return false;
    this.say("");
    return true;
  }

  /** What failed to be read is tried again when asked for, and after resuming. */
  again() {
    this.say("");
    if (this.ready) this.look();
    else if (this.entry) this.open(this.entry, this.target);
  }

  say(text, action = null) {
    this.troubled = Boolean(action);
    this.note.replaceChildren(
      text && el("span", {}, text),
      action && el("button", { type: "button", class: "link", onclick: action }, gettext("Try again")),
    );
    this.note.hidden = !text;
  }

  // ---- building

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = null;
      this.render(true);
    });
  }

  /** `inFrame`: scroll events have been told of; to ask where one is would lay the page out once more. */
  render(inFrame = false) {
    const { entry, place } = this;
    if (!entry || !this.ready) return;
    // Read again from the beginning: the server has gone back.
    if (!entry.window) {
      this.open(entry);
      return;
    }
    if (!inFrame && place.moved()) this.stuck = place.atEnd;
    if (!entry.window.live) this.stuck = false;
    this.rows.show(entry, this.unreadFrom);
    this.hands.check();
    place.keep();
    this.look();
  }

  // ---- where the reader is

  scrolled() {
    if (!this.ready) return;
    const moved = this.place.moved();
    this.stuck = this.entry.window?.live && this.place.atEnd;
    if (moved) this.floatDay();
    this.look();
  }

  /** What follows from where the reader is now. */
  look() {
    const { entry, place, rows } = this;
    if (!entry?.window || !this.ready || !place.visible) return;
    entry.anchor = this.following ? null : (place.anchor?.seq ?? null);
    const line = rows.line?.getBoundingClientRect();
    const view = this.root.getBoundingClientRect();
    if (line && line.bottom > view.top && line.top < view.bottom && this.attentive) this.lineSeen = true;
    const above = line ? line.bottom <= view.top : this.unreadFrom < entry.window.from;
    // All that asks where things are comes before what changes them.
    const seq = place.seen();
    this.fill();
    this.showButtons(this.unreadFrom !== null && !this.lineSeen && above);
    this.lookUpQuotes();
    if (seq) this.actions.seen(seq);
  }

  get attentive() {
    return document.visibilityState === "visible" && document.hasFocus();
  }

  /** Up to which seq it has been on the screen. */
  seen() {
    return this.ready && this.entry?.window ? this.place.seen() : 0;
  }

  showButtons(unreadAbove) {
    const { unread } = this.entry.state;
    const away = !this.following && !(this.entry.window.live && this.place.atEnd);
    const label = unread
      ? interpolate(ngettext("%s new message", "%s new messages", unread), [unread])
      : gettext("Jump to newest");
    this.toNewest.hidden = !away;
    this.toNewest.classList.toggle("counts", unread > 0);
    this.toNewest.setAttribute("aria-label", label);
    this.toNewest.title = gettext("Jump to newest");
    setText(this.toNewest.lastChild, unread ? label : "");
    this.toUnread.hidden = !unreadAbove;
    setText(this.toUnread.lastChild, gettext("First unread"));
  }

  /** The day of what is at the top, while one scrolls. */
  floatDay() {
    const message = this.rows.messageOf(this.place.anchor?.node);
    if (!message) return;
    setText(this.floating.firstChild, day(message.sent_at));
    this.floating.classList.toggle("shows", !this.place.daySeen);
    clearTimeout(this.floating.timer);
    this.floating.timer = setTimeout(() => this.floating.classList.remove("shows"), DAY_SHOWS);
  }

  // ---- more history

  fill() {
    const { root, entry } = this;
    if (this.troubled) return;
    const reach = root.clientHeight * REACH;
    if (hasOlder(entry) && root.scrollTop < reach) this.more("older", loadOlder);
    const below = root.scrollHeight - root.scrollTop - root.clientHeight;
    if (hasNewer(entry) && below < reach) this.more("newer", loadNewer);
  }

  async more(kind, load) {
    if (this.entry.loads.has(kind)) return;
    if (await this.load(() => load(this.entry))) this.render();
  }

  async lookUpQuotes() {
    const { entry } = this;
    if (this.quotesWait) return;
    const seqs = new Set();
    for (const { reply_to: seq, recalled_at: gone } of entry.messages.values()) {
      if (seq && !gone && quoted(entry, seq) === undefined && seq >= entry.state.first_seq) seqs.add(seq);
    }
    if (!seqs.size) return;
    this.quotesWait = true;
    const found = await loadQuoted(entry, [...seqs]);
    this.quotesWait = !found; // until the connection is back
    if (entry === this.entry) this.schedule();
  }

  // ---- news

  arrived({ conversation, message }) {
    if (conversation !== this.entry?.id) return;
    this.last = message.seq;
    if (message.sender?.id === this.store.me.id) return;
    this.announcer.add(message);
    if (!this.attentive && (this.unreadFrom === null || this.lineSeen)) this.drawLine(message.seq);
  }

  drawLine(seq) {
    this.unreadFrom = seq;
    this.lineSeen = false;
  }

  /** The connection is back: what was missed is not run past. */
  resumed() {
    this.quotesWait = false;
    const { entry } = this;
    if (!entry || !this.store.conversations.has(entry.id)) return;
    const missed = entry.state.last_seq - this.last;
    this.last = entry.state.last_seq;
    if (missed > 0 && entry.state.unread && this.ready) {
      this.drawLine(entry.state.read_seq + 1);
      if (missed > MISSED) this.stuck = false;
    }
    if (this.troubled) this.again();
    else this.schedule();
  }

  /** One has written something: it goes to the end, and one with it. */
  sending() {
    this.unreadFrom = null;
    this.newest();
  }

  // ---- going elsewhere

  async newest() {
    const { entry, place, root } = this;
    if (!entry || !this.ready) return;
    const far = root.scrollHeight - root.scrollTop > 3 * root.clientHeight;
    if (!entry.window?.live) {
      if (!(await this.load(() => loadNewest(entry)))) return;
      this.rebuild();
    }
    this.stuck = true;
    place.toEnd(!far && !calm.matches);
    this.look();
  }

  async firstUnread() {
    const { entry } = this;
    const seq = this.unreadFrom;
    if (!entry.messages.has(seq)) {
      if (!(await this.load(() => loadAround(entry, seq)))) return;
      this.rebuild();
    }
    this.stuck = false;
    this.goTo(this.rows.line || this.place.nodeOf(seq), 0.2);
    this.look();
  }

  /** Show the message `seq`, wherever in the history it is. */
  async show(seq) {
    const { entry } = this;
    if (!entry.messages.has(seq)) {
      if (seq < entry.state.first_seq) return this.actions.problem(gettext("That message is from before your time here."));
      if (!(await this.load(() => loadAround(entry, seq)))) return;
      this.rebuild();
    }
    const node = this.rows.element.querySelector(`:scope > [data-seq="${seq}"]`);
    if (!node) return;
    this.stuck = false;
    this.point(node);
    this.look();
  }

  rebuild() {
    this.place.reset();
    this.rows.show(this.entry, this.unreadFrom);
    this.hands.check();
  }

  /** Scroll so that `node` is at this share of the screen's height, or at this offset. */
  goTo(node, share, offset = this.root.clientHeight * share) {
    const { root, place } = this;
    const top = node.getBoundingClientRect().top - root.getBoundingClientRect().top + root.scrollTop;
    place.scrollTo(top - offset);
    place.record();
  }

  /** Let the reader see this one. */
  point(node) {
    this.goTo(node, 0.35);
    node.classList.add("shown");
    if (node.matches("article")) {
      this.hands.activate(node);
      node.focus({ preventScroll: true });
    }
    setTimeout(() => node.classList.remove("shown"), SHOWN_FOR);
  }

  /** A message in words, for who hears it. */
  label(article) {
    const message = this.rows.messageOf(article);
    const who = message.sender ? plainName(message.sender.nickname) : "";
    return `${who}: ${preview(message, this.store)}, ${exactly(message.sent_at)}`;
  }
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
