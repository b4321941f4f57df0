/** How well a category's words (folded, parted by " | ") answer what somebody types: 3 a word of its own, 2 inside, 0 not. */
import { fold } from "./fold";

export function matching(words: string, typed: string): 0 | 1 | 2 | 3 {
  const query = fold(typed);
  if (!query) return 1;
  const phrases = words.split(" | ");
  if (phrases.some((phrase) => phrase === query || phrase.startsWith(`${query} `))) return 3;
  if (phrases.some((phrase) => ` ${phrase}`.includes(` ${query}`))) return 2;
  const parts = query.split(" ");
  const fits = (phrase: string) => parts.every((part) => ` ${phrase}`.includes(` ${part}`));
  return phrases.some(fits) ? 1 : 0;
}
