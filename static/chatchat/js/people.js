/* The dialogs: friends and requests, finding people; founding and finding groups, who is in one. */

import { all, api } from "./api.js";
import { avatar, el, icon, replaceChildren } from "./dom.js";
import { role } from "./format.js";

export class Dialogs {
  constructor(store, open) {
    this.store = store;
    this.open = open;
    this.people = document.getElementById("people");
    this.groups = document.getElementById("groups");
    this.members = document.getElementById("members");
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.querySelector(".close").addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    }
    form(this.people, ".search", (data) => this.findPeople(data.get("search").trim()));
    form(this.groups, ".search", (data) => this.findGroups(data.get("search").trim()));
    form(this.groups, ".found", (data) => this.found(data));
  }

  // ---- people

  async showPeople() {
    clear(this.people);
    this.people.showModal();
    await guard(this.people, () => this.refresh());
  }

  /** Requests and friends, and the number of requests that wait for an answer. */
  async refresh() {
    const [requests, friends] = await Promise.all([all("friend-requests"), all("friends")]);
    this.friends = new Map(friends.map((friend) => [(friend.user || friend).id, friend]));
    const incoming = requests.filter((request) => request.recipient.id === this.store.me.id && pending(request));
    const outgoing = requests.filter((request) => request.sender.id === this.store.me.id && pending(request));
    this.asked = new Set(outgoing.map((request) => request.recipient.id));
    this.count(incoming.length);
    fill(this.people, ".incoming", incoming.map((request) => this.incoming(request)));
    fill(this.people, ".outgoing", outgoing.map((request) => this.outgoing(request)));
    fill(this.people, ".friends", friends.map((friend) => this.friend(friend)));
  }

  count(number) {
    const badge = document.querySelector("#show-people .badge");
    badge.hidden = !number;
    badge.textContent = number;
  }

  incoming(request) {
    const answer = (what) => async () => {
      const result = await api("POST", `friend-requests/${request.id}/${what}`);
      await this.refresh();
      if (result?.conversation) this.goTo(this.people, result.conversation);
    };
    return row(request.sender, request.greeting, [
      this.button(this.people, gettext("Accept"), answer("accept")),
      this.button(this.people, gettext("Reject"), answer("reject"), "quiet"),
    ]);
  }

  outgoing(request) {
    const cancel = async () => {
      await api("DELETE", `friend-requests/${request.id}`);
      await this.refresh();
    };
    return row(request.recipient, gettext("Waiting for an answer"), [
      this.button(this.people, gettext("Withdraw"), cancel, "quiet"),
    ]);
  }

  friend(friend) {
    const person = friend.user || friend;
    return row(person, friend.remark, [
      this.button(this.people, gettext("Write"), () => this.goTo(this.people, this.directOf(person.id))),
    ]);
  }

  directOf(id) {
    return this.store.ordered().find((entry) => entry.state.peer?.id === id)?.id;
  }

  async findPeople(search) {
    if (!search) return;
    const { results } = await api("GET", `users?search=${encodeURIComponent(search)}`);
    const others = results.filter((person) => person.id !== this.store.me.id);
    fill(this.people, ".found-people", others.map((person) => this.stranger(person)), gettext("Nobody found."));
  }

  stranger(person) {
    if (this.friends.has(person.id)) return this.friend(person);
    const ask = async (event) => {
      const greeting = this.people.querySelector("[name=greeting]").value.trim();
      await api("POST", "friend-requests", { user: person.id, greeting });
      event.target.replaceWith(el("span", { class: "soft" }, gettext("Asked")));
      await this.refresh();
    };
    return row(person, person.introduction, [
      this.asked.has(person.id)
        ? el("span", { class: "soft" }, gettext("Asked"))
        : this.button(this.people, gettext("Add as a friend"), ask),
    ]);
  }

  // ---- groups

  showGroups() {
    clear(this.groups);
    this.groups.showModal();
  }

  async findGroups(search) {
    if (!search) return;
    const { results } = await api("GET", `groups?search=${encodeURIComponent(search)}`);
    fill(this.groups, ".found-groups", results.map((group) => this.group(group)), gettext("No group found."));
  }

  group(group) {
    const inside = this.store.conversations.has(group.id);
    const join = async (event) => {
      const answer = await api("POST", `groups/${group.id}/join`);
      if (answer?.joined === false || answer?.status === "pending") {
        event.target.replaceWith(el("span", { class: "soft" }, gettext("Asked")));
      } else {
        this.goTo(this.groups, group.id);
      }
    };
    return row({ ...group, nickname: group.name }, group.introduction, [
      inside
        ? this.button(this.groups, gettext("Open"), () => this.goTo(this.groups, group.id), "quiet")
        : this.button(this.groups, gettext("Join"), join),
    ], false);
  }

  async found(data) {
    const group = await api("POST", "groups", {
      name: data.get("name").trim(),
      introduction: data.get("introduction").trim(),
      join_policy: data.get("join_policy"),
      history: "all",
    });
    this.goTo(this.groups, group.conversation);
  }

  async showMembers(entry) {
    clear(this.members);
    this.members.showModal();
    await guard(this.members, async () => {
      const members = await all(`groups/${entry.id}/members`);
      const rows = members.map((member) => row(member.user || member, member.role === "member" ? "" : role(member.role), []));
      fill(this.members, ".rows", rows);
    });
    const leave = this.members.querySelector(".leave");
    leave.onclick = () =>
      guard(this.members, async () => {
        await api("POST", `groups/${entry.id}/leave`);
        this.members.close();
      });
  }

  // ---- common

  goTo(dialog, conversation) {
    dialog.close();
    if (conversation) this.open(conversation);
  }

  button(dialog, label, action, kind = "") {
    const run = async (event) => {
      const { target } = event;
      target.disabled = true;
      await guard(dialog, () => action(event));
      target.disabled = false;
    };
    return el("button", { type: "button", class: `small ${kind}`, onclick: run }, label);
  }
}

function pending(request) {
  return !request.status || request.status === "pending";
}

function row(person, detail, buttons, round = true) {
  return el(
    "li",
    { class: "person" },
    avatar({ id: person.id, name: person.nickname, url: person.avatar, round }),
    el("span", { class: "who" }, el("bdi", {}, person.nickname), detail && el("span", { class: "soft" }, detail)),
    el("span", { class: "does" }, buttons),
  );
}

function fill(dialog, selector, rows, nothing = "") {
  const list = dialog.querySelector(selector);
  replaceChildren(list, rows.length || !nothing ? rows : el("li", { class: "soft" }, nothing));
  const section = list.closest("section");
  if (section?.dataset.optional !== undefined) section.hidden = !rows.length;
}

function clear(dialog) {
  dialog.querySelector(".problem").hidden = true;
  for (const list of dialog.querySelectorAll("ul")) list.replaceChildren();
}

/** Do something; what is refused is told in the dialog. */
async function guard(dialog, action) {
  const problem = dialog.querySelector(".problem");
  problem.hidden = true;
  try {
    await action();
  } catch (error) {
    problem.replaceChildren(icon("alert"), error.message);
    problem.hidden = false;
  }
}

function form(dialog, selector, action) {
  dialog.querySelector(selector).addEventListener("submit", (event) => {
    event.preventDefault();
    guard(dialog, () => action(new FormData(event.target)));
  });
}
