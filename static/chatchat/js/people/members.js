/* On a group's page: the members, page by page, and what one may do about each. */

import { api } from "../api.js";
import { el } from "../dom.js";
import { plainName } from "../text.js";
import { question } from "./dialog.js";
import { role, short, time } from "../format.js";
import { bdi, face, list, menuButton, refill, row } from "./lists.js";

const RANK = { owner: 0, admin: 1, member: 2 };
const PAGE = 100;
const MINUTE = 60;
const MUTES = () => [
  [10 * MINUTE, gettext("Mute for 10 minutes")],
  [60 * MINUTE, gettext("Mute for an hour")],
  [24 * 60 * MINUTE, gettext("Mute for a day")],
];

const RETURN = {
  open: () => gettext("They can join again, as anybody can."),
  approval: () => gettext("They can ask to be let in again."),
  invite: () => gettext("They can come back only by an invitation."),
};

export class Members {
  constructor(page) {
    this.page = page;
    this.forget();
  }

  forget() {
    this.rows = [];
    this.next = null;
    this.filter = "";
    this.stale = true;
  }

  async render(panel) {
    const { id } = this.page;
    if (this.stale) {
      await this.load(Math.max(1, Math.ceil(this.rows.length / PAGE)));
      if (id !== this.page.id) return;
      this.stale = false;
    }
    if (panel.dataset.tab !== "members") return;
    if (!panel.querySelector(".member-search")) this.build(panel);
    this.fill(panel);
  }

  build(panel) {
    const input = el("input", {
      type: "search",
      class: "member-search",
      autocomplete: "off",
      "aria-label": gettext("Search members"),
      placeholder: gettext("Search members"),
      oninput: (event) => {
        this.filter = event.target.value.trim().toLocaleLowerCase();
        this.fill(panel);
      },
    });
    this.end = el("div", { class: "end" });
    // The next page comes when the end of this one is nearly in sight; a search does not fetch them all.
    const watch = new IntersectionObserver(
      ([seen]) => seen.isIntersecting && this.next && !this.filter && this.more(panel),
      { root: this.page.modal.root.querySelector(".sheet"), rootMargin: "400px" },
    );
    watch.observe(this.end);
    panel.replaceChildren(input, el("div", { class: "rows" }), this.end);
  }

  fill(panel) {
    const shown = this.rows.filter(({ user }) => user.nickname.toLocaleLowerCase().includes(this.filter));
    refill(
      panel.querySelector(".rows"),
      list(
        "members",
        shown.map((member) => this.row(member)),
        el("p", {}, gettext("No member has this in their name.")),
      ),
    );
    const loaded = interpolate(
      gettext("Of %(all)s members %(loaded)s are shown here."),
      { all: this.page.group.member_count, loaded: this.rows.length },
      true,
    );
    refill(
      this.end,
      this.next && el("p", { class: "soft" }, loaded),
      this.next && this.page.modal.button(gettext("Show more"), () => this.more(panel), { kind: "quiet", key: "more" }),
    );
  }

  async load(pages) {
    const found = [];
    let cursor = "";
    for (let page = 0; page < pages && cursor !== null; page++) {
      const answer = await this.fetch(cursor);
      found.push(...answer.results);
      cursor = answer.next;
    }
    this.rows = found;
    this.next = cursor;
  }

  async fetch(cursor) {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const answer = await api("GET", `groups/${this.page.id}/members?limit=${PAGE}${more}`);
    // Also those whose own page is not for one, since they block one.
    for (const { user } of answer.results) this.page.store.know(user);
    return answer;
  }

  async more(panel) {
    if (this.loading) return;
    this.loading = true;
    const { id } = this.page;
    try {
      const answer = await this.fetch(this.next);
      if (id !== this.page.id) return;
      const known = new Set(this.rows.map(({ user }) => user.id));
      this.rows.push(...answer.results.filter(({ user }) => !known.has(user.id)));
      this.next = answer.next;
    } finally {
      this.loading = false;
    }
    if (panel.dataset.tab === "members") this.fill(panel);
  }

  // ---- one of them

  row(member) {
    const { user } = member;
    const until = mutedUntil(member);
    const items = this.items(member);
    return row({
      picture: face(user),
      name: el(
        "span",
        { class: "name-line" },
        bdi(user.nickname),
        member.role !== "member" && el("span", { class: `chip ${member.role}` }, role(member.role)),
        user.id === this.page.store.me.id && el("span", { class: "chip" }, gettext("you")),
      ),
      details: [until && interpolate(gettext("Muted until %s"), [moment(until)])],
      open: () => this.page.actions.person(user.id),
      key: `person:${user.id}`,
      does: [
        items.length > 0 &&
          menuButton({
            label: interpolate(gettext("What to do about %s"), [plainName(user.nickname)]),
            key: `member:${user.id}`,
            items: () => items,
          }),
      ],
    });
  }

  /** Only who ranks higher may do something about somebody; only the owner gives roles. */
  items(member) {
    const { mine, manages } = this.page;
    if (!manages || RANK[mine] >= RANK[member.role]) return [];
    const owner = mine === "owner";
    const muted = Boolean(mutedUntil(member));
    return [
      owner &&
        member.role === "member" && {
          label: gettext("Make an admin"),
          icon: "people",
          run: () => this.change(member, { role: "admin" }),
        },
      owner &&
        member.role === "admin" && {
          label: gettext("Make an ordinary member"),
          icon: "people",
          run: () => this.change(member, { role: "member" }),
        },
      owner && { label: gettext("Make the owner"), icon: "crown", run: () => this.transfer(member) },
      ...MUTES().map(([seconds, label]) => ({ label, icon: "mute", run: () => this.mute(member, seconds) })),
      muted && {
        label: gettext("Let write again"),
        icon: "check",
        run: () => this.change(member, { muted_until: null }),
      },
      { label: gettext("Remove from the group"), icon: "close", danger: true, run: () => this.kick(member) },
    ].filter(Boolean);
  }

  change({ user }, change) {
    return this.page.modal.guard(async () => {
      try {
        await api("PATCH", `groups/${this.page.id}/members/${user.id}`, change);
      } finally {
        await this.page.again();
      }
    });
  }

  mute(member, seconds) {
    return this.change(member, { muted_until: new Date(Date.now() + seconds * 1000).toISOString() });
  }

  kick({ user }) {
    return question({
      title: gettext("Remove from the group?"),
      text: [
        el("p", {}, bdi(user.nickname)),
        gettext("They cannot read or write here any more."),
        RETURN[this.page.group.join_policy](),
      ],
      action: gettext("Remove"),
      danger: true,
      run: async () => {
        await api("DELETE", `groups/${this.page.id}/members/${user.id}`);
        await this.page.again();
      },
    });
  }

  transfer({ user }) {
    return question({
      title: gettext("Make somebody else the owner?"),
      text: [el("p", {}, bdi(user.nickname)), gettext("You stay as an admin. Only they can make you the owner again.")],
      action: gettext("Make the owner"),
      danger: true,
      run: async () => {
        await api("POST", `groups/${this.page.id}/transfer`, { user: user.id });
        this.page.actions.changed();
        await this.page.again();
      },
    });
  }
}

function mutedUntil(member) {
  return member.muted_until && Date.parse(member.muted_until) > Date.now() ? member.muted_until : null;
}

function moment(until) {
  const day = short(until);
  return day === time(until) ? day : `${day} ${time(until)}`;
}
