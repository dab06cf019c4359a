/* The button that has a code mailed: without leaving the page, and with a countdown until the next one. */

import { api } from "../api.js";
import { el } from "../dom.js";

/** For every form under `root` with such a button. */
export function codes(root) {
  for (const button of root.querySelectorAll("button[name=send_code]")) {
    const form = button.form;
    const code = form.elements.namedItem("code");
    // No longer the form's first button, which the Enter key would press.
    button.type = "button";
    button.dataset.label = button.textContent;
    button.addEventListener("click", () => send(form, button, code));
    if (Number(button.dataset.wait)) count(button, Number(button.dataset.wait));
    code.addEventListener("paste", (event) => paste(event, code));
  }
}

async function send(form, button, code) {
  const email = form.elements.namedItem("email");
  const address = email ? email.value.trim() : button.dataset.address;
  if (email && (!address || !email.checkValidity())) {
    email.reportValidity();
    return;
  }
  // Whoever has gone on to another field meanwhile stays there.
  const here = [document.activeElement, button, document.body];
  const lead = (field) => here.includes(document.activeElement) && field.focus();
  button.disabled = true;
  try {
    const sent = await api("POST", "auth/email-codes", { email: address, purpose: button.dataset.purpose });
    const text = gettext("A code is on its way to %(email)s. It is good for %(seconds)s seconds.");
    show(form, "notice", interpolate(text, { email: address, seconds: sent.expires_in }, true));
    count(button, sent.resend_in);
    lead(code);
  } catch (error) {
    show(form, "problem", error.message);
    if (error.retryAfter) count(button, error.retryAfter);
    else button.disabled = false;
    if (email && !error.retryAfter) lead(email);
  }
}

function show(form, kind, text) {
  // What the server said about the one before is no longer so.
  for (const old of document.querySelectorAll("main > .notice, main > .problem")) old.remove();
  form.querySelector(".code-sent").replaceChildren(el("p", { class: kind }, text));
}

/** Disabled for so many seconds, which it counts down. */
function count(button, seconds) {
  const end = Date.now() + seconds * 1000;
  button.disabled = true;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) {
      button.disabled = false;
      button.textContent = button.dataset.label;
      return;
    }
    button.textContent = interpolate(gettext("Again in %(seconds)s s"), { seconds: left }, true);
    setTimeout(tick, 250);
  };
  tick();
}

/* "Your code is 123 456." */
function paste(event, code) {
  const text = (event.clipboardData?.getData("text") || "").normalize("NFKC");
  const found = /(?:^|\D)(\d{6})(?!\d)/.exec(text) || /(?:^|\D)(\d{6})(?!\d)/.exec(text.replace(/[\s-]/g, ""));
  if (!found) return;
  event.preventDefault();
  code.value = found[1];
  code.dispatchEvent(new Event("input", { bubbles: true }));
}
