/* A passing note, read out by screen readers. */

import { el } from "./dom.js";

const STAYS = 6000; // milliseconds

export function toast(message) {
  const note = el("p", { class: "toast" }, message);
  document.getElementById("notes").append(note);
  setTimeout(() => note.remove(), STAYS);
}
