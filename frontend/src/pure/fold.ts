/** Text as a search compares it: no diacritics, đ as d, lower case, single spaces. The same as kit.text.fold. */
export const fold = (text: string): string =>
  text
    .replace(/[đĐ]/g, "d")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
