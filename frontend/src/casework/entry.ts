/** The page of a call: the category by any word, its questions, and what is reported close by, while one types. */
import { fold } from "../pure/fold";

const PAUSE = 350; // ms without a key

export function entry(form: HTMLFormElement): void {
  const category = form.elements.namedItem("category") as HTMLSelectElement;
  const place = form.elements.namedItem("place") as HTMLInputElement;
  search(form, category);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = "";
  const near = async () => {
    const asked = new URLSearchParams({ category: category.value, place: place.value, part: "near" });
    if (String(asked) === last || !category.value || !place.value) return;
    last = String(asked);
    await fill(form.querySelector("[data-near]"), asked);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void near(), PAUSE);
  };
  place.addEventListener("input", later);
  category.addEventListener("change", () => {
    later();
    void fill(
      form.querySelector("[data-questions]"),
      new URLSearchParams({ category: category.value, part: "questions" }),
    );
  });
  form.addEventListener("change", (event) => {
    const at = event.target as HTMLInputElement;
    if (!at.matches("[data-at]")) return;
    place.value = at.value;
    place.dispatchEvent(new Event("input"));
  });
  later();
}
async function fill(box: Element | null, asked: URLSearchParams): Promise<void> {
  try {
    const answer = await fetch(`/desk/new?${asked}`, { headers: { accept: "text/html" } });
    if (box && answer.ok && !answer.redirected) box.innerHTML = await answer.text();
  } catch {
    // the button beside asks again
  }
}
/** Leaves the categories whose names or words hold what is typed; the only one left is chosen. */
function search(form: HTMLFormElement, category: HTMLSelectElement): void {
  const box = form.querySelector<HTMLElement>("[data-find-box]");
  const field = form.querySelector<HTMLInputElement>("[data-find]");
  if (!box || !field) return;
  box.hidden = false;
  const all = [...category.options].filter((one) => one.value);
  const narrow = () => {
    const wanted = fold(field.value).split(/\s+/).filter(Boolean);
    const fits = all.filter((one) => wanted.every((word) => (one.dataset.words ?? "").includes(word)));
    for (const one of all) one.hidden = !fits.includes(one);
    for (const group of category.querySelectorAll("optgroup"))
      group.hidden = ![...group.children].some((one) => !(one as HTMLOptionElement).hidden);
    const first = fits[0];
    if (wanted.length && first && !fits.some((one) => one.selected)) {
      first.selected = true;
      category.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };
  field.addEventListener("input", narrow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
