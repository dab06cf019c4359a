/* What a person would not like to see, in the state that the page is in: a list of sentences. */
({ width, target }) => {
  const CONTROLS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, label:has(input), [tabindex='0']," +
    " [role=button], [role=menuitem], [role=option], [role=tab], [role=switch], [role=checkbox]";
  const wrong = [];
  const screen = document.scrollingElement;
  const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (screen.scrollWidth > width + 1) wrong.push(`the page is ${screen.scrollWidth} wide`);

  const name = (one) => {
    const words = (one.getAttribute("aria-label") || one.textContent || one.name || "").trim().replace(/\s+/g, " ");
    const classes = one.classList.length ? `.${[...one.classList].join(".")}` : "";
    return `${one.tagName.toLowerCase()}${one.id ? `#${one.id}` : ""}${classes} “${words.slice(0, 40)}”`;
  };
  const scrolls = (one, way) => {
    for (let parent = one.parentElement; parent; parent = parent.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(parent)[way])) return true;
    }
    return false;
  };
  const seen = (one) =>
    one.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }) &&
    (!modal || modal.contains(one)) &&
    !one.closest("[inert], [aria-hidden=true]");
  // Within a sentence a link is as high as its line (WCAG 2.5.8, "inline").
  const inline = (one) => one.matches("a") && getComputedStyle(one).display === "inline";
  const needed = (one) => {
    // The name above a message does what the portrait beside it does (WCAG 2.5.8, "equivalent").
    if (one.matches("[role=log], pre, .scroll, .sender button") || inline(one)) return 0;
    // A chip below a bubble: one that is hit by mistake is undone by another tap.
    return one.matches(".reaction") ? target * 0.8 : target;
  };
  // What it takes on the screen, or beyond that: an area that a pseudo-element adds.
  const reach = (one) => {
    const { width: wide, height: high } = one.getBoundingClientRect();
    const added = [getComputedStyle(one, "::before"), getComputedStyle(one, "::after")];
    const area = added.filter(({ content, position }) => content !== "none" && position === "absolute");
    return [
      Math.max(wide, ...area.map((style) => parseFloat(style.width) || 0)),
      Math.max(high, ...area.map((style) => parseFloat(style.height) || 0)),
    ];
  };
  // What only a screen reader sees.
  const hidden = (box) => box.width <= 1 || box.height <= 1;

  for (const one of document.querySelectorAll(CONTROLS)) {
    if (!seen(one)) continue;
    const box = one.getBoundingClientRect();
    if (hidden(box)) continue;
    if ((box.left < -1 || box.right > width + 1) && !scrolls(one, "overflowX")) {
      wrong.push(`${name(one)} is cut off: from ${Math.round(box.left)} to ${Math.round(box.right)}`);
    }
    if (one.matches("button, a.button") && !one.querySelector(".badge") && one.scrollWidth > one.clientWidth + 1) {
      wrong.push(`${name(one)} does not hold its label`);
    }
    const [wide, high] = reach(one.closest("label") || one);
    const least = needed(one) - 1;
    // What is high enough may be narrower: a word, one tab of ten.
    if (high < least || wide < least * (high < target ? 1 : 0.6)) {
      wrong.push(`${name(one)} is only ${Math.round(wide)} × ${Math.round(high)} to hit`);
    }
  }
  for (const one of document.querySelectorAll("dialog[open], [popover]:popover-open")) {
    const box = one.getBoundingClientRect();
    if (box.left < -1 || box.right > width + 1 || box.top < -1 || box.bottom > innerHeight + 1) {
      wrong.push(`${name(one)} stands out of the screen`);
    }
  }
  for (const image of document.images) {
    if (seen(image) && image.complete && !image.naturalWidth) wrong.push(`a picture is broken: ${image.src}`);
  }
  return wrong;
}
