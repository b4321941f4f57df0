/** Conditions somebody picked in the filter builder, as CQL2 text, and back where the text is of that plain form. */

export type Kind = "string" | "number" | "integer" | "boolean" | "date" | "date-time" | "array" | "object" | "geometry";
export type Operator = "=" | "<>" | "<" | "<=" | ">" | ">=" | "has" | "null" | "there";
export interface Condition {
  field: string;
  operator: Operator;
  value: string;
}
export interface Conditions {
  all: boolean;
  rows: Condition[];
}

/** The operators that make sense for a field. */
export function operators(kind: Kind, listed: boolean): Operator[] {
  if (kind === "array" || kind === "object" || kind === "geometry") return ["there", "null"];
  if (kind === "boolean" || listed) return ["=", "<>", "there", "null"];
  if (kind === "string") return ["has", "=", "<>", "there", "null"];
  return ["=", "<>", "<", "<=", ">", ">=", "there", "null"];
}

const quoted = (text: string) => `'${text.replace(/'/g, "''")}'`;
const unquoted = (text: string) => text.slice(1, -1).replace(/''/g, "'");
const name = (field: string) => (/^[A-Za-z_][A-Za-z0-9_.]*$/.test(field) ? field : `"${field.replace(/"/g, '""')}"`);

/** One condition; empty when a value is still missing or is no number. */
export function clause(one: Condition, kind: Kind): string {
  const field = name(one.field);
  if (one.operator === "null") return `${field} IS NULL`;
  if (one.operator === "there") return `${field} IS NOT NULL`;
  const value = one.value.trim();
  if (!value) return "";
  if (one.operator === "has")
    return `ACCENTI(CASEI(${field})) LIKE ACCENTI(CASEI(${quoted(`%${value.replace(/[\\%_]/g, "\\$&")}%`)}))`;
  if (kind === "number" || kind === "integer") {
    const number = Number(value.replace(",", "."));
    return Number.isFinite(number) ? `${field} ${one.operator} ${number}` : "";
  }
  if (kind === "boolean") return `${field} ${one.operator} ${value === "true" ? "TRUE" : "FALSE"}`;
  if (kind === "date") return `${field} ${one.operator} DATE(${quoted(value)})`;
  if (kind === "date-time") return `${field} ${one.operator} TIMESTAMP(${quoted(value)})`;
  return `${field} ${one.operator} ${quoted(value)}`;
}

export const write = (given: Conditions, kind: (field: string) => Kind): string =>
  given.rows
    .map((one) => clause(one, kind(one.field)))
    .filter(Boolean)
    .join(given.all ? " AND " : " OR ");

const NAME = `([A-Za-z_][A-Za-z0-9_.]*|"(?:[^"]|"")+")`;
const TEXT = `'(?:[^']|'')*'`;
const FORMS: [RegExp, (m: RegExpExecArray) => Condition][] = [
  [new RegExp(`^${NAME} IS NULL$`), (m) => ({ field: field(m[1]), operator: "null", value: "" })],
  [new RegExp(`^${NAME} IS NOT NULL$`), (m) => ({ field: field(m[1]), operator: "there", value: "" })],
  [
    new RegExp(String.raw`^ACCENTI\(CASEI\(${NAME}\)\) LIKE ACCENTI\(CASEI\((${TEXT})\)\)$`),
    (m) => ({
      field: field(m[1]),
      operator: "has",
      value: unquoted(m[2] ?? "''")
        .slice(1, -1)
        .replace(/\\(.)/g, "$1"),
    }),
  ],
  [
    new RegExp(String.raw`^${NAME} (=|<>|<=|>=|<|>) (?:DATE\(|TIMESTAMP\()?(${TEXT}|-?[\d.eE+]+|TRUE|FALSE)\)?$`),
    (m) => {
      const raw = m[3] ?? "";
      const value = raw.startsWith("'") ? unquoted(raw) : raw === "TRUE" ? "true" : raw === "FALSE" ? "false" : raw;
      return { field: field(m[1]), operator: m[2] as Operator, value };
    },
  ],
];
const field = (written = "") => (written.startsWith('"') ? written.slice(1, -1).replace(/""/g, '"') : written);

/** The conditions of a text, or null when it says more than the builder can show. */
export function read(text: string): Conditions | null {
  if (!text.trim()) return { all: true, rows: [] };
  const [parts, joint] = split(text.trim());
  if (!parts) return null;
  const rows: Condition[] = [];
  for (const part of parts) {
    const made = FORMS.map(([form, make]) => ({ found: form.exec(part), make })).find((one) => one.found);
    if (!made?.found) return null;
    rows.push(made.make(made.found));
  }
  return { all: joint !== "OR", rows };
}

/** Cut at AND or OR outside of quotes; null when both are there. */
function split(text: string): [string[] | null, string] {
  const parts: string[] = [];
  let joint = "";
  let start = 0;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote) {
      if (c === quote) quote = "";
      continue;
    }
    if (c === "'" || c === '"') quote = c;
    const found = /^ (AND|OR) /.exec(text.slice(i, i + 5));
    if (!found) continue;
    if (joint && joint !== found[1]) return [null, ""];
    joint = found[1] as string;
    parts.push(text.slice(start, i));
    start = i + found[0].length;
    i = start - 1;
  }
  parts.push(text.slice(start));
  return [parts, joint];
}
