/* What comes is told to screen readers once, as it comes; history that is scrolled to is not. */

import { el } from "../dom.js";
import { preview } from "../format.js";
import { plainName } from "../text.js";

const EVERY = 1000; // milliseconds
const SPOKEN = 3; // messages at once; more are only counted

export class Announcer {
  constructor(store) {
    this.store = store;
    this.element = el("div", { class: "visually-hidden announcer", role: "status", "aria-live": "polite" });
    this.waiting = [];
    this.timer = null;
  }

  clear() {
    this.waiting = [];
    this.element.replaceChildren();
  }

  add(message) {
    this.waiting.push(message);
    this.timer ||= setTimeout(() => this.say(), this.element.childElementCount ? EVERY : 0);
  }

  say() {
    const messages = this.waiting.splice(0);
    this.timer = null;
    const lines =
      messages.length > SPOKEN
        ? [interpolate(ngettext("%s new message", "%s new messages", messages.length), [messages.length])]
        : messages.map((message) => this.line(message));
    this.element.replaceChildren(...lines.map((line) => el("p", {}, line)));
  }

  line(message) {
    const said = preview(message, this.store);
    if (!message.sender) return said;
    return interpolate(gettext("%(name)s: %(text)s"), { name: plainName(message.sender.nickname), text: said }, true);
  }
}
