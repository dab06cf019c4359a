/* Unblocking without leaving the page, and blocking again if that was a slip. */

import { el } from "./dom.js";
import { rest } from "./rest.js";

for (const form of document.querySelectorAll("form[data-unblock]")) {
  const button = form.querySelector("button");
  const status = el("span", { class: "hint", role: "status" });
  form.closest("li").querySelector(".way").append(status);
  const words = { [true]: button.textContent, [false]: gettext("Block again") };
  let blocked = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    delete form.dataset.sent;
    button.disabled = true;
    const answer = await rest(blocked ? "DELETE" : "PUT", `blocks/${form.dataset.unblock}`);
    button.disabled = false;
    if (!answer.ok) {
      status.textContent = answer.problem;
      return;
    }
    blocked = !blocked;
    status.textContent = blocked ? "" : gettext("Not blocked any more.");
    button.textContent = words[blocked];
    button.removeAttribute("aria-label");
    button.focus();
  });
}
