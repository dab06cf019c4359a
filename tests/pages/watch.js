/* Before any script of a page: notes how far it shifts, and what its policy refuses. */
(() => {
  const noted = { shifts: [], blocked: [] };
  window.__noted = noted;
  addEventListener("securitypolicyviolation", (event) => {
    noted.blocked.push(`${event.violatedDirective}: ${event.blockedURI}`);
    console.error(`refused by the page's policy: ${event.violatedDirective} ${event.blockedURI}`);
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      const at = ({ x, y, width, height }) => `${x},${y} ${width}×${height}`;
      const what = entry.sources.map(
        ({ node, previousRect, currentRect }) =>
          `${node?.nodeName}.${node?.className || ""} from ${at(previousRect)} to ${at(currentRect)}`,
      );
      noted.shifts.push({ value: entry.value, what: what.join(", ") });
    }
  }).observe({ type: "layout-shift", buffered: true });
})();
