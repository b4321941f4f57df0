import { beforeEach, describe, expect, it } from "vitest";
import { Choices, type Pick } from "../src/pure/choices";

const place = (name: string, lon = 106.4): Pick => ({ name, note: "Tây Ninh", lon, lat: 10.5 });
const WARD = place("Phường Khánh Hậu");
const OTHER = place("Phường Long An");
const STATION: Pick = { ...place("Trạm Khánh Hậu"), note: "cảm biến", thing: 7 };
const names = (choices: Choices) => choices.rows.map((one) => one.name);

describe("the rows of a combobox", () => {
  let choices: Choices;
  beforeEach(() => {
    choices = new Choices();
    choices.typed("khanh hau");
  });

  it("are things at once and places before them when nobody has moved", () => {
    choices.things([STATION, place("Trạm Tân An")]);
    expect(names(choices)).toEqual(["Trạm Khánh Hậu"]);
    choices.answer([WARD]);
    expect(names(choices)).toEqual(["Phường Khánh Hậu", "Trạm Khánh Hậu"]);
    choices.step(1);
    expect(choices.enter()).toBe(WARD);
  });

  it("do not move under the hand", () => {
    choices.things([STATION]);
    choices.step(1);
    choices.answer([WARD]);
    expect(names(choices)).toEqual(["Trạm Khánh Hậu", "Phường Khánh Hậu"]);
    expect(choices.enter()).toBe(STATION);
    choices.step(1);
    expect(choices.enter()).toBe(WARD);
  });

  it("stay when the same is typed another way, whenever the arrow is pressed", () => {
    for (const steps of [0, 1, 2]) {
      choices = new Choices();
      choices.typed("khanh hau");
      choices.things([STATION]);
      choices.answer([WARD]);
      choices.typed("Khánh Hậu");
      expect(names(choices)).toEqual(["Phường Khánh Hậu", "Trạm Khánh Hậu"]);
      expect(choices.at).toBe(-1);
      if (steps > 0) choices.things([STATION]);
      if (steps > 1) choices.answer([{ ...WARD }]);
      choices.step(1);
      if (steps < 2) choices.answer([{ ...WARD }]);
      expect(choices.enter()?.name).toBe("Phường Khánh Hậu");
      expect(choices.rows).toHaveLength(2);
    }
  });

  it("go at once when they do not fit what is typed", () => {
    choices.answer([WARD, OTHER]);
    choices.typed("long an");
    expect(names(choices)).toEqual(["Phường Long An"]);
    choices.typed("tân an");
    expect(choices.rows).toEqual([]);
    choices.step(1);
    expect(choices.enter()).toBeUndefined();
  });

  it("wait for the answer after Enter, and give its first", () => {
    choices.things([STATION]);
    expect(choices.enter()).toBeUndefined();
    expect(choices.answer([WARD])).toBe(WARD);
    choices.typed("khánh");
    expect(choices.enter()).toBeUndefined();
    choices.typed("khánh h");
    expect(choices.answer([WARD])).toBeUndefined();
    expect(choices.enter()).toBe(WARD);
  });

  it("are forgotten by Enter once nobody waits", () => {
    choices.enter();
    choices.stop();
    expect(choices.answer([WARD])).toBeUndefined();
  });

  it("go round the ends", () => {
    choices.answer([WARD, OTHER]);
    choices.step(-1);
    expect(choices.enter()).toBe(OTHER);
    choices.step(1);
    expect(choices.enter()).toBe(WARD);
    choices.step(-1);
    expect(choices.enter()).toBe(OTHER);
  });

  it("keep at most six things", () => {
    choices.things(Array.from({ length: 9 }, (_, i) => ({ ...STATION, thing: i })));
    expect(choices.rows).toHaveLength(6);
  });
});
