/*
 * Pointer, keyboard and finger on the stream. One message takes part in the order of Tab, with all that is
 * in it; arrow keys go from one to the next, Enter opens the menu, R answers, E edits, + reacts, and Esc
 * leads back to where one writes.
 */

const LONG_PRESS = 450; // milliseconds
const JITTER = 10; // pixels

export class Hands {
  constructor(stream, deeds, actions) {
    this.stream = stream;
    this.deeds = deeds;
    this.actions = actions;
    this.active = null;
    this.press = null;
    const { root } = stream;
    root.addEventListener("click", (event) => deeds.click(event));
    root.addEventListener("pointerover", (event) => this.over(event));
    root.addEventListener("pointerleave", () => this.left());
    root.addEventListener("focusin", (event) => this.focused(event.target));
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("contextmenu", (event) => this.context(event));
    root.addEventListener("pointerdown", (event) => this.down(event));
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => this.release());
    root.addEventListener("pointermove", (event) => this.dragged(event));
    root.addEventListener("scroll", () => this.release(), { passive: true });
  }

  // ---- the pointer

  over({ target, pointerType }) {
    const chip = target.closest(".reaction");
    if (chip) this.deeds.nameReaction(chip);
    if (pointerType === "touch" || this.deeds.menu.isOpen) return;
    const article = target.closest("article");
    if (article) this.deeds.handTo(article);
  }

  left() {
    if (!this.deeds.menu.isOpen) this.deeds.handTo(this.holding());
  }

  /** The message that has the focus. */
  holding() {
    const { activeElement } = document;
    return this.stream.root.contains(activeElement) ? activeElement.closest("article") : null;
  }

  context(event) {
    const article = event.target.closest("article");
    const touched = event.pointerType === "touch" || this.press;
    this.release();
    // The browser's own menu serves for links and for text that is marked.
    if (!article || (!touched && (event.target.closest("a, img") || !getSelection().isCollapsed))) return;
    // By the menu key it comes without a place.
    const at = event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : article.querySelector(".bubble");
    this.activate(article);
    if (this.deeds.menu.isOpen || this.deeds.openMenu(article, at)) event.preventDefault();
  }

  // ---- the finger

  down(event) {
    this.release();
    const article = event.target.closest("article");
    if (event.pointerType !== "touch" || !article || !event.isPrimary) return;
    const { clientX: x, clientY: y } = event;
    this.press = { x, y, timer: setTimeout(() => this.pressed(article, x, y), LONG_PRESS) };
  }

  pressed(article, x, y) {
    this.press = null;
    navigator.vibrate?.(10);
    this.activate(article);
    this.deeds.openMenu(article, { x, y });
    // The click that the finger's going makes is not meant for what lies below it.
    const swallow = (event) => {
      event.preventDefault();
      event.stopPropagation();
    };
    const { root } = this.stream;
    root.addEventListener("click", swallow, { capture: true, once: true });
    addEventListener("pointerdown", () => root.removeEventListener("click", swallow, { capture: true }), {
      capture: true,
      once: true,
    });
  }

  dragged({ clientX, clientY }) {
    if (this.press && Math.hypot(clientX - this.press.x, clientY - this.press.y) > JITTER) this.release();
  }

  release() {
    clearTimeout(this.press?.timer);
    this.press = null;
  }

  // ---- the keyboard

  focused(target) {
    const article = target.closest("article");
    if (!article) return;
    this.activate(article);
    if (!this.deeds.menu.isOpen) this.deeds.handTo(article);
    if (target.matches(".reaction")) this.deeds.nameReaction(target);
  }

  /** This message, and what is in it, are reached by Tab; the others by the arrows. */
  activate(article) {
    if (this.active === article) return;
    if (this.active) reach(this.active, "-1");
    this.active = article;
    if (!article) return;
    article.setAttribute("aria-label", this.stream.label(article));
    reach(article, "0");
  }

  /** After building: there always is one to be reached. */
  check() {
    if (this.active?.isConnected) return;
    this.active = null;
    const articles = this.stream.root.querySelectorAll("article");
    this.activate(this.holding() || articles[articles.length - 1] || null);
    this.stream.root.tabIndex = this.active ? -1 : 0;
  }

  key(event) {
    const article = event.target.closest("article");
    if (event.key === "Escape") {
      event.stopPropagation();
      this.actions.write?.();
      return;
    }
    // In a button or a link the keys are its own.
    if (!article || event.target !== article || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.go(event.key, article) || this.act(event.key, article)) event.preventDefault();
  }

  go(key, article) {
    const to = { ArrowUp: () => near(article, "previous"), ArrowDown: () => near(article, "next") }[key];
    if (key === "End") this.stream.newest().then(() => this.focusLast());
    const next = to?.();
    if (next) this.focus(next);
    return Boolean(to) || key === "End";
  }

  focus(article) {
    this.activate(article);
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "nearest" });
  }

  focusLast() {
    const articles = this.stream.root.querySelectorAll("article");
    if (articles.length) this.focus(articles[articles.length - 1]);
  }

  act(key, article) {
    const message = this.stream.rows.messageOf(article);
    const may = this.deeds.may(message);
    const place = article.querySelector(".bubble");
    if (key === "Enter" || key === " ") this.deeds.openMenu(article, place);
    else if (key.toLowerCase() === "r" && may.reply) this.actions.reply(message);
    else if (key.toLowerCase() === "e" && may.edit) this.actions.edit(message);
    else if (key === "+" && may.reply) this.deeds.openReactions(article, message, place);
    else return false;
    return true;
  }
}

function reach(article, tabindex) {
  article.tabIndex = Number(tabindex);
  for (const control of article.querySelectorAll("[tabindex]")) control.tabIndex = Number(tabindex);
}

function near(article, way) {
  let node = article[`${way}ElementSibling`];
  while (node && node.tagName !== "ARTICLE") node = node[`${way}ElementSibling`];
  return node;
}
