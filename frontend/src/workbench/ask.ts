/** A question to the server, and what stands in the panel meanwhile or instead. */
import { h } from "./dom";
import { t } from "./words";

const PATIENCE_MS = 400;

/** The answer made into elements, the reason why there is none, or null when the question was taken back. */
export async function asked<T>(
  url: string,
  body: unknown,
  make: (found: T) => HTMLElement,
  signal: AbortSignal,
  meanwhile: (waiting: HTMLElement) => void,
): Promise<HTMLElement | null> {
  const wait = setTimeout(
    () => meanwhile(h("p", { class: "state", attrs: { role: "status" } }, t("asking"))),
    PATIENCE_MS,
  );
  const headers = { "content-type": "application/json", accept: "application/json" };
  try {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body), headers, signal });
    const told: unknown = await answer.json().catch(() => ({}));
    return answer.ok ? make(told as T) : sorry((told as { detail?: string }).detail);
  } catch (error) {
    return (error as Error).name === "AbortError" ? null : sorry();
  } finally {
    clearTimeout(wait);
  }
}
const sorry = (why = t("failed")) => h("p", { class: "banner", attrs: { role: "alert", "data-s": "critical" } }, why);
