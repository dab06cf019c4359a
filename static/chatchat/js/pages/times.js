/* Moments that the server wrote in UTC, in the reader's own time. */

const language = document.documentElement.lang || "en";
const STYLES = {
  date: { dateStyle: "medium" },
  time: { timeStyle: "short", hourCycle: "h23" },
  exact: { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" },
};

function worded(style, moment) {
  const today = moment.toDateString() === new Date().toDateString();
  if (style === "short") style = today ? "time" : "date";
  return new Intl.DateTimeFormat(language, STYLES[style] || STYLES.exact).format(moment);
}

/** Every `<time data-local="date|time|short|exact">` under `root`. */
export function times(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = worded(element.dataset.local, moment);
    element.title = worded("exact", moment);
  }
}
