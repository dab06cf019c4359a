/* Passwords that can be looked at while they are typed, and a word about the Caps Lock key. */

import { el } from "../dom.js";

/** For every password field under `root`; nothing is moved, who types already goes on typing. */
export function passwords(root) {
  for (const input of root.querySelectorAll("input[data-password]")) {
    const box = input.closest(".with-button");
    const hint = box.nextElementSibling;
    box.append(showButton(input));
    input.addEventListener("keydown", (event) => tell(event, hint));
    input.addEventListener("keyup", (event) => tell(event, hint));
    input.addEventListener("blur", () => hint.replaceChildren());
    // What a manager of passwords, or the browser, remembers is never shown text.
    input.form?.addEventListener("submit", () => (input.type = "password"));
  }
}

function showButton(input) {
  const button = el("button", { type: "button", class: "quiet show" }, gettext("Show"));
  button.setAttribute("aria-label", gettext("Show the password"));
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? gettext("Hide") : gettext("Show");
    button.setAttribute("aria-label", shown ? gettext("Hide the password") : gettext("Show the password"));
    input.focus();
  });
  return button;
}

function tell(event, hint) {
  const on = event.getModifierState?.("CapsLock");
  const text = on ? gettext("Caps Lock is on.") : "";
  if (hint.textContent !== text) hint.textContent = text;
}
