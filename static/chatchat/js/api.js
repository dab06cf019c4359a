/* The REST door, with the page's session cookie and its CSRF token. */

/* The chat names its token and the login page; elsewhere the token is in any form. */
const { csrf, login } = document.getElementById("chat")?.dataset ?? {};
const token = () => csrf ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

export class ApiError extends Error {
  constructor({ code, message, details }, status, retryAfter) {
    super(firstDetail(details) || message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter || details?.retry_after || null; // seconds
  }
}

function firstDetail(details) {
  // Of a field there is a list; what is no list (until when, why) the message has in words.
  const texts = Object.values(details || {}).filter(Array.isArray).flat();
  return texts.find((text) => typeof text === "string") || "";
}

const calls = new AbortController();

/** The page is being left: what was asked for does not matter any more, nor that one is signed out. */
export function abandon() {
  calls.abort();
}

export function signIn() {
  if (login && !calls.signal.aborted) location.assign(`${login}?next=${encodeURIComponent(location.pathname)}`);
}

/** A call below /api/v1/; resolves to the answer's JSON, rejects with an ApiError. */
export async function api(method, path, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = token();
  const form = body instanceof FormData; // the browser says its type itself
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      credentials: "same-origin",
      signal: calls.signal,
      body: body === undefined || form ? body : JSON.stringify(body),
    });
  } catch {
    throw new ApiError({ code: "offline", message: gettext("The server cannot be reached.") }, 0);
  }
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  if (answer.status === 401) signIn();
  const error = content.error || { code: "unknown", message: gettext("Something went wrong.") };
  throw new ApiError(error, answer.status, Number(answer.headers.get("Retry-After")) || null);
}

/** Every page of a list. */
export async function all(path) {
  const results = [];
  let cursor = "";
  do {
    const glue = path.includes("?") ? "&" : "?";
    const page = await api("GET", cursor ? `${path}${glue}cursor=${encodeURIComponent(cursor)}` : path);
    results.push(...page.results);
    cursor = page.next;
  } while (cursor && results.length < 1000);
  return results;
}
