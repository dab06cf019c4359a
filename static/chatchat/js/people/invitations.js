/* On a group's page: invitations, as a link and as a QR code. */

import { all, api } from "../api.js";
import { el } from "../dom.js";
import { field, question } from "./dialog.js";
import { FriendPicker, sendLink } from "./inviting.js";
import { bdi, dateAndTime, list, refill, section } from "./lists.js";

const HOUR = 3600;

export class Invitations {
  constructor(page) {
    this.page = page;
    this.forget();
  }

  forget() {
    this.rows = [];
    this.shown = null; // whose QR code is on the page
    this.stale = true;
  }

  async render(panel) {
    const { id } = this.page;
    // Nobody tells of invitations: whoever comes to this tab asks for them.
    if (this.stale || !panel.querySelector(".invite-form")) {
      this.rows = await all(`groups/${id}/invitations`);
      if (id !== this.page.id) return;
      this.stale = false;
    }
    if (panel.dataset.tab !== "invitations") return;
    if (!panel.querySelector(".invite-form")) panel.replaceChildren(this.form(), el("div", { class: "rows" }));
    const nothing = el(
      "p",
      {},
      gettext("No invitations. Who gets the link of one can join, whatever the group's settings say."),
    );
    refill(
      panel.querySelector(".rows"),
      section(
        gettext("Invitations so far"),
        list(
          "invitations",
          this.rows.map((one) => this.row(one)),
          nothing,
        ),
      ),
    );
  }

  form() {
    const uses = (count) => [String(count), interpolate(ngettext("%s person", "%s people", count), [count])];
    const expiries = [
      [String(HOUR), gettext("an hour")],
      [String(24 * HOUR), gettext("a day")],
      [String(7 * 24 * HOUR), gettext("a week")],
      [String(30 * 24 * HOUR), gettext("30 days")],
    ];
    return this.page.modal.form(
      { class: "form invite-form" },
      (values) => this.create(values),
      field({ name: "expires_in", label: gettext("Good for"), value: String(7 * 24 * HOUR), choices: expiries }),
      field({ name: "max_uses", label: gettext("Lets in"), value: "10", choices: [1, 10, 100, 1000].map(uses) }),
      el("button", { type: "submit" }, gettext("Create an invitation")),
    );
  }

  async create(values) {
    const made = await api("POST", `groups/${this.page.id}/invitations`, {
      expires_in: Number(values.expires_in),
      max_uses: Number(values.max_uses),
    });
    this.shown = made.id;
    this.stale = true;
    await this.render(this.page.tabs.panel);
  }

  row(invitation) {
    const { id, url, token, uses, max_uses: most } = invitation;
    const left = most - uses;
    const over = left <= 0 || Date.parse(invitation.expires_at) <= Date.now();
    const open = this.shown === id && !over;
    return el(
      "li",
      { class: over ? "invitation over" : "invitation" },
      el("p", { class: "soft" }, this.state(invitation, left, over), " · ", bdi(invitation.created_by.nickname)),
      !over &&
        el(
          "div",
          { class: "link-row" },
          link(url),
          this.copier(id, url),
          this.qrButton(id, open),
          this.sharer(invitation, left),
        ),
      open &&
        el("img", {
          class: "qr",
          src: `/api/v1/invitations/${token}/qr`,
          alt: gettext("QR code of the link"),
          width: 220,
          height: 220,
        }),
      el(
        "div",
        { class: "does" },
        this.page.modal.button(over ? gettext("Remove") : gettext("Take back"), () => this.revoke(invitation, over), {
          kind: "quiet",
          key: `revoke:${id}`,
        }),
      ),
    );
  }

  state({ expires_at: until }, left, over) {
    if (left <= 0) return gettext("Used up");
    if (over) return gettext("Expired");
    const uses = interpolate(ngettext("%s use left", "%s uses left", left), [left]);
    return interpolate(gettext("%(uses)s, until %(until)s"), { uses, until: dateAndTime(until) }, true);
  }

  copier(id, url) {
    const run = async (button) => {
      await copy(url, button.closest(".link-row").querySelector("input"));
      return true;
    };
    return this.telling(gettext("Copy"), gettext("Copied"), run, { key: `copy:${id}` });
  }

  sharer(invitation, left) {
    const attributes = { kind: "quiet", key: `share:${invitation.id}` };
    return this.telling(gettext("Send to friends"), gettext("Sent"), () => this.share(invitation, left), attributes);
  }

  /** A button that says afterwards that it was done, if it was. */
  telling(label, afterwards, run, attributes) {
    const said = el("span", { class: "visually-hidden", role: "status" });
    const act = async ({ currentTarget: button }) => {
      if (await run(button)) button.textContent = said.textContent = afterwards;
    };
    return el("span", {}, this.page.modal.button(label, act, attributes), said);
  }

  qrButton(id, open) {
    const toggle = () => {
      this.shown = open ? null : id;
      return this.render(this.page.tabs.panel);
    };
    return this.page.modal.button(gettext("QR code"), toggle, {
      kind: "quiet",
      key: `qr:${id}`,
      "aria-expanded": String(open),
    });
  }

  share({ url }, left) {
    const { circle, send } = this.page.actions;
    const picker = new FriendPicker(circle, gettext("To whom?"));
    const run = () => {
      const friends = picker.chosen;
      if (!friends.length) throw new Error(gettext("Choose somebody."));
      if (friends.length > left) {
        const few = ngettext("It lets in only %s more person.", "It lets in only %s more people.", left);
        throw new Error(interpolate(few, [left]));
      }
      sendLink(friends, { name: this.page.group.name, url }, send);
    };
    return question({ title: gettext("Send the invitation"), more: picker.root, action: gettext("Send"), run });
  }

  async revoke(invitation, over) {
    const run = async () => {
      await api("DELETE", `groups/${this.page.id}/invitations/${invitation.id}`);
      this.stale = true;
      await this.render(this.page.tabs.panel);
    };
    if (over) return run();
    await question({
      title: gettext("Take this invitation back?"),
      text: gettext("Its link lets nobody in any more. Who has come in by it stays."),
      action: gettext("Take back"),
      danger: true,
      run,
    });
  }
}

function link(url) {
  return el("input", {
    class: "url",
    readonly: true,
    value: url,
    "aria-label": gettext("Link"),
    onfocus: (event) => event.target.select(),
  });
}

/** Where the page is not served securely, browsers have only the old way. */
async function copy(text, input) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    input.focus();
    input.select();
    if (!document.execCommand("copy"))
      throw new Error(gettext("Copying was not allowed: the link is selected, copy it yourself."));
  }
}
