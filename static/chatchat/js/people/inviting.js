/* Inviting friends into a group: each gets the link of an invitation, as a message like any other. */

import { api } from "../api.js";
import { el } from "../dom.js";
import { plainName } from "../text.js";
import { toast } from "../toast.js";
import { isCalled } from "./circle.js";
import { bdi, face } from "./lists.js";

const MANY = 7; // friends; with more there is a search

/** Friends to be chosen from: put `root` into a form, and ask for the `chosen` ones. */
export class FriendPicker {
  constructor(circle, label) {
    this.friends = circle.ordered().filter(({ friend }) => !circle.blocked.has(friend.id));
    this.boxes = new Map(); // friend → their checkbox
    this.root = el(
      "div",
      { class: "choosing", role: "group", "aria-label": label },
      el("p", { class: "label", "aria-hidden": "true" }, label),
      this.friends.length > MANY && this.search(),
      this.friends.length
        ? el("ul", {}, this.friends.map((one) => this.row(one)))
        : el("p", { class: "soft" }, gettext("You have no friends here yet.")),
    );
  }

  get chosen() {
    return this.friends.filter((one) => this.boxes.get(one).checked);
  }

  row(one) {
    const { friend, remark } = one;
    const box = el("input", { type: "checkbox", value: String(friend.id) });
    this.boxes.set(one, box);
    return el("li", {}, el("label", {}, box, face(friend), bdi(remark || friend.nickname)));
  }

  search() {
    return el("input", {
      type: "search",
      autocomplete: "off",
      "aria-label": gettext("Search friends"),
      placeholder: gettext("Search friends"),
      oninput: ({ target }) => this.filter(target.value.trim().toLocaleLowerCase()),
      onkeydown: (event) => event.key === "Enter" && event.preventDefault(), // it sends nothing yet
    });
  }

  /** Who was chosen stays in sight. */
  filter(part) {
    for (const [one, box] of this.boxes) box.closest("li").hidden = !isCalled(one, part) && !box.checked;
  }
}

/** Send `url` to each of `friends`; `send(conversation, body)` says something there. */
export function sendLink(friends, { name, url }, send) {
  const body = interpolate(gettext("Come into the group “%(name)s”: %(url)s"), { name: plainName(name), url }, true);
  for (const { conversation } of friends) send(conversation, body);
}

/** A new invitation for `friends`, which lets in as many, sent to each; what came of it is told. */
export async function invite(friends, group, send) {
  const count = friends.length;
  try {
    const { url } = await api("POST", `groups/${group.id}/invitations`, { max_uses: count });
    sendLink(friends, { name: group.name, url }, send);
    toast(interpolate(ngettext("%s friend is sent an invitation.", "%s friends are sent an invitation.", count), [count]));
  } catch (error) {
    toast(error.message);
  }
}
