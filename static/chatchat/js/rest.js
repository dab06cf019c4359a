/* The REST door for the pages outside of the chat, with the session cookie and the token of any form here. */

/** A call below /api/v1/ with JSON or a FormData; `{ok, status, content, problem, wait}`, never rejects. */
export async function rest(method, path, body) {
  const headers = { Accept: "application/json" };
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (token) headers["X-CSRFToken"] = token;
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(`/api/v1/${path}`, { method, headers, body, credentials: "same-origin" });
    const content = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    const wait = Number(answer.headers.get("Retry-After")) || 0; // seconds
    return { ok: answer.ok, status: answer.status, content, problem: problem(content), wait };
  } catch {
    return { ok: false, status: 0, content: {}, problem: gettext("The server cannot be reached."), wait: 0 };
  }
}

function problem(content) {
  const details = Object.values(content.error?.details || {}).flat();
  return details.find((text) => typeof text === "string") || content.error?.message || gettext("Something went wrong.");
}
