/* A group's page: what it is, who is in it, and what one may do about it by one's role. */

import { api } from "../api.js";
import { el, icon } from "../dom.js";
import { text } from "../text.js";
import { closeAll, Modal, question } from "./dialog.js";
import { chosen, HISTORIES, join, members, POLICIES } from "./groups.js";
import { Invitations } from "./invitations.js";
import { Members } from "./members.js";
import { Requests } from "./requests.js";
import { Settings } from "./settings.js";
import { badge, bdi, date, emblem, refill, section, Tabs } from "./lists.js";

const ANNOUNCEMENT_MAX = 1000;
const SETTLE = 150; // milliseconds in which changes come together

export class GroupPage {
  /** `actions`: `open(conversation)`, `person(id)`, `announced(id, text)` when one has read that, `changed()` when
   *  one's groups are not as they were; `send(conversation, body)`, to one of `circle`'s friends. */
  constructor(store, actions) {
    this.store = store;
    this.actions = actions;
    this.group = null;
    this.modal = new Modal("group", gettext("Group"), "wide");
    this.head = el("div", { class: "group-head" });
    this.tabs = new Tabs(gettext("Parts of the group's page"), (key) => this.render(key));
    this.modal.body.append(this.head, this.tabs.root, this.tabs.panel);
    this.parts = {
      members: new Members(this),
      requests: new Requests(this),
      invitations: new Invitations(this),
      settings: new Settings(this),
    };
    store.addEventListener("conversation", ({ detail }) => detail === this.id && this.happened());
    store.addEventListener("gone", ({ detail }) => detail === this.id && this.modal.isOpen && this.modal.close());
  }

  get mine() {
    return this.group?.role ?? null;
  }

  get manages() {
    return this.mine === "owner" || this.mine === "admin";
  }

  async show(id, tab = "about") {
    this.id = id;
    this.group = null;
    this.seen = this.signature();
    for (const part of Object.values(this.parts)) part.forget();
    this.tabs.current = tab;
    refill(this.head, el("p", { class: "soft" }, gettext("One moment …")));
    this.tabs.root.hidden = true;
    this.tabs.panel.replaceChildren();
    this.modal.open();
    if (!(await this.modal.guard(() => this.refresh()))) this.head.replaceChildren();
  }

  /** The group anew, and what of it is shown. */
  async refresh() {
    const { id } = this;
    let group;
    try {
      group = await api("GET", `groups/${id}`);
    } catch (error) {
      if (error.status !== 404) throw error;
      throw new Error(gettext("There is no such group, or it is not for you."));
    }
    if (id !== this.id) return;
    this.group = group;
    this.heading();
    this.setTabs();
    this.render(this.tabs.current);
  }

  // ---- live

  /** What of the conversation's state says that something about the group has changed. */
  signature() {
    const state = this.store.conversations.get(this.id)?.state;
    if (!state) return "";
    const { last_message: last, title, avatar, may_send: send, may_moderate: moderate, muted_until: until } = state;
    if (last?.kind === "system") this.system = `${this.id}:${last.seq}`;
    return JSON.stringify([this.system, title, avatar, send, moderate, until]);
  }

