/** Every page of the reports: its layout, maps when they are seen, copying, sharing, printing. */
import "./css/reports.css";
import "./reports/blur";
import "./reports/map";
import { reportSay } from "./reports/words";

for (const one of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  one.hidden = false;
  one.addEventListener("click", async () => {
    await navigator.clipboard.writeText(one.dataset.copy ?? "");
    one.lastChild?.replaceWith(reportSay("copied"));
  });
}
for (const one of document.querySelectorAll<HTMLButtonElement>("button[data-print]")) {
  one.hidden = false;
  one.addEventListener("click", () => print());
}
for (const one of document.querySelectorAll<HTMLButtonElement>("button[data-share]")) {
  const url = one.dataset.share ?? location.href;
  if (!("share" in navigator) && !("clipboard" in navigator)) continue;
  one.hidden = false;
  one.addEventListener("click", async () => {
    if ("share" in navigator)
      await navigator.share({ title: one.dataset.title ?? document.title, url }).catch(() => undefined);
    else {
      await (navigator as Navigator).clipboard.writeText(url);
      one.lastChild?.replaceWith(reportSay("copied"));
    }
  });
}
