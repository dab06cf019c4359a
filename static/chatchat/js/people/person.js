/* A person's card, and what one can do about somebody. */

import { api } from "../api.js";
import { el } from "../dom.js";
import { closeAll, Modal, question } from "./dialog.js";
import { bdi, face, refill } from "./lists.js";

const GREETING_MAX = 200;
const REMARK_MAX = 32;

/** The questions that come before a deed. */
export class Deeds {
  constructor(circle, store, open) {
    this.circle = circle;
    this.store = store;
    this.go = open;
  }

  write(id) {
    closeAll();
    this.go(this.circle.friends.get(id).conversation);
  }

  add(person) {
    return question({
      title: gettext("Add as a friend"),
      text: about(gettext("%s is asked first. A greeting says who you are."), person),
      fields: [
        {
          name: "greeting",
          label: gettext("Greeting"),
          maximum: GREETING_MAX,
          lines: 2,
          value: interpolate(gettext("Hello, I am %s."), [this.store.me.nickname]),
        },
      ],
      action: gettext("Send the request"),
      run: ({ greeting }) => this.circle.ask(person.id, greeting.replace(/\s+/g, " ")),
    });
  }

  rename(person) {
    const friend = this.circle.friends.get(person.id);
    return question({
      title: gettext("Remark"),
      text: about(gettext("What you call %s. Only you see it."), person),
      fields: [{ name: "remark", label: gettext("Remark"), maximum: REMARK_MAX, value: friend?.remark || "" }],
      action: gettext("Save"),
      run: ({ remark }) => this.circle.rename(person.id, remark),
    });
  }

  remove(person) {
    return question({
      title: gettext("Remove this friend?"),
      text: [
        about(gettext("You and %s cannot write to each other any more."), person),
        gettext("What was said stays with both of you."),
      ],
      action: gettext("Remove"),
      danger: true,
      run: () => this.circle.remove(person.id),
    });
  }

  block(person) {
    return question({
      title: gettext("Block this person?"),
      text: [
        about(gettext("%s cannot find you, ask you or write to you any more, and is not told."), person),
        gettext("In groups you still see each other's messages."),
      ],
      action: gettext("Block"),
      danger: true,
      run: () => this.circle.block(person.id),
    });
  }
}

/** A sentence about somebody, whose name cannot turn its order round. */
function about(sentence, person) {
  const [before, after] = sentence.split("%s");
  return el("p", {}, before, bdi(person.nickname), after);
}

export class PersonCard {
  constructor(circle, store, deeds) {
    this.circle = circle;
    this.store = store;
    this.deeds = deeds;
    this.modal = new Modal("person", gettext("Person"), "small");
    circle.addEventListener("change", () => this.modal.isOpen && this.load());
  }

  async show(id) {
    this.id = id;
    const known = this.store.people.get(id);
    this.person = { id, nickname: known?.nickname || "…", avatar: known?.avatar || null, introduction: "" };
    this.gone = false;
    this.render();
    this.modal.open();
    await this.load();
  }

  async load() {
    const { id } = this;
    try {
      const person = await api("GET", `users/${id}`);
      if (id !== this.id) return;
      this.person = person;
      this.gone = false;
    } catch (error) {
      if (id !== this.id) return;
      if (error.status !== 404) return this.modal.tell(error.message);
      // Blocked friends are still friends: what is known of them is enough.
      this.gone = true;
    }
    this.render();
  }

  render() {
    const { person, circle } = this;
    const friend = circle.friends.get(person.id);
    const remark = friend?.remark;
    refill(
      this.modal.body,
      el(
        "div",
        { class: "card-head" },
        face(person, "large"),
        el("p", { class: "card-name" }, bdi(remark || person.nickname)),
        remark && el("p", { class: "soft" }, gettext("Nickname: "), bdi(person.nickname)),
        person.introduction && el("p", { class: "card-about", dir: "auto" }, person.introduction),
      ),
      el("p", { class: "notice", role: "status" }, this.standing()),
      this.greeting(),
      el("div", { class: "card-does" }, this.actions()),
    );
  }

  /** How one stands to them, and why something is not possible. */
  standing() {
    const relation = this.circle.relation(this.id);
    if (relation === "me") return gettext("This is you.");
    if (this.circle.blocked.has(this.id))
      return gettext("You block this person: neither of you can write to the other.");
    if (this.gone) return gettext("This account is not available: it may have been closed. You cannot write to it.");
    return {
      friend: gettext("You are friends."),
      incoming: gettext("This person asks to be your friend."),
      outgoing: gettext("You have asked, and wait for an answer."),
      stranger: gettext("You can write to each other once you are friends."),
    }[relation];
  }

  greeting() {
    const text = this.circle.incoming.get(this.id)?.greeting;
    return text && el("blockquote", { class: "greeting", dir: "auto" }, text);
  }

  actions() {
    const { circle, deeds, person, id } = this;
    const relation = circle.relation(id);
    if (relation === "me")
      return [el("a", { class: "button small", href: document.querySelector("a.me").href }, gettext("Your account"))];
    const blocked = circle.blocked.has(id);
    const does = (label, run, kind = "quiet") => this.modal.button(label, run, { kind, key: `card:${label}` });
    const open = !blocked && !this.gone;
    return [
      open && relation === "friend" && does(gettext("Write"), () => deeds.write(id), ""),
      open && relation === "stranger" && does(gettext("Add as a friend"), () => deeds.add(person), ""),
      open && relation === "incoming" && does(gettext("Accept"), () => circle.accept(circle.incoming.get(id)), ""),
      open && relation === "incoming" && does(gettext("Reject"), () => circle.reject(circle.incoming.get(id))),
      relation === "outgoing" && does(gettext("Withdraw"), () => circle.withdraw(circle.outgoing.get(id))),
      relation === "friend" && does(gettext("Edit remark"), () => deeds.rename(person)),
      relation === "friend" && does(gettext("Remove friend"), () => deeds.remove(person), "quiet danger"),
      blocked
        ? does(gettext("Unblock"), () => circle.unblock(id), "")
        : does(gettext("Block"), () => deeds.block(person), "quiet danger"),
    ];
  }
}
