/* Pictures, large: one after the other with the arrows. */

import { el, icon } from "../dom.js";
import { bytes } from "../format.js";
import { plainName } from "../text.js";

export class Lightbox {
  constructor() {
    const tool = (name, label, action) =>
      el("button", { type: "button", class: `tool ${name}`, title: label, "aria-label": label, onclick: action }, icon(name));
    this.image = el("img", { class: "lightbox-image", onclick: () => this.zoom() });
    this.caption = el("p", { class: "lightbox-caption", "aria-live": "polite" });
    this.link = el("a", { class: "tool", title: gettext("Download"), "aria-label": gettext("Download") }, icon("download"));
    this.back = tool("back", gettext("Previous picture"), () => this.step(-1));
    this.on = tool("right", gettext("Next picture"), () => this.step(1));
    this.stage = el("div", { class: "lightbox-stage" }, this.image);
    this.dialog = el(
      "dialog",
      { class: "lightbox", "aria-label": gettext("Picture") },
      el("header", {}, this.caption, this.link, tool("close", gettext("Close"), () => this.dialog.close())),
      this.stage,
      this.back,
      this.on,
    );
    document.body.append(this.dialog);
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("click", (event) => event.target === this.stage && this.dialog.close());
    this.dialog.addEventListener("close", () => {
      this.image.removeAttribute("src");
      this.owner?.focus({ preventScroll: true });
    });
  }

  open(pictures, index, owner) {
    this.pictures = pictures;
    this.owner = owner;
    this.show(index);
    this.dialog.showModal();
  }

  show(index) {
    const picture = this.pictures[index];
    const name = plainName(picture.name);
    this.index = index;
    this.dialog.classList.remove("zoomed");
    this.image.removeAttribute("src"); // not the last one's while this one comes
    Object.assign(this.image, { alt: name, width: picture.width, height: picture.height, src: picture.url });
    const place = this.pictures.length > 1 ? ` · ${index + 1} / ${this.pictures.length}` : "";
    this.caption.replaceChildren(el("bdi", {}, name), ` · ${bytes(picture.size)}${place}`);
    this.link.href = picture.url;
    this.link.download = name;
    this.back.hidden = index === 0;
    this.on.hidden = index === this.pictures.length - 1;
  }

  step(by) {
    if (this.pictures[this.index + by]) this.show(this.index + by);
  }

  zoom() {
    this.dialog.classList.toggle("zoomed");
  }

  key(event) {
    if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "Home") this.show(0);
    else if (event.key === "End") this.show(this.pictures.length - 1);
    else return;
    event.preventDefault();
  }
}
