/** Gives an order in a dialog over the page: the server's own form, sent as it is; a page of its own where this fails. */

/** Opens the form a link leads to. */
export async function openOrder(link: HTMLAnchorElement): Promise<void> {
  const form = await fetched(link.href);
  if (!form) {
    location.href = link.href;
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "order-dialog";
  const title = document.createElement("h2");
  title.id = "order-dialog-title";
  title.textContent = link.textContent?.trim() ?? "";
  dialog.setAttribute("aria-labelledby", title.id);
  const body = document.createElement("div");
  dialog.append(title, body);
  fill(dialog, body, form);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  body.querySelector<HTMLElement>("textarea")?.focus();
}

async function fetched(href: string): Promise<string | null> {
  const url = new URL(href, location.href);
  url.searchParams.set("part", "1");
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}

function fill(dialog: HTMLDialogElement, body: HTMLElement, html: string): void {
  body.innerHTML = html;
  const form = body.querySelector("form");
  const close = body.querySelector<HTMLButtonElement>("[data-close]");
  if (close) {
    close.hidden = false;
    close.addEventListener("click", () => dialog.close());
  }
  const at = form?.querySelector<HTMLInputElement>("[name=due_at]");
  at?.addEventListener("input", () => {
    const other = form?.querySelector<HTMLInputElement>("[name=due][value=at]");
    if (other) other.checked = true;
  });
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(dialog, body, form);
  });
}

async function send(dialog: HTMLDialogElement, body: HTMLElement, form: HTMLFormElement): Promise<void> {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) data.append(name, String(value));
  data.set("part", "1");
  const button = form.querySelector<HTMLButtonElement>("button:not([type=button])");
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { accept: "text/html" } });
    if (answer.status === 201) {
      dialog.close();
      document.dispatchEvent(new CustomEvent("duty:ordered", { detail: await answer.json() }));
      if (location.pathname.startsWith("/operations/orders")) location.reload();
    } else if (answer.status === 400) fill(dialog, body, await answer.text());
    else form.submit();
  } catch {
    form.submit(); // the plain form says what is wrong
  }
}
