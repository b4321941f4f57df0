/** What a combobox lists, and which row is under the hand. Rows somebody moves among keep their place. Pure. */
import type { Box } from "./box";
import { fold } from "./fold";

export interface Pick {
  name: string;
  note: string;
  lon: number;
  lat: number;
  bbox?: Box;
  thing?: number;
}
const key = (one: Pick): string => (one.thing === undefined ? `${one.name}|${one.lon}|${one.lat}` : `#${one.thing}`);

export class Choices {
  rows: readonly Pick[] = [];
  /** the selected row; -1: nobody has moved among them */
  at = -1;
  /** the answer to what was typed is still to come */
  waiting = false;
  #words = "";
  #entered = false;

  /** Something else was typed: rows it does not fit cannot be chosen any more, and no row is selected. */
  typed(text: string): void {
    this.#words = fold(text);
    this.rows = this.rows.filter((one) => this.#fits(one));
    this.at = -1;
    this.waiting = true;
    this.#entered = false;
  }
  /** The things of the page; places still wanted stand before them. At most `most` of them. */
  things(all: readonly Pick[], most = 6): void {
    const found = all.filter((one) => this.#fits(one)).slice(0, most);
    this.#renew([...this.rows.filter((one) => one.thing === undefined), ...found]);
  }
  /** The server's places, before the things. What Enter, pressed meanwhile, now takes. */
  answer(places: readonly Pick[]): Pick | undefined {
    this.waiting = false;
    this.#renew([...places, ...this.rows.filter((one) => one.thing !== undefined)]);
    const taken = this.#entered ? this.rows[0] : undefined;
    this.#entered = false;
    return taken;
  }
  /** One row down or up, round the ends. */
  step(by: 1 | -1): void {
    const all = this.rows.length;
    if (all) this.at = this.at < 0 && by < 0 ? all - 1 : (this.at + by + all) % all;
  }
  /** Enter: the selected row, or the first of the whole answer; nothing yet while that is to come. */
  enter(): Pick | undefined {
    if (this.at >= 0) return this.rows[this.at];
    if (!this.waiting) return this.rows[0];
    this.#entered = true;
    return undefined;
  }
  /** Nobody waits any more. */
  stop(): void {
    this.waiting = false;
    this.#entered = false;
  }

  #fits(one: Pick): boolean {
    return fold(one.name).includes(this.#words);
  }
  /** A better order, as long as nobody has moved; otherwise what is new goes to the end. */
  #renew(wanted: readonly Pick[]): void {
    if (this.at < 0) {
      this.rows = wanted;
      return;
    }
    const shown = new Set(this.rows.map(key));
    this.rows = [...this.rows, ...wanted.filter((one) => !shown.has(key(one)))];
  }
}
