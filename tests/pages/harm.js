/* What texts that attack have done to the page: a list of sentences. */
() => {
  const harm = [];

  // ---- what is more than text

  for (const one of document.querySelectorAll("*")) {
    const name = one.tagName.toLowerCase();
    if (name.includes("hacked") || /^(iframe|object|embed|base|style)$/.test(name)) harm.push(`there is a ${name}`);
    for (const { name: attribute } of one.attributes) {
      if (/^on|hacked|srcdoc/.test(attribute)) harm.push(`${name} has ${attribute}`);
    }
    if (name === "script" && !one.src && one.type !== "application/json") harm.push(`a script: ${one.textContent}`);
    // ":" is what is left of an address that is none: it leads nowhere.
    if (name === "a" && one.href && !/^(https?|blob|):$/.test(one.protocol)) harm.push(`a link: ${one.href}`);
  }

  // ---- what leads where it does not say

  for (const link of document.querySelectorAll("#stream .text a")) {
    const { host } = new URL(link.href);
    const says = `${link.textContent} ${link.parentElement.textContent}`.toLowerCase();
    if (!says.includes(`//${host}`) && !says.includes(`[${host}]`)) harm.push(`${says} leads to ${host}`);
  }

  // ---- what stands on its neighbours

  for (const list of ["#stream article", ".conversation", "dialog[open] .person", "main li", "main tr"]) {
    let above = null;
    for (const one of document.querySelectorAll(list)) {
      const box = one.getBoundingClientRect();
      const beside = above && (above.parent !== one.parentElement || box.left >= above.right - 1);
      if (above && !beside && box.top < above.bottom - 1) {
        harm.push(`${list} “${one.textContent.trim().slice(0, 30)}” stands on the one above it`);
      }
      if (box.height) above = { bottom: box.bottom, right: box.right, parent: one.parentElement };
    }
  }

  // Marks that are piled on a letter are painted far beyond its line: what is around them has to cut them off.
  const cuts = (one) => /hidden|clip|auto|scroll/.test(getComputedStyle(one).overflowY) || /paint|content|strict/.test(getComputedStyle(one).contain);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement: parent, data } = texts.currentNode;
    if (!/[\u0300-\u036f\u0489\u0e47-\u0e4e]{9}/.test(data) || !parent.checkVisibility()) continue;
    let around = parent;
    const edge = "article, li, tr, dl, section, header, footer, dialog, main, .conversation, .person, .tray, body";
    while (!cuts(around) && !around.matches(edge)) around = around.parentElement;
    if (!cuts(around)) harm.push(`marks reach beyond ${parent.tagName}.${parent.className} in ${around.tagName}.${around.className}`);
  }
  return harm;
}
