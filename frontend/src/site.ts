/** Every page: the styles, the theme switch, ages that stay true. */
import "./css/site-entry.css";
import "./elements/live-age";
import "./elements/live-value";

const YEAR = 365 * 24 * 3600;

function dark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-theme-switch]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    // biome-ignore lint/suspicious/noDocumentCookie: CookieStore is not in every browser we serve
    document.cookie = `dothi_theme=${theme};path=/;max-age=${YEAR};samesite=lax`;
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!document.documentElement.dataset.theme) document.dispatchEvent(new CustomEvent("themechange"));
});

for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target as Node)) menu.open = false;
  });
}

// a row of tabs wider than the screen begins where the page is
for (const here of document.querySelectorAll<HTMLElement>(".tabs > a[aria-current]")) {
  const row = here.parentElement as HTMLElement;
  if (row.scrollWidth > row.clientWidth) row.scrollLeft = here.offsetLeft - row.offsetLeft - 24;
}
