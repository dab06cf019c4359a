/* What scripts add to the pages outside of the chat; all of them work without. */

import { codes } from "./codes.js";
import { passwords } from "./passwords.js";
import { times } from "./times.js";

times(document);
passwords(document);
codes(document);

/* A second click while the first one is under way would send twice. */
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
