/** The page on which a warning is written: its area on the map, how long a headline is. */
import { make } from "./dom";
import "./elements/warning-area";
import { language } from "./words";

for (const field of document.querySelectorAll<HTMLInputElement>("input[data-most]")) {
  const most = Number(field.dataset.most);
  const count = make("span", "warn-count num");
  const tell = () => {
    const length = [...field.value].length;
    count.textContent = language() === "en" ? `${length} of ${most} characters` : `${length}/${most} ký tự`;
    count.toggleAttribute("data-late", length > most);
  };
  field.addEventListener("input", tell);
  tell();
  field.after(count);
}
