/* The people dialog: friends, requests in both directions, finding people. */

import { api } from "../api.js";
import { el } from "../dom.js";
import { isCalled } from "./circle.js";
import { Modal } from "./dialog.js";
import { badge, bdi, face, list, menuButton, refill, row, section, Tabs } from "./lists.js";

export class PeopleDialog {
  /** `card(id)` shows a person's card. */
  constructor(circle, store, deeds, card) {
    this.circle = circle;
    this.store = store;
    this.deeds = deeds;
    this.card = card;
    this.modal = new Modal("people", gettext("People"), "tabbed");
    this.tabs = new Tabs(gettext("People"), () => this.render());
    this.modal.body.append(this.tabs.root, this.tabs.panel);
    this.filter = "";
    this.found = null; // what a search found: {people, next, search}
    circle.addEventListener("change", () => this.changed());
  }

  show(tab = null) {
    this.tabs.current = tab || (this.circle.incoming.size ? "requests" : this.tabs.current);
    this.filter = "";
    this.found = null;
    this.changed();
    this.modal.open();
    return this.modal.guard(() => this.circle.refresh());
  }

  changed() {
    const waiting = this.circle.incoming.size;
    const label = interpolate(ngettext("%s request", "%s requests", waiting), [waiting]);
    const mark = document.querySelector("#show-people .badge");
    mark.hidden = !waiting;
    mark.textContent = waiting > 99 ? "99+" : waiting;
    mark.setAttribute("aria-label", label);
    mark.setAttribute("role", "img");
    this.tabs.set([
      { key: "friends", label: gettext("Friends") },
      { key: "requests", label: gettext("Requests"), badge: badge(waiting, label) },
      { key: "find", label: gettext("Find people") },
    ]);
    this.render();
  }

  render() {
    const { panel, current } = this.tabs;
    if (panel.dataset.tab !== current) {
      panel.dataset.tab = current;
      panel.replaceChildren(
        ...{ friends: () => this.friendsTab(), requests: () => [], find: () => this.findTab() }[current](),
      );
    }
    if (current === "friends") this.listFriends();
    else if (current === "requests") this.listRequests();
    else this.listFound();
  }

  // ---- friends

  friendsTab() {
    const search = el("input", {
      type: "search",
      autocomplete: "off",
      "aria-label": gettext("Search friends"),
      placeholder: gettext("Search friends"),
      oninput: (event) => {
        this.filter = event.target.value.trim().toLocaleLowerCase();
        this.listFriends();
      },
    });
    return [search, el("div", { class: "rows" })];
  }

  listFriends() {
    const friends = this.circle.ordered();
    const shown = friends.filter((one) => isCalled(one, this.filter));
    const { panel } = this.tabs;
    panel.querySelector("input").hidden = !friends.length;
    const nothing = friends.length
      ? [el("p", {}, gettext("No friend has this in their name."))]
      : [
          el("p", {}, gettext("No friends yet. Find people by their nickname or e-mail address.")),
          el(
            "button",
            { type: "button", class: "small", onclick: () => this.tabs.open("find") },
            gettext("Find people"),
          ),
        ];
    refill(
      panel.querySelector(".rows"),
      list(
        "friends",
        shown.map((friend) => this.friend(friend)),
        ...nothing,
      ),
    );
  }

  friend({ friend, remark }) {
    const blocked = this.circle.blocked.has(friend.id);
    return this.person(friend, {
      name: bdi(remark || friend.nickname),
      details: [remark && bdi(friend.nickname), blocked && gettext("You block this person.")],
      does: [
        blocked
          ? this.button(gettext("Unblock"), friend, () => this.circle.unblock(friend.id), "quiet")
          : this.button(gettext("Write"), friend, () => this.deeds.write(friend.id), "quiet"),
        menuButton({ label: gettext("More"), key: `more:${friend.id}`, items: () => this.menu(friend, blocked) }),
      ],
    });
  }

  menu(friend, blocked) {
    return [
      { label: gettext("Edit remark"), icon: "edit", run: () => this.deeds.rename(friend) },
      { label: gettext("Remove friend"), icon: "close", danger: true, run: () => this.deeds.remove(friend) },
      !blocked && { label: gettext("Block"), icon: "block", danger: true, run: () => this.deeds.block(friend) },
    ];
  }

