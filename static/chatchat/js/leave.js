/* Who signs out takes along what this browser kept: drafts, unsent messages and files. On every page. */

import { forget } from "./kept.js";
import { forgetFiles } from "./files.js";

document.addEventListener("submit", ({ target }) => {
  if (!/\/logout\/$/.test(target.action) && !("forget" in target.dataset)) return;
  forget();
  forgetFiles();
});
