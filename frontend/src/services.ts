/** Pages of public services: the form saves itself while somebody writes, asks what applies only, warns before losing files. */
import "./css/services.css";
import { applies, type Condition } from "./pure/conditions";

const SAVE_AFTER = 2500; // ms of silence

function answers(form: HTMLFormElement): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") found.set(name, [...(found.get(name) ?? []), value.trim()]);
  }
  return found;
}

/** Shows what is asked only when something else is answered so; what is hidden keeps what was written. */
function conditional(form: HTMLFormElement): void {
  const parts = [...form.querySelectorAll<HTMLElement>("[data-when]")].map((part) => ({
    part,
    when: JSON.parse(part.dataset.when ?? "{}") as Condition,
  }));
  const look = () => {
    const given = answers(form);
    for (const { part, when } of parts) {
      part.hidden = !applies(when, given.get(when.field) ?? []) && !part.querySelector("[aria-invalid]");
    }
  };
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  look();
}

function autosaving(form: HTMLFormElement): void {
  const where = form.dataset.autosave;
  const said = document.getElementById("saved");
  if (!where || !said) return;
  let waiting = 0;
  const save = async () => {
    try {
      const answer = await fetch(where, { method: "POST", body: new FormData(form), redirect: "error" });
      if (!answer.ok) return; // the button says what is wrong
      const at = new Date().toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" });
      said.textContent = `${form.dataset.said} ${at}`;
    } catch {
      // no network: what is written stays on the page, and the next letter tries again
    }
  };
  form.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(save, SAVE_AFTER);
  });
  form.addEventListener("submit", () => window.clearTimeout(waiting));
}

const form = document.querySelector<HTMLFormElement>("form#apply");
if (form) {
  conditional(form);
  autosaving(form);
}
document.getElementById("wrong")?.focus();
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