  happened() {
    if (!this.modal.isOpen || !this.group) return;
    const now = this.signature();
    if (now === this.seen) return;
    this.seen = now;
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.modal.isOpen && this.again().catch(() => {}), SETTLE);
  }

  /** After a change, one's own or another's: also of the lists. */
  async again() {
    for (const part of Object.values(this.parts)) part.stale = true;
    await this.refresh();
  }

  // ---- shown

  heading() {
    const { group } = this;
    refill(
      this.head,
      emblem(group, "large"),
      el(
        "div",
        { class: "group-name" },
        el("p", { class: "card-name" }, bdi(group.name)),
        el("p", { class: "soft" }, members(group.member_count), " · ", chosen(POLICIES(), group.join_policy)),
        group.introduction && el("p", { class: "card-about", dir: "auto" }, group.introduction),
        !this.mine && this.door(),
      ),
    );
    this.tabs.root.hidden = !this.mine;
  }

  /** For who is not in it. */
  door() {
    const { group } = this;
    if (group.requested)
      return el("p", { class: "notice" }, gettext("You have asked to join, and wait for an answer."));
    const label = group.join_policy === "approval" ? gettext("Ask to join") : gettext("Join");
    return this.modal.button(label, async () => {
      if ((await join(group, this.actions.open)) && this.modal.isOpen) await this.refresh();
    });
  }

  setTabs() {
    const { group } = this;
    if (!this.mine) return;
    const waiting = interpolate(ngettext("%s request to join", "%s requests to join", group.waiting || 0), [
      group.waiting,
    ]);
    this.tabs.set(
      [
        { key: "about", label: gettext("About") },
        { key: "members", label: gettext("Members") },
        this.manages && { key: "requests", label: gettext("Requests"), badge: badge(group.waiting, waiting) },
        this.manages && { key: "invitations", label: gettext("Invitations") },
        this.manages && { key: "settings", label: gettext("Settings") },
      ].filter(Boolean),
    );
  }

  render(tab) {
    const { panel } = this.tabs;
    if (!this.mine) return panel.replaceChildren();
    if (panel.dataset.tab !== tab) panel.replaceChildren();
    panel.dataset.tab = tab;
    if (tab === "about") refill(panel, this.announcement(), this.facts(), this.leaving());
    else this.modal.guard(() => this.parts[tab].render(panel));
  }

  announcement() {
    const { announcement } = this.group;
    if (!announcement && !this.manages) return null;
    if (announcement) this.actions.announced(this.id, announcement);
    return section(
      gettext("Announcement"),
      announcement
        ? el("p", { class: "announced", dir: "auto" }, worded(announcement, this.store))
        : el("p", { class: "soft" }, gettext("None yet. What stands here every member sees.")),
      this.manages &&
        this.modal.button(
          announcement ? gettext("Edit the announcement") : gettext("Write an announcement"),
          () => this.announce(),
          {
            kind: "quiet",
            key: "announce",
          },
        ),
    );
  }

  announce() {
    return question({
      title: gettext("Announcement"),
      fields: [
        {
          name: "announcement",
          label: gettext("Text"),
          maximum: ANNOUNCEMENT_MAX,
          lines: 6,
          value: this.group.announcement,
          hint: gettext("Members are told that there is a new one. Empty takes it down."),
        },
      ],
      action: gettext("Announce"),
      run: async ({ announcement }) => {
        await api("PATCH", `groups/${this.id}`, { announcement });
        await this.again();
      },
    });
  }

  facts() {
    const { group } = this;
    const facts = [
      [gettext("Who may join"), chosen(POLICIES(), group.join_policy)],
      [gettext("Earlier messages"), chosen(HISTORIES(), group.history)],
      group.muted_all && [gettext("Writing"), gettext("Only the owner and admins may write.")],
      [
        gettext("Owner"),
        el(
          "button",
          { type: "button", class: "link", data: { key: "owner" }, onclick: () => this.actions.person(group.owner.id) },
          bdi(group.owner.nickname),
        ),
      ],
      [gettext("Founded"), date(group.created_at)],
    ].filter(Boolean);
    return el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]).flat());
  }

  leaving() {
    if (this.mine !== "owner") {
      return el(
        "div",
        { class: "answers" },
        this.modal.button(gettext("Leave the group"), () => this.leave(), { kind: "quiet danger leave", key: "leave" }),
      );
    }
    return el(
      "p",
      { class: "notice" },
      icon("alert"),
      el(
        "span",
        {},
        gettext(
          "You are the owner: to leave, first make somebody else the owner, under “Members”, or dissolve the group, under “Settings”.",
        ),
      ),
    );
  }

  async leave() {
    await question({
      title: gettext("Leave this group?"),
      text: [
        el("p", {}, bdi(this.group.name)),
        this.group.join_policy === "open"
          ? gettext("You will not see it any more; you can join again.")
          : gettext("You will not see it any more, and cannot come back by yourself."),
      ],
      action: gettext("Leave"),
      danger: true,
      run: async () => {
        await api("POST", `groups/${this.id}/leave`);
        this.gone();
      },
    });
  }

  /** One is not in it any more. */
  gone() {
    this.actions.changed();
    closeAll();
  }
}

/** As in a message, links can be followed; here the tabulator key finds them. */
function worded(announcement, store) {
  const nodes = text({ body: announcement, data: {} }, store);
  for (const node of nodes) {
    const links = node.matches?.("a") ? [node] : (node.querySelectorAll?.("a") ?? []);
    for (const link of links) link.removeAttribute("tabindex");
  }
  return nodes;
}
