/* The list of conversations: who, the last line, when, and how much is unread. */

import { avatar, el, replaceChildren } from "./dom.js";
import { preview, short } from "./format.js";

export function title(entry) {
  return entry.state.peer?.nickname || entry.state.title || gettext("Conversation");
}

export function picture(entry) {
  const { peer, avatar: url, kind } = entry.state;
  return avatar({
    id: peer?.id ?? entry.id,
    name: title(entry),
    url: peer ? peer.avatar : url,
    round: kind === "direct",
  });
}

export class ConversationList {
  constructor(root, store, open) {
    this.root = root;
    this.store = store;
    this.open = open;
    this.current = null;
    store.addEventListener("list", () => this.schedule());
    store.addEventListener("people", () => this.schedule());
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = null;
      this.render();
    });
  }

  select(id) {
    this.current = id;
    this.schedule();
  }

  render() {
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const entries = this.store.ordered();
    replaceChildren(
      this.root,
      entries.length
        ? entries.map((entry) => this.row(entry))
        : el("li", { class: "empty" }, gettext("No conversations yet. Find people or a group to begin.")),
    );
    if (focused) this.root.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  row(entry) {
    const { last_message: last, unread, kind } = entry.state;
    const who = kind === "group" && last?.sender && !last.recalled_at ? speaker(last, this.store) : "";
    const badge = unread > 99 ? "99+" : String(unread);
    const label = interpolate(ngettext("%s unread message", "%s unread messages", unread), [unread]);
    return el(
      "li",
      {},
      el(
        "button",
        {
          class: "conversation",
          type: "button",
          data: { id: entry.id },
          "aria-current": entry.id === this.current && "true",
          onclick: () => this.open(entry.id),
        },
        picture(entry),
        el("span", { class: "name" }, el("bdi", {}, title(entry))),
        el("time", {}, last ? short(last.sent_at) : ""),
        el("span", { class: "last" }, who, preview(last, this.store)),
        unread > 0 && el("span", { class: "badge", "aria-label": label }, badge),
      ),
    );
  }
}

function speaker(message, store) {
  const name = message.sender.id === store.me.id ? gettext("You") : message.sender.nickname;
  return interpolate(gettext("%s: "), [name]);
}
