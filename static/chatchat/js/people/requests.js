/* On a group's page: who asks to be let in. */

import { all, api } from "../api.js";
import { el } from "../dom.js";
import { bdi, face, list, refill, row } from "./lists.js";

export class Requests {
  constructor(page) {
    this.page = page;
    this.forget();
  }

  forget() {
    this.rows = [];
    this.stale = true;
  }

  async render(panel) {
    const { id } = this.page;
    if (this.stale) {
      this.rows = await all(`groups/${id}/join-requests`);
      if (id !== this.page.id) return;
      this.stale = false;
    }
    if (panel.dataset.tab !== "requests") return;
    const nothing =
      this.page.group.join_policy === "approval"
        ? gettext("Nobody asks to be let in at the moment.")
        : gettext("Nobody asks to be let in. Only a group whose joining needs approval gets requests.");
    refill(
      panel,
      list(
        "waiting",
        this.rows.map((request) => this.row(request)),
        el("p", {}, nothing),
      ),
    );
  }

  row(request) {
    const { user } = request;
    const does = (label, what, kind) =>
      this.page.modal.button(label, () => this.answer(request, what), {
        kind,
        key: `${what}:${user.id}`,
        "aria-description": user.nickname,
      });
    return row({
      picture: face(user),
      name: bdi(user.nickname),
      details: [request.message && el("span", { class: "said", dir: "auto" }, request.message)],
      open: () => this.page.actions.person(user.id),
      key: `person:${user.id}`,
      does: [does(gettext("Let in"), "approve", ""), does(gettext("Reject"), "reject", "quiet")],
    });
  }

  async answer(request, what) {
    try {
      await api("POST", `groups/${this.page.id}/join-requests/${request.id}/${what}`);
    } finally {
      await this.page.again();
      this.page.actions.changed();
    }
  }
}
