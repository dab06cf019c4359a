/* The open conversation's heading: with whom or where one is, and what one can do about it. */

import { el, icon, replaceChildren } from "../dom.js";
import { picture, title } from "./list.js";

export class Heading {
  /** `about(entry)` opens the person's or the group's card; `menu(entry)` gives more buttons. */
  constructor(root, store, typists, { about, menu }) {
    this.root = root;
    this.store = store;
    this.typists = typists;
    this.actions = { about, menu };
    this.entry = null;
    for (const what of ["presence", "people"]) store.addEventListener(what, () => this.render());
    store.addEventListener("conversation", (event) => event.detail === this.entry?.id && this.render());
  }

  open(entry) {
    this.entry = entry;
    this.built = null;
    this.render();
  }

  render() {
    const { entry } = this;
    if (!entry) return;
    const { avatar, pinned, notifications } = entry.state;
    const built = JSON.stringify([entry.id, title(entry), avatar, pinned, notifications, this.line()]);
    if (built === this.built) return;
    this.built = built;
    const hint = entry.state.kind === "group" ? gettext("About this group") : gettext("About this person");
    replaceChildren(
      this.root,
      el(
        "h2",
        {},
        el(
          "button",
          { class: "about", type: "button", title: hint, onclick: () => this.actions.about(this.entry) },
          picture(entry, this.store),
          el(
            "span",
            { class: "names" },
            el("bdi", { class: "title" }, title(entry)),
            el("span", { class: "line" }, this.line()),
          ),
        ),
      ),
      this.actions.menu(entry),
    );
  }

  /** Below the name: whether they are there, or how many there are. */
  line() {
    const { kind, peer, may_send: maySend } = this.entry.state;
    if (kind === "direct") return peer && maySend && this.store.online?.has(peer.id) ? gettext("online") : "";
    const count = this.entry.memberCount;
    return count ? interpolate(ngettext("%s member", "%s members", count), [count]) : "";
  }
}

/** A button with an icon, whose words are for screen readers and the pointer. */
export function tool(name, label, onclick, attributes = {}) {
  return el(
    "button",
    { class: "tool", type: "button", title: label, "aria-label": label, onclick, ...attributes },
    icon(name),
  );
}
