/* The groups dialog: one's own, finding one or coming in by a link, founding one. */

import { all, api } from "../api.js";
import { el } from "../dom.js";
import { closeAll, field, Modal, question } from "./dialog.js";
import { role } from "../format.js";
import { FriendPicker, invite } from "./inviting.js";
import { badge, bdi, emblem, list, refill, row, section, Tabs } from "./lists.js";

const MESSAGE_MAX = 200;

export function members(count) {
  return interpolate(ngettext("%s member", "%s members", count), [count]);
}

export const POLICIES = () => [
  ["open", gettext("Anybody may join")],
  ["approval", gettext("Joining needs approval")],
  ["invite", gettext("By invitation only")],
];

export const HISTORIES = () => [
  ["all", gettext("Newcomers see everything")],
  ["since_joined", gettext("Newcomers see what comes after them")],
];

export function chosen(choices, value) {
  return choices.find(([one]) => one === value)?.[1] || "";
}

/** Join a group by its policy: at once, or with a message to who decides. Resolves when that is done. */
export async function join(group, open) {
  if (group.join_policy === "approval") {
    return question({
      title: gettext("Ask to join"),
      text: gettext("The owner or an admin of the group decides."),
      fields: [{ name: "message", label: gettext("A message to them"), maximum: MESSAGE_MAX, lines: 2 }],
      action: gettext("Ask"),
      run: ({ message }) => api("POST", `groups/${group.id}/join`, { message: message.replace(/\s+/g, " ").trim() }),
    });
  }
  await api("POST", `groups/${group.id}/join`, {});
  closeAll();
  open(group.id);
  return true;
}

export class GroupsDialog {
  /** `page(id)` shows a group's page, `send(conversation, body)` says something. */
  constructor(store, circle, { open, page, send }) {
    this.store = store;
    this.circle = circle;
    this.go = open;
    this.page = page;
    this.send = send;
    this.mine = [];
    this.found = null;
    this.modal = new Modal("groups", gettext("Groups"), "tabbed");
    this.tabs = new Tabs(gettext("Groups"), () => this.render());
    this.modal.body.append(this.tabs.root, this.tabs.panel);
    store.addEventListener("gone", () => this.modal.isOpen && this.refresh().catch(() => {}));
  }

  show() {
    this.found = null;
    this.tabs.panel.dataset.tab = "";
    this.changed();
    this.modal.open();
    return this.modal.guard(() => this.refresh());
  }

  /** One's groups, and in how many of them somebody waits to be let in. */
  async refresh() {
    this.mine = await all("groups");
    this.changed();
  }

  changed() {
    const waiting = this.mine.reduce((sum, group) => sum + (group.waiting || 0), 0);
    const label = interpolate(ngettext("%s request to join", "%s requests to join", waiting), [waiting]);
    document.querySelector("#show-groups .badge")?.remove();
    const mark = badge(waiting, label);
    if (mark) document.getElementById("show-groups").append(mark);
    this.tabs.set([
      { key: "mine", label: gettext("My groups"), badge: badge(waiting, label) },
      { key: "find", label: gettext("Find one") },
      { key: "found", label: gettext("New group") },
    ]);
    if (this.modal.isOpen || this.tabs.panel.dataset.tab === "") this.render();
  }

  render() {
    const { panel, current } = this.tabs;
    if (panel.dataset.tab !== current) {
      panel.dataset.tab = current;
      const build = { mine: () => [], find: () => this.findTab(), found: () => [this.foundTab()] }[current];
      panel.replaceChildren(...build());
    }
    if (current === "mine") this.listMine();
    else if (current === "find") this.listFound();
  }

  open(id) {
    closeAll();
    this.go(id);
  }

  // ---- one's own

  listMine() {
    const nothing = [
      el("p", {}, gettext("You are in no group yet. Find one by its name, or start your own.")),
      el("button", { type: "button", class: "small", onclick: () => this.tabs.open("found") }, gettext("New group")),
    ];
    refill(
      this.tabs.panel,
      list(
        "own-groups",
        this.mine.map((group) => this.own(group)),
        ...nothing,
      ),
    );
  }

  own(group) {
    const about = [members(group.member_count), group.role !== "member" && role(group.role)]
      .filter(Boolean)
      .join(" · ");
    const waiting = group.waiting || 0;
    const label = interpolate(ngettext("%s request to join", "%s requests to join", waiting), [waiting]);
    return this.group(
      group,
      [about],
      [
        waiting > 0 &&
          this.modal.button(label, () => this.page(group.id, "requests"), {
            kind: "quiet warm",
            key: `requests:${group.id}`,
          }),
        this.modal.button(gettext("Open"), () => this.open(group.id), { kind: "quiet", key: `open:${group.id}` }),
      ],
    );
  }

  // ---- finding

