/* The textarea: it grows with what is in it, and counts as the server does. */

export const LONGEST = 4000; // characters
const COUNTED_FROM = 400; // characters left
const MIRRORED = 3000; // more than fits into the largest height

/** As the server counts: code points, not UTF-16 units. */
export function characters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** What is sent of what was typed: no blank lines around it, and nothing that is no text. */
export function cleaned(text) {
  return text
    .replace(/\0/g, "")
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .replace(/^(?:[^\S\n]*\n)+/, "")
    .trimEnd();
}

export class Field {
  constructor(input, count) {
    this.input = input;
    this.count = count;
    this.composing = false;
    input.addEventListener("compositionstart", () => (this.composing = true));
    input.addEventListener("compositionend", () => (this.composing = false));
    input.addEventListener("input", () => this.fit());
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    if (this.input.value !== text) this.input.value = text;
    this.fit();
  }

  /** How many characters too many there are. */
  get over() {
    const text = this.input.value;
    return text.length <= LONGEST ? 0 : Math.max(0, characters(cleaned(text)) - LONGEST);
  }

  /** Put `text` where the caret is, or in place of what is between `from` and there; undoing works. */
  insert(text, from = this.input.selectionStart) {
    this.input.focus();
    this.input.setSelectionRange(from, this.input.selectionEnd);
    if (document.execCommand("insertText", false, text)) return;
    this.input.setRangeText(text, from, this.input.selectionEnd, "end");
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  focus() {
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  /** The height is that of a copy under it (composer.css): nothing is measured, nothing jumps. */
  fit() {
    const { value } = this.input;
    this.input.parentElement.dataset.copy = value.slice(0, MIRRORED);
    const left = value.length < LONGEST / 2 ? LONGEST : LONGEST - characters(cleaned(value));
    this.count.hidden = left > COUNTED_FROM;
    this.count.textContent = String(left);
    this.count.classList.toggle("over", left < 0);
    this.input.setAttribute("aria-invalid", String(left < 0));
  }
}