  // ---- requests

  listRequests() {
    const { incoming, outgoing } = this.circle;
    const none = !incoming.size && !outgoing.size;
    refill(
      this.tabs.panel,
      none &&
        el(
          "div",
          { class: "empty" },
          el("p", {}, gettext("Nobody waits for an answer. Who asks to be your friend is shown here.")),
        ),
      incoming.size > 0 &&
        section(
          gettext("They ask to be your friends"),
          list(
            "incoming",
            [...incoming.values()].map((one) => this.incoming(one)),
          ),
        ),
      outgoing.size > 0 &&
        section(
          gettext("You asked"),
          list(
            "outgoing",
            [...outgoing.values()].map((one) => this.outgoing(one)),
          ),
        ),
    );
  }

  incoming(request) {
    const { sender } = request;
    return this.person(sender, {
      details: [request.greeting && el("span", { class: "said", dir: "auto" }, request.greeting)],
      does: [
        this.button(gettext("Accept"), sender, () => this.accept(request)),
        this.button(gettext("Reject"), sender, () => this.circle.reject(request), "quiet"),
      ],
    });
  }

  async accept(request) {
    await this.circle.accept(request);
    if (this.circle.friends.has(request.sender.id)) this.deeds.write(request.sender.id);
  }

  outgoing(request) {
    const { recipient } = request;
    return this.person(recipient, {
      details: [gettext("Waiting for an answer")],
      does: [this.button(gettext("Withdraw"), recipient, () => this.circle.withdraw(request), "quiet")],
    });
  }

  // ---- finding

  findTab() {
    const form = this.modal.form(
      { class: "search" },
      async ({ search }) => this.find(search.trim()),
      el("input", {
        type: "search",
        name: "search",
        required: true,
        maxlength: 254,
        autocomplete: "off",
        "aria-label": gettext("Nickname or e-mail address"),
        placeholder: gettext("Nickname or e-mail address"),
      }),
      el("button", { type: "submit", class: "small" }, gettext("Search")),
    );
    return [form, el("div", { class: "rows", "aria-live": "polite" })];
  }

  async find(search, cursor = null) {
    if (!search) return;
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await api("GET", `users?search=${encodeURIComponent(search)}${more}`);
    const before = cursor ? this.found.people : [];
    this.found = { search, people: [...before, ...page.results], next: page.next };
    if (this.tabs.current === "find") this.listFound();
  }

  listFound() {
    const rows = this.tabs.panel.querySelector(".rows");
    if (!this.found) {
      refill(
        rows,
        el("p", { class: "soft" }, gettext("Any part of a nickname will do; of an e-mail address it takes the whole.")),
      );
      return;
    }
    const { people, next, search } = this.found;
    refill(
      rows,
      list(
        "found-people",
        people.map((person) => this.stranger(person)),
        el("p", {}, gettext("Nobody found. Is the e-mail address complete?")),
      ),
      next && this.modal.button(gettext("Show more"), () => this.find(search, next), { kind: "quiet", key: "more" }),
    );
  }

  stranger(person) {
    const { circle } = this;
    const does = {
      friend: () => this.button(gettext("Write"), person, () => this.deeds.write(person.id), "quiet"),
      incoming: () => this.button(gettext("Accept"), person, () => this.accept(circle.incoming.get(person.id))),
      outgoing: () => el("span", { class: "soft" }, gettext("Asked")),
      stranger: () => this.button(gettext("Add as a friend"), person, () => this.deeds.add(person)),
    };
    const blocked = () => this.button(gettext("Unblock"), person, () => circle.unblock(person.id), "quiet");
    const action = circle.blocked.has(person.id) ? blocked : does[circle.relation(person.id)];
    return this.person(person, {
      details: [person.introduction && el("span", { dir: "auto" }, person.introduction)],
      does: [action?.()],
    });
  }

  // ---- common

  person(person, parts) {
    return row({
      picture: face(person),
      name: bdi(person.nickname),
      open: () => this.card(person.id),
      key: `person:${person.id}`,
      ...parts,
    });
  }

  /** Its label says to a screen reader whom it is about. */
  button(label, person, run, kind = "") {
    return this.modal.button(label, run, { kind, key: `${label}:${person.id}`, "aria-description": person.nickname });
  }
}