  findTab() {
    const input = (name, label, maximum) =>
      el("input", {
        type: name === "search" ? "search" : "text",
        name,
        required: true,
        maxlength: maximum,
        autocomplete: "off",
        "aria-label": label,
        placeholder: label,
      });
    const search = this.modal.form(
      { class: "search" },
      (values) => this.find(values.search.trim()),
      input("search", gettext("Part of its name"), 64),
      el("button", { type: "submit", class: "small" }, gettext("Search")),
    );
    const link = this.modal.form(
      { class: "search by-link" },
      (values) => this.follow(values.link),
      input("link", gettext("Link or code of an invitation"), 500),
      el("button", { type: "submit", class: "small quiet" }, gettext("Continue")),
    );
    return [search, el("div", { class: "rows", "aria-live": "polite" }), section(gettext("Invited?"), link)];
  }

  async find(text, cursor = null) {
    if (!text) return;
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await api("GET", `groups?search=${encodeURIComponent(text)}${more}`);
    this.found = { text, groups: [...(cursor ? this.found.groups : []), ...page.results], next: page.next };
    if (this.tabs.current === "find") this.listFound();
  }

  listFound() {
    const rows = this.tabs.panel.querySelector(".rows");
    if (!this.found) {
      refill(rows, el("p", { class: "soft" }, gettext("Groups by invitation only are not found by their name.")));
      return;
    }
    const { groups, next, text } = this.found;
    refill(
      rows,
      list(
        "found-groups",
        groups.map((group) => this.candidate(group)),
        el("p", {}, gettext("No group found.")),
      ),
      next && this.modal.button(gettext("Show more"), () => this.find(text, next), { kind: "quiet", key: "more" }),
    );
  }

  candidate(group) {
    const does = (label, run, kind = "") => this.modal.button(label, run, { kind, key: `${label}:${group.id}` });
    let action = does(group.join_policy === "approval" ? gettext("Ask to join") : gettext("Join"), () =>
      this.join(group),
    );
    if (group.role) action = does(gettext("Open"), () => this.open(group.id), "quiet");
    else if (group.requested) action = el("span", { class: "soft" }, gettext("Asked"));
    return this.group(group, [members(group.member_count), group.introduction], [action]);
  }

  /** Somebody has decided about one's request to join. */
  answered({ group: id }) {
    const found = this.found?.groups.find((group) => group.id === id);
    if (!found) return;
    found.requested = false;
    if (this.modal.isOpen && this.tabs.current === "find") this.listFound();
  }

  async join(group) {
    if (!(await join(group, this.go)) || !this.modal.isOpen) return;
    group.requested = true;
    this.listFound();
  }

  /** Where an invitation leads, and whether to go there. */
  async follow(link) {
    const token = /(?:\/invite\/|^\s*)([\w-]{8,64})\/?\s*$/.exec(link)?.[1];
    if (!token) throw new Error(gettext("That is no invitation."));
    const { group, invited_by: inviter } = await this.invited(token);
    if (group.role) return this.open(group.id);
    const [before, after] = gettext("%s invites you.").split("%s");
    await question({
      title: gettext("Join this group?"),
      text: [
        el(
          "div",
          { class: "card-head" },
          emblem(group, "large"),
          el("p", { class: "card-name" }, bdi(group.name)),
          el("p", { class: "soft" }, members(group.member_count)),
        ),
        group.introduction && el("p", { dir: "auto" }, group.introduction),
        el("p", { class: "soft" }, before, bdi(inviter.nickname), after),
      ],
      action: gettext("Join"),
      run: async () => {
        await api("POST", `groups/${group.id}/join`, { invitation: token });
        this.open(group.id);
      },
    });
  }

  async invited(token) {
    try {
      return await api("GET", `invitations/${token}`);
    } catch (error) {
      if (error.status !== 404) throw error;
      throw new Error(gettext("This invitation does not hold: it has expired, was used up or taken back."));
    }
  }

  // ---- founding

  foundTab() {
    this.picker = new FriendPicker(this.circle, gettext("Invite friends"));
    return this.modal.form(
      { class: "form found" },
      (values) => this.create(values),
      field({ name: "name", label: gettext("Name"), maximum: 64, required: true }),
      field({ name: "introduction", label: gettext("What it is about"), maximum: 200 }),
      field({ name: "join_policy", label: gettext("Who may join"), choices: POLICIES() }),
      field({ name: "history", label: gettext("Earlier messages"), choices: HISTORIES() }),
      this.picker.root,
      el("div", { class: "answers" }, el("button", { type: "submit" }, gettext("Create the group"))),
    );
  }

  async create(values) {
    const trimmed = { name: values.name.trim(), introduction: values.introduction.trim() };
    const group = await api("POST", "groups", { ...values, ...trimmed });
    this.tabs.current = "mine";
    this.open(group.id);
    const friends = this.picker.chosen;
    if (friends.length) await invite(friends, group, this.send);
    await this.refresh();
  }

  // ---- common

  group(group, details, does) {
    return row({
      picture: emblem(group),
      name: bdi(group.name),
      details: details.map((detail) => detail && el("span", { dir: "auto" }, detail)),
      open: () => this.page(group.id),
      key: `group:${group.id}`,
      does,
    });
  }
}
