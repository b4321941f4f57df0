/** Catalogue and steward pages: maps and column charts of datasets, copying, small conveniences. All works without. */
import "./css/catalogue.css";
import "./catalogue-chart";
import "./catalogue-map";
import { catalogueSay } from "./catalogue-words";
import { button } from "./dom";

// facets stand open beside the list; on narrow screens they fold away
const wide = matchMedia("(min-width: 961px)");
for (const one of document.querySelectorAll<HTMLDetailsElement>("details[data-wide-open]")) {
  one.open = wide.matches;
  wide.addEventListener("change", () => {
    one.open = wide.matches;
  });
}
for (const one of document.querySelectorAll<HTMLSelectElement>("select[data-submits]")) {
  one.addEventListener("change", () => one.form?.requestSubmit());
  for (const spare of one.form?.querySelectorAll<HTMLElement>("[data-spare]") ?? []) spare.hidden = true;
}
if (navigator.clipboard)
  for (const box of document.querySelectorAll<HTMLElement>(".code-box")) {
    const copy = button("btn copy", catalogueSay("copy"), async () => {
      await navigator.clipboard.writeText(box.querySelector("pre")?.textContent ?? "");
      copy.textContent = catalogueSay("copied");
      setTimeout(() => {
        copy.textContent = catalogueSay("copy");
      }, 2000);
    });
    box.append(copy);
  }
// the address may point into an example, a form or a section that is folded
function unfold(): void {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const folded = target?.closest("details");
  if (folded) folded.open = true;
}
addEventListener("hashchange", unfold);
unfold();
// only the operators that go with the chosen field's kind
for (const field of document.querySelectorAll<HTMLSelectElement>("select[data-operators]")) {
  const operator = field.form?.elements.namedItem("op") as HTMLSelectElement | null;
  const value = field.form?.elements.namedItem("value") as HTMLInputElement | null;
  const suit = () => {
    const allowed = (field.selectedOptions[0]?.dataset.ops ?? "").split(" ").filter(Boolean);
    for (const option of operator?.options ?? []) option.hidden = option.disabled = !allowed.includes(option.value);
    if (operator?.selectedOptions[0]?.disabled) operator.value = allowed[0] ?? "";
    const kind = field.selectedOptions[0]?.dataset.kind ?? "";
    if (value) value.type = kind.startsWith("date") ? "date" : "text";
    if (value) value.disabled = ["empty", "full"].includes(operator?.value ?? "");
  };
  field.addEventListener("change", suit);
  operator?.addEventListener("change", suit);
  suit();
}
// a form that takes long says so and is sent once
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-once]"))
  form.addEventListener("submit", () => {
    const button = form.querySelector<HTMLButtonElement>("button:not([type=button])");
    setTimeout(() => {
      if (button) button.disabled = true;
      if (button?.dataset.busy) button.textContent = button.dataset.busy;
    });
  });
