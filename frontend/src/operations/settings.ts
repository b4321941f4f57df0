/** What the server told the page once, and the server's clock. */
interface Given {
  now: number;
  me: number | null;
  handles: boolean;
  dues: Record<string, number>;
  sectors: Record<string, string>;
  people: [number, string][];
  token: string;
}
const element = typeof document === "undefined" ? null : document.getElementById("ops-settings");
const given: Partial<Given> = element?.textContent ? (JSON.parse(element.textContent) as Given) : {};
/** how far the machine's clock is behind the server's, ms; under two seconds is the way of the answer itself */
const off = given.now ? given.now - Date.now() : 0;
const behind = Math.abs(off) > 2000 ? off : 0;

export const settings = {
  me: given.me ?? null,
  handles: given.handles ?? false,
  dues: given.dues ?? {},
  sectors: given.sectors ?? {},
  people: given.people ?? [],
  token: given.token ?? "",
  /** now by the server's clock, ms */
  clock: (): number => Date.now() + behind,
};
