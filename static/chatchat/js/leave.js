/*
 * Who signs out, or deletes the account, takes along what this browser kept: drafts, unsent messages and
 * files. On every page. A session that ended by itself takes nothing: what was typed waits for its person.
 */

import { forget } from "./kept.js";
import { forgetFiles } from "./files.js";

function leave() {
  forget();
  forgetFiles();
}

document.addEventListener("submit", ({ target }) => /\/logout\/$/.test(target.action) && leave());
if (document.querySelector("[data-tags=left]")) leave();
