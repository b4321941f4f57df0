/** Whether a question of a form applies, by the answer to another. */
export interface Condition {
  field: string;
  in: string[];
  min: number | null;
}

export function applies(when: Condition, given: readonly string[]): boolean {
  if (when.min !== null) {
    return given.some((one) => one !== "" && Number(one.replace(/\s/g, "").replace(",", ".")) >= (when.min ?? 0));
  }
  return given.some((one) => when.in.includes(one));
}
