/** Numbers and times as Vietnamese and English readers write them. */

export type Language = "vi" | "en";
const MINUS = "\u2212";
const NBSP = "\u00a0";

/** 1.234,50 in Vietnamese, 1,234.50 in English; the minus is U+2212; what is no number is a dash. */
export function number(value: number | null | undefined, digits: number, language: Language): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const [thousand, comma] = language === "vi" ? [".", ","] : [",", "."];
  const [whole = "0", part] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, thousand);
  const text = part ? grouped + comma + part : grouped;
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

export const quantity = (value: number | null, digits: number, unit: string, language: Language): string =>
  unit ? number(value, digits, language) + NBSP + unit : number(value, digits, language);

const ZONE = "Asia/Ho_Chi_Minh";
const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
function fields(ms: number): Record<string, string> {
  return Object.fromEntries(parts.formatToParts(ms).map((part) => [part.type, part.value]));
}
/** 17:42 in Vietnam's time. */
export function clock(ms: number): string {
  const f = fields(ms);
  return `${f.hour}:${f.minute}`;
}
/** 21/11/2026 in Vietnam's time. */
export function date(ms: number): string {
  const f = fields(ms);
  return `${f.day}/${f.month}/${f.year}`;
}
/** 17:42 for today, 17:42 20/11/2026 for another day. */
export const moment = (ms: number, now: number): string =>
  date(ms) === date(now) ? clock(ms) : `${clock(ms)} ${date(ms)}`;
/** 2026-11-21, as a date field wants it. */
export function isoDate(ms: number): string {
  const f = fields(ms);
  return `${f.year}-${f.month}-${f.day}`;
}
/** Start of a local day given as 2026-11-21, in ms UTC. Vietnam keeps UTC+7 all year. */
export const dayStart = (iso: string): number => Date.parse(`${iso}T00:00:00+07:00`);

/** "4 phút trước", "4 minutes ago"; under five seconds "vừa xong". A future instant counts as now. */
export function age(ms: number, now: number, language: Language): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  if (seconds < 5) return language === "vi" ? "vừa xong" : "just now";
  const [count, vi, en] =
    seconds < 60
      ? [seconds, "giây", "second"]
      : seconds < 3600
        ? [Math.floor(seconds / 60), "phút", "minute"]
        : seconds < 86400
          ? [Math.floor(seconds / 3600), "giờ", "hour"]
          : [Math.floor(seconds / 86400), "ngày", "day"];
  return language === "vi" ? `${count} ${vi} trước` : `${count} ${en}${count === 1 ? "" : "s"} ago`;
}

/** 12 s, 4 ph, 1 giờ, 3 ngày: a duration as a dense screen writes it; far: 12 giây, 4 phút, to be read from afar. */
export function brief(ms: number, language: Language, far = false): string {
  const vi = language === "vi";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [size, name, en] of [
    [86400, "ngày", "d"],
    [3600, "giờ", "h"],
    [60, far ? "phút" : "ph", "min"],
  ] as const)
    if (seconds >= size) return `${Math.floor(seconds / size)}${NBSP}${vi ? name : en}`;
  return `${seconds}${NBSP}${far && vi ? "giây" : "s"}`;
}
