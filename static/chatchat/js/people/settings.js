/* On a group's page: what its owner and admins may change. */

import { api } from "../api.js";
import { Cropper } from "../cropper.js";
import { el, icon } from "../dom.js";
import { field, question } from "./dialog.js";
import { HISTORIES, POLICIES } from "./groups.js";
import { bdi, emblem, refill, section } from "./lists.js";

const SIDE = 512; // what the server keeps
const KINDS = "image/png,image/jpeg,image/webp,image/gif";

export class Settings {
  constructor(page) {
    this.page = page;
    this.forget();
  }

  forget() {
    this.stale = true;
    this.built = null;
  }

  /** What is being typed stays when somebody else changes something. */
  render(panel) {
    const { group, mine } = this.page;
    const built = JSON.stringify([
      group.id,
      group.name,
      group.introduction,
      group.join_policy,
      group.history,
      group.avatar,
      group.muted_all,
      mine,
    ]);
    if (built === this.built && panel.querySelector(".settings")) return;
    this.built = built;
    refill(panel, this.picture(group), this.words(group), this.muting(group), this.ending(group));
  }

  picture(group) {
    const { modal } = this.page;
    const choose = el("input", {
      type: "file",
      accept: KINDS,
      class: "visually-hidden",
      tabindex: "-1",
      "aria-hidden": "true",
    });
    choose.addEventListener("change", async () => {
      if (choose.files[0]) await modal.guard(() => this.upload(choose.files[0]));
      choose.value = ""; // the same one may be chosen again
    });
    const remove = async () => {
      await api("DELETE", `groups/${group.id}/avatar`);
      await this.page.again();
    };
    return section(
      gettext("Picture"),
      el(
        "div",
        { class: "picture-row" },
        emblem(group, "large"),
        choose,
        modal.button(gettext("Choose a picture"), () => choose.click(), { kind: "quiet", key: "picture" }),
        group.avatar && modal.button(gettext("Remove the picture"), remove, { kind: "quiet", key: "no-picture" }),
      ),
    );
  }

  /** Which part of the picture, and then away with it. */
  async upload(file) {
    const { part, cropper } = stage();
    try {
      await cropper.load(file);
    } catch {
      throw new Error(gettext("The browser cannot read that as a picture. A JPEG, PNG, WebP or GIF is needed."));
    }
    await question({
      title: gettext("Picture"),
      text: part,
      action: gettext("Save"),
      run: async () => {
        const body = new FormData();
        body.append("image", await cropper.blob(SIDE), "picture.webp");
        await api("PUT", `groups/${this.page.id}/avatar`, body);
        await this.page.again();
      },
    });
  }

  words(group) {
    const form = this.page.modal.form(
      { class: "form settings" },
      (values) => this.save(values),
      field({ name: "name", label: gettext("Name"), maximum: 64, required: true, value: group.name }),
      field({ name: "introduction", label: gettext("What it is about"), maximum: 200, value: group.introduction }),
      field({ name: "join_policy", label: gettext("Who may join"), choices: POLICIES(), value: group.join_policy }),
      field({ name: "history", label: gettext("Earlier messages"), choices: HISTORIES(), value: group.history }),
      el("div", { class: "answers" }, el("button", { type: "submit" }, gettext("Save"))),
    );
    return section(gettext("Name and joining"), form);
  }

  async save(values) {
    await api("PATCH", `groups/${this.page.id}`, {
      ...values,
      name: values.name.trim(),
      introduction: values.introduction.trim(),
    });
    this.built = null;
    await this.page.again();
    this.page.actions.changed();
    this.page.tabs.panel
      .querySelector(".settings .answers")
      ?.prepend(el("span", { class: "saved", role: "status" }, icon("check"), gettext("Saved")));
  }

  muting(group) {
    const toggle = async () => {
      await api("PATCH", `groups/${group.id}`, { muted_all: !group.muted_all });
      await this.page.again();
    };
    return section(
      gettext("Writing"),
      el(
        "p",
        { class: "soft" },
        group.muted_all
          ? gettext("Only the owner and admins may write.")
          : gettext("Every member may write, unless muted."),
      ),
      el(
        "div",
        {},
        this.page.modal.button(group.muted_all ? gettext("Let everybody write") : gettext("Mute everybody"), toggle, {
          kind: "quiet",
          key: "mute-all",
        }),
      ),
    );
  }

  ending(group) {
    if (this.page.mine !== "owner") {
      return section(
        gettext("Handing over and ending"),
        el("p", { class: "soft" }, gettext("Only the owner can give roles, pass the group on or dissolve it.")),
      );
    }
    return section(
      gettext("Handing over and ending"),
      el(
        "p",
        { class: "soft" },
        gettext(
          "Dissolved, the group is gone for everybody, with all that was said in it. To pass it on, choose its next owner under “Members”.",
        ),
      ),
      el(
        "div",
        {},
        this.page.modal.button(gettext("Dissolve the group"), () => this.dissolve(group), {
          kind: "quiet danger",
          key: "dissolve",
        }),
      ),
    );
  }

  dissolve(group) {
    return question({
      title: gettext("Dissolve this group?"),
      text: [el("p", {}, bdi(group.name)), gettext("Everybody loses it at once. This cannot be undone.")],
      action: gettext("Dissolve"),
      danger: true,
      typed: group.name,
      run: async () => {
        await api("DELETE", `groups/${group.id}`);
        this.page.gone();
      },
    });
  }
}

/** Where a square part of a picture is chosen: by dragging, by keys, by the slider. */
function stage() {
  const keys = gettext("Arrow keys move the picture, plus and minus change its size.");
  const canvas = el("canvas", {
    width: 320,
    height: 320,
    tabindex: "0",
    role: "img",
    "aria-label": `${gettext("The part that is shown")}. ${keys}`,
  });
  const zoom = el("input", {
    type: "range",
    min: "1",
    max: "8",
    step: "0.01",
    value: "1",
    "aria-label": gettext("Size"),
  });
  return { part: el("div", { class: "crop-box" }, canvas, zoom), cropper: new Cropper({ canvas, zoom, previews: [] }) };
}
