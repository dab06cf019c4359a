/* The list of conversations: who, the last line, when, and how much is unread. */

import { avatar, el, icon, replaceChildren } from "../dom.js";
import { preview, short } from "../format.js";
import { plainName } from "../text.js";
import { isQuiet } from "./store.js";

export function title(entry) {
  const name = entry.remark || entry.state.peer?.nickname || entry.state.title;
  return name ? plainName(name) : gettext("Conversation");
}

export function picture(entry, store) {
  const { peer, avatar: url, kind } = entry.state;
  const face = avatar({ id: peer?.id ?? entry.id, name: title(entry), url, round: kind === "direct" });
  if (!peer || !store.online?.has(peer.id)) return face;
  return el("span", { class: "present" }, face, el("span", { class: "dot", role: "img", "aria-label": gettext("online") }));
}

export class ConversationList {
  /**
   * `draft(id)` is what was written there and not sent; `people()` and `groups()` lead to whom one may write to,
   * `messages(text)` to messages that say this.
   */
  constructor(root, search, store, typists, { open, draft, people, groups, messages }) {
    this.root = root;
    this.search = search;
    this.store = store;
    this.typists = typists;
    this.actions = { open, draft, people, groups, messages };
    this.current = null;
    this.built = new Map();
    for (const what of ["list", "people", "presence"]) store.addEventListener(what, () => this.schedule());
    typists.addEventListener("typing", () => this.schedule());
    search.addEventListener("input", () => this.schedule());
    root.addEventListener("keydown", (event) => this.key(event));
    this.pressed = false;
    root.addEventListener("pointerdown", () => { this.pressed = true; });
    // A browser's own menu and a dragged link may keep the pointer's release to themselves.
    for (const end of ["pointerup", "pointercancel", "contextmenu", "dragend"]) addEventListener(end, () => this.release());
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.pressed) this.render();
    });
  }

  /** A row that goes between press and release takes the click with it: nothing moves under a finger. */
  release() {
    if (!this.pressed) return;
    this.pressed = false;
    this.schedule();
  }

  select(id) {
    this.current = id;
    this.schedule();
  }

  /** Arrows walk through the list; the search field is above it. */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const rows = [...this.root.querySelectorAll("a, .beyond button")];
    const next = rows.indexOf(document.activeElement) + step;
    if (next < 0) this.search.focus();
    else rows[next]?.focus();
    event.preventDefault();
  }

  render() {
    const found = this.found();
    const kept = new Map();
    const rows = found.map((entry) => {
      const signature = this.signature(entry);
      const old = this.built.get(entry.id);
      kept.set(entry.id, old?.signature === signature ? old : { signature, row: this.row(entry) });
      return kept.get(entry.id).row;
    });
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.built = kept;
    replaceChildren(this.root, rows.length ? rows : this.nothing(), this.beyond());
    if (focused) this.root.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  }

  found() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const ordered = this.store.ordered();
    const entries = [...ordered.filter(({ state }) => state.pinned), ...ordered.filter(({ state }) => !state.pinned)];
    return wanted ? entries.filter((entry) => title(entry).toLocaleLowerCase().includes(wanted)) : entries;
  }

  nothing() {
    if (!this.store.me) return [];
    if (this.search.value.trim()) return el("li", { class: "empty" }, gettext("No conversation has this in its name."));
    const way = (key, label, onclick) => el("button", { type: "button", class: "small", data: { key }, onclick }, label);
    return el(
      "li",
      { class: "empty newcomer" },
      el("p", {}, gettext("No conversations yet. Find people or a group to begin.")),
      way("newcomer-people", gettext("Find people"), () => this.actions.people()),
      way("newcomer-groups", gettext("Groups"), () => this.actions.groups()),
    );
  }

  /** What is not in a name may be in a message. */
  beyond() {
    const text = this.search.value.trim();
    if (!text || !this.store.me) return [];
    return el(
      "li",
      { class: "beyond" },
      el(
        "button",
        { type: "button", class: "small quiet", data: { id: "messages" }, onclick: () => this.actions.messages(text) },
        icon("search"),
        el("span", {}, interpolate(gettext("Search messages for “%s”"), [text])),
      ),
    );
  }

  signature(entry) {
    const { last_message: last, unread, pinned, notifications, avatar: url } = entry.state;
    return JSON.stringify([
      title(entry), url, unread, pinned, notifications, last?.seq, last?.version, entry.id === this.current,
      this.store.online?.has(entry.state.peer?.id), this.line(entry).map((part) => part.textContent ?? part),
      last && short(last.sent_at),
    ]);
  }

  row(entry) {
    const { last_message: last, unread, pinned } = entry.state;
    const quiet = isQuiet(entry);
    const label = interpolate(ngettext("%s unread message", "%s unread messages", unread), [unread]);
    return el(
      "li",
      {},
      el(
        "a",
        {
          class: "conversation",
          href: `${document.getElementById("chat").dataset.base}${entry.id}/`,
          data: { id: entry.id },
          "aria-current": entry.id === this.current && "true",
          onclick: (event) => this.opened(event, entry.id),
        },
        picture(entry, this.store),
        el("span", { class: "name" }, el("bdi", {}, title(entry)), quiet && mark("bell-off", gettext("Notifications are off"))),
        last ? el("time", { datetime: last.sent_at }, short(last.sent_at)) : el("span", {}),
        el("span", { class: "last", dir: "auto" }, this.line(entry)),
        el(
          "span",
          { class: "marks" },
          pinned && mark("pin", gettext("Pinned")),
          unread > 0 &&
            el(
              "span",
              { class: quiet ? "badge quiet" : "badge", role: "img", "aria-label": label },
              unread > 99 ? "99+" : String(unread),
            ),
        ),
      ),
    );
  }

  /** A plain click opens it here; all that opens a link elsewhere still does. */
  opened(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.actions.open(id);
  }

  /** Who is typing, what one has begun to write, or what was said last. */
  line(entry) {
    const typing = this.typists.line(entry.id, this.store);
    if (typing) return [el("em", { class: "live" }, typing)];
    const draft = entry.id === this.current ? "" : this.actions.draft(entry.id);
    if (draft) return [el("em", { class: "draft" }, gettext("Draft:")), ` ${draft.slice(0, 100)}`];
    const { last_message: last, kind } = entry.state;
    if (!last) return [];
    const speaks = kind === "group" && last.sender && !last.recalled_at;
    return [...(speaks ? speaker(last, this.store) : []), preview(last, this.store)];
  }
}

function mark(name, label) {
  return el("span", { class: "mark", role: "img", "aria-label": label, title: label }, icon(name));
}

/** Who says it; the name has no part in which way the line runs. */
function speaker(message, store) {
  const [before, after] = gettext("%s: ").split("%s");
  const name = message.sender.id === store.me.id ? gettext("You") : plainName(message.sender.nickname);
  return [before, el("bdi", {}, name), after];
}
