/* The files that will go with the message: small pictures or names over the textarea, with their progress. */

import { el, icon } from "../dom.js";
import { bytes } from "../format.js";
import { uploads } from "./uploads.js";

export class Tray {
  constructor(root, removed) {
    this.root = root;
    this.removed = removed;
    this.items = new Map(); // key → item
    uploads.addEventListener("change", ({ detail }) => this.items.get(detail.key)?.update());
  }

  show(list) {
    const wanted = new Set(list.map(({ key }) => key));
    for (const [key, item] of this.items) {
      if (wanted.has(key)) continue;
      item.node.remove();
      this.items.delete(key);
    }
    for (const upload of list) if (!this.items.has(upload.key)) this.add(upload);
    this.root.hidden = !list.length;
  }

  add(upload) {
    const item = new Item(upload, () => this.remove(upload));
    this.items.set(upload.key, item);
    this.root.append(item.node);
  }

  remove(upload) {
    const { node } = this.items.get(upload.key);
    const next = (node.nextElementSibling || node.previousElementSibling)?.querySelector(".remove");
    this.removed(upload);
    next?.focus();
  }
}

class Item {
  constructor(upload, remove) {
    this.upload = upload;
    this.picture = el("span", { class: "thumb" }, icon("file"));
    this.name = el("bdi", { class: "name", title: upload.name }, upload.name);
    this.state = el("span", { class: "state" });
    this.progress = el("progress", { max: 1, "aria-label": upload.name });
    this.again = button("retry", gettext("Try again"), () => uploads.retry(upload));
    const gone = button("close", interpolate(gettext("Remove %s"), [upload.name]), remove);
    gone.classList.add("remove");
    this.node = el(
      "li",
      { class: "enclosed" },
      this.picture,
      el("span", { class: "what" }, this.name, this.state, this.progress),
      this.again,
      gone,
    );
    this.update();
  }

  update() {
    const { state, progress, error, preview, size } = this.upload;
    this.node.dataset.state = state;
    this.progress.hidden = state !== "uploading";
    this.progress.value = progress;
    this.again.hidden = state !== "failed";
    this.state.textContent = state === "failed" ? error : bytes(size);
    if (preview !== this.preview) {
      this.preview = preview;
      this.picture.replaceChildren(preview ? el("img", { src: preview, alt: "" }) : icon("file"));
    }
  }
}

function button(name, label, onclick) {
  return el("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick }, icon(name));
}
