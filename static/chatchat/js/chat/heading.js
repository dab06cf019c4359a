/* The open conversation's heading: with whom or where one is, and what one can do about it. */

import { el, icon, replaceChildren } from "../dom.js";
import { picture, title } from "./list.js";

export class Heading {
  /** `about(entry)` opens the person's or the group's card; `menu(entry)`: more buttons. */
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
    this.shown = this.offers = null;
    if (!entry) return;
    const hint = entry.state.kind === "group" ? gettext("About this group") : gettext("About this person");
    const onclick = () => this.actions.about(this.entry);
    this.about = el("button", { class: "about", type: "button", title: hint, onclick });
    this.tools = el("span", { class: "heading-tools" });
    replaceChildren(this.root, el("h2", {}, this.about), this.tools);
    this.render();
  }

  /** What has changed, within buttons that stay: a press that has begun ends on the one that it began on. */
  render() {
    const { entry } = this;
    if (!entry) return;
    const shown = JSON.stringify([title(entry), entry.state.avatar, this.line()]);
    if (shown !== this.shown) {
      this.shown = shown;
      const names = [
        el("bdi", { class: "title" }, title(entry)),
        el("span", { class: "line" }, this.line()),
      ];
      replaceChildren(this.about, picture(entry, this.store), el("span", { class: "names" }, ...names));
    }
    const offers = entry.state.pinned !== undefined;
    if (offers !== this.offers) {
      this.offers = offers;
      replaceChildren(this.tools, ...this.actions.menu(entry));
    }
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
