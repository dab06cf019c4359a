/*
 * Completing what is typed: a list over the textarea, which keeps the focus all the while.
 *
 * A source is `{asked, find(word), prepare()}`: `asked` matches the text before the caret, with the word
 * in a group named so and the sign before it; `find` gives `{id, text, build()}`, where `text` takes the
 * place of sign and word; `prepare` fetches what is missing and resolves to whether to look again.
 */

const LONGEST = 40; // characters that are looked at before the caret

export class Completion {
  constructor(field, list, sources) {
    this.field = field;
    this.input = field.input;
    this.list = list;
    this.heard = list.parentElement.querySelector(".heard");
    this.sources = sources;
    this.found = [];
    this.passed = null; // where the sign is whose list was closed
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("compositionend", () => setTimeout(() => this.look()));
    this.input.addEventListener("click", () => this.look());
    this.input.addEventListener("blur", () => this.close());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays
    list.addEventListener("click", ({ target }) => this.clicked(target.closest("[role=option]")));
  }

  reset() {
    this.passed = null;
    this.close();
  }

  // ---- what is asked for

  /** `{source, word, at}`, at being where the sign is; null if nothing is. */
  asked() {
    const { selectionStart, selectionEnd, value } = this.input;
    if (selectionStart !== selectionEnd || this.input.readOnly) return null;
    const before = value.slice(Math.max(0, selectionStart - LONGEST), selectionStart);
    for (const source of this.sources) {
      const word = source.asked.exec(before)?.groups.word;
      if (word !== undefined) return { source, word, at: selectionStart - word.length - 1 };
    }
    return null;
  }

  look() {
    if (this.field.composing) return;
    const asked = this.asked();
    if (!asked) this.passed = null;
    if (!asked || asked.at === this.passed) return this.close();
    asked.source.prepare().then((again) => again && document.activeElement === this.input && this.look());
    this.show(asked);
  }

  show({ source, word, at }) {
    this.at = at;
    this.found = source.find(word.toLowerCase());
    if (!this.found.length) return this.close();
    const kept = this.list.hidden ? 0 : this.found.findIndex(({ id }) => id === this.chosen);
    this.list.replaceChildren(...this.found.map((one, index) => option(one, index)));
    if (this.list.hidden || this.found.length !== this.told) this.announce();
    this.list.hidden = false;
    this.input.setAttribute("aria-controls", this.list.id);
    this.choose(Math.max(0, kept));
  }

  announce() {
    this.told = this.found.length;
    const text = ngettext(
      "%s suggestion: Enter takes it.",
      "%s suggestions: arrow keys choose, Enter takes one.",
      this.told,
    );
    this.heard.textContent = interpolate(text, [this.told]);
  }

  close() {
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.heard.textContent = "";
    this.input.removeAttribute("aria-activedescendant");
    this.input.removeAttribute("aria-controls");
  }

  choose(index) {
    const { children } = this.list;
    const wrapped = (index + children.length) % children.length;
    this.chosen = this.found[wrapped].id;
    for (const [number, child] of [...children].entries()) {
      child.setAttribute("aria-selected", String(number === wrapped));
    }
    children[wrapped].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", children[wrapped].id);
  }

  /** Whether the key was for the list. */
  key(event) {
    if (this.list.hidden || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    const index = this.found.findIndex(({ id }) => id === this.chosen);
    if (event.key === "ArrowDown") this.choose(index + 1);
    else if (event.key === "ArrowUp") this.choose(index - 1);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.found[index]);
    else if (event.key === "Escape") {
      this.passed = this.at;
      this.close();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  clicked(option) {
    if (option) this.take(this.found[Number(option.dataset.index)]);
  }

  take({ text }) {
    this.passed = this.at;
    this.close();
    this.field.insert(text, this.at);
  }
}

function option(one, index) {
  const node = one.build();
  node.setAttribute("role", "option");
  node.id = `option-${index}`;
  node.dataset.index = index;
  return node;
}
