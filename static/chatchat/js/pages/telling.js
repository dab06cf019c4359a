/* Whether this browser may tell of messages: a switch on the account's page. */

import { el } from "../dom.js";
import { choice, choose } from "../notify.js";

const section = document.querySelector("[data-notifications]");

const STATES = {
  on: () => gettext("On: new messages are shown while you look elsewhere."),
  off: () => gettext("Off."),
  undecided: () => gettext("Off. When you switch them on, the browser asks you once."),
  denied: () => gettext("The browser refuses them for this site. Allow them in its settings for this page, then reload."),
  unsupported: () => gettext("This browser, or an address without HTTPS, cannot show notifications."),
};

const box = el("input", { type: "checkbox", id: "telling", role: "switch" });
const state = el("p", { class: "hint", role: "status", id: "telling-state" });
box.setAttribute("aria-describedby", "telling-state");

function show() {
  const now = choice();
  box.checked = now === "on";
  box.disabled = now === "denied" || now === "unsupported";
  state.textContent = STATES[now]();
}

box.addEventListener("change", async () => {
  await choose(box.checked);
  show();
});
section.append(
  el("label", { class: "check", for: "telling" }, box, el("span", {}, gettext("Tell me of new messages"))),
  state,
);
section.hidden = false;
show();
