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
    const [incoming, outgoing, friends] = await Promise.all([
      all("friend-requests"),
      all("friend-requests?direction=outgoing"),
      all("friends"),
    ]);
    this.friends = new Map(friends.map((one) => [one.friend.id, one]));
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

  friend({ friend, remark, conversation }) {
    return row(friend, remark, [
      this.button(this.people, gettext("Write"), () => this.goTo(this.people, conversation)),
    ]);
  }

  async findPeople(search) {
    if (!search) return;
    const { results } = await api("GET", `users?search=${encodeURIComponent(search)}`);
    const others = results.filter((person) => person.id !== this.store.me.id);
    fill(this.people, ".found-people", others.map((person) => this.stranger(person)), gettext("Nobody found."));
  }

  stranger(person) {
    if (this.friends.has(person.id)) return this.friend(this.friends.get(person.id));
    const ask = async (event) => {
      const greeting = this.people.querySelector("[name=greeting]").value.trim();
      await api("POST", "friend-requests", { user: person.id, greeting });
      event.target.replaceWith(asked());
      await this.refresh();
    };
    return row(person, person.introduction, [
      this.asked.has(person.id)
        ? asked()
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
    const join = async (event) => {
      const answer = await api("POST", `groups/${group.id}/join`, {});
      if (answer?.status === "pending") event.target.replaceWith(asked());
      else this.goTo(this.groups, group.id);
    };
    let button = this.button(this.groups, gettext("Join"), join);
    if (group.role) button = this.button(this.groups, gettext("Open"), () => this.goTo(this.groups, group.id), "quiet");
    else if (group.requested) button = asked();
    const size = interpolate(ngettext("%s member", "%s members", group.member_count), [group.member_count]);
    const about = [size, group.introduction].filter(Boolean).join(" · ");
    return row({ id: group.id, nickname: group.name, avatar: null }, about, [button], false);
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
    await guard(this.members, () => this.listMembers(entry));
    this.members.querySelector(".leave").onclick = () =>
      guard(this.members, async () => {
        await api("POST", `groups/${entry.id}/leave`);
        this.members.close();
      });
  }

  async listMembers(entry) {
    const members = await all(`groups/${entry.id}/members`);
    const mine = members.find((member) => member.user.id === this.store.me.id)?.role;
    const waiting = mine === "owner" || mine === "admin" ? await all(`groups/${entry.id}/join-requests`) : [];
    fill(this.members, ".waiting", waiting.map((request) => this.applicant(entry, request)));
    const rows = members.map((member) => row(member.user, member.role === "member" ? "" : role(member.role), []));
    fill(this.members, ".rows", rows);
  }

  applicant(entry, request) {
    const answer = (what) => async () => {
      await api("POST", `groups/${entry.id}/join-requests/${request.id}/${what}`);
      await this.listMembers(entry);
    };
    return row(request.user, request.message, [
      this.button(this.members, gettext("Let in"), answer("approve")),
      this.button(this.members, gettext("Reject"), answer("reject"), "quiet"),
    ]);
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

function asked() {
  return el("span", { class: "soft" }, gettext("Asked"));
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
