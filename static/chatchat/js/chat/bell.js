/* Where one chooses whether this browser tells of new messages: a question once, and a bell. */

import { icon } from "../dom.js";
import { choice, choose, supported } from "../notify.js";
import { toast } from "../toast.js";

const DENIED = () =>
  gettext("This browser does not allow notifications from here. The padlock beside the address lets you change that.");

export class Bell {
  constructor(button, question) {
    this.button = button;
    this.question = question;
    button.addEventListener("click", () => this.toggle());
    question.querySelector(".yes").addEventListener("click", () => this.set(true));
    question.querySelector(".no").addEventListener("click", () => this.set(false));
    this.show();
  }

  show() {
    const chosen = choice();
    const label = chosen === "on" ? gettext("Notifications are on") : gettext("Notifications are off");
    this.button.hidden = !supported;
    this.button.title = label;
    this.button.setAttribute("aria-pressed", String(chosen === "on"));
    this.button.replaceChildren(icon(chosen === "on" ? "bell" : "bell-off"));
    this.question.hidden = chosen !== "undecided";
  }

  async set(on) {
    if ((await choose(on)) === "denied" && on) toast(DENIED());
    this.show();
  }

  toggle() {
    if (choice() === "denied") toast(DENIED());
    else this.set(choice() !== "on");
  }
}
