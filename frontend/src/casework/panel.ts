/** The panel of the case that is chosen: its forms are sent in place; what fails comes back with everything typed. */

const HEADERS = { accept: "text/html" };

/** The panel's element, where the page has one. */
export const panel = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-panel]");

/** Fetches a part of a page; null where the plain page must say what is wrong. */
export async function part(address: string): Promise<string | null> {
  const url = new URL(address, location.href);
  url.hash = "";
  url.searchParams.set("part", "1");
  try {
    const answer = await fetch(url, { headers: HEADERS });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}
/** Puts a part into the panel; the form that is open gets the focus, or what was said. */
export function put(html: string): void {
  const at = panel();
  if (!at) return;
  at.innerHTML = html;
  dress(at);
  const open = at.querySelector<HTMLElement>(
    ".act .bad :is(input, textarea, select), .act :is(textarea, select, input:not([type=hidden]))",
  );
  const alert = at.querySelector<HTMLElement>("[role=alert]");
  if (alert) alert.scrollIntoView({ block: "nearest" });
  (open ?? at.querySelector<HTMLElement>(".body"))?.focus({ preventScroll: !open });
}
/** What needs script is shown: templates that write themselves into the text. */
export function dress(at: ParentNode): void {
  for (const one of at.querySelectorAll<HTMLButtonElement>("button[data-insert]")) {
    one.hidden = false;
    one.addEventListener("click", () => {
      const field = document.getElementById(one.dataset.insert ?? "") as HTMLTextAreaElement | null;
      const text = one.closest("li")?.querySelector("p")?.textContent ?? "";
      if (!field) return;
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      one.closest("details")?.removeAttribute("open");
      field.focus();
    });
  }
}
export interface Sent {
  html: string;
  ok: boolean;
}
/** Sends a form of the panel; null where it must be sent as it is. Files chosen stay chosen when it comes back. */
export async function send(form: HTMLFormElement, by: HTMLElement | null): Promise<Sent | null> {
  const data = new FormData(form, by);
  data.set("part", "1");
  const files = [...form.querySelectorAll<HTMLInputElement>("input[type=file]")].filter((one) => one.files?.length);
  const multi = form.enctype === "multipart/form-data";
  const body = multi ? data : new URLSearchParams([...data].map(([name, value]) => [name, String(value)]));
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: HEADERS });
    const html = await answer.text();
    if (answer.redirected || answer.status >= 500 || !/data-number|class="results|role="alert"/.test(html)) return null;
    if (!answer.ok && files.length)
      queueMicrotask(() => {
        for (const one of files) panel()?.querySelector(`input[type=file][name="${one.name}"]`)?.replaceWith(one);
      });
    return { html, ok: answer.ok };
  } catch {
    return null;
  } finally {
    form.removeAttribute("aria-busy");
  }
}
