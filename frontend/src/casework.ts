/** The agency desk: the inbox by keyboard with its panel, calls entered, pictures blurred. All of it works without. */
import "./css/casework.css";
import "./casework/boxes";
import { entry } from "./casework/entry";
import { inbox, single } from "./casework/inbox";
import "./casework/place";

for (const one of document.querySelectorAll<HTMLElement>("[data-plain]")) one.hidden = true;
for (const one of document.querySelectorAll<HTMLSelectElement>("select[data-auto]"))
  one.addEventListener("change", () => one.form?.requestSubmit());
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
const calls = document.querySelector<HTMLFormElement>("form[data-entry]");
if (calls) entry(calls);
if (document.querySelector(".list[data-here]")) inbox();
else single();
