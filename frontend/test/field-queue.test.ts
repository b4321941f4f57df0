import { expect, test } from "vitest";
import { type Parcel, Queue, type Sent, type Store, stateAfter, type Told } from "../src/field/queue";

class Memory implements Store {
  kept: Parcel[] = [];
  read: Told[] = [];
  parcels = async () => [...this.kept];
  put = async (one: Parcel) => void this.kept.push(one);
  drop = async (key: string) => {
    this.kept = this.kept.filter((one) => one.key !== key);
  };
  told = async () => [...this.read];
  tell = async (one: Told) => void this.read.push(one);
  forget = async (key: string) => {
    this.read = this.read.filter((one) => one.key !== key);
  };
}
const parcel = (key: string, what: string, more: Partial<Parcel> = {}): Parcel => ({
  key,
  person: 1,
  job: 7,
  do: what,
  said: what,
  about: "PA-26-000001",
  at: 0,
  fields: [["text", "Đã thay bóng"]],
  ...more,
});
const queue = (answers: Record<string, Sent[]>) => {
  const store = new Memory();
  const asked: string[] = [];
  const made = new Queue(store, async ({ key }) => {
    asked.push(key);
    return answers[key]?.shift() ?? { state: "done" };
  });
  return { store, asked, made };
};

test("what was done is sent in its order, and what has no answer stays with all that follows", async () => {
  const { store, asked, made } = queue({ b: ["offline"] });
  for (const key of ["a", "b", "c"]) await made.add(parcel(key, "tick"));
  expect(await made.run(1)).toBe("offline");
  expect(asked).toEqual(["a", "b"]);
  expect(store.kept.map((one) => one.key)).toEqual(["b", "c"]);
  expect(await made.run(1)).toBe("empty");
  expect(asked).toEqual(["a", "b", "b", "c"]); // the same key again: the server knows it
  expect(store.kept).toEqual([]);
});

test("what is not taken is told with what was written, and does not stop the rest", async () => {
  const { store, made } = queue({ a: [{ state: "conflict", message: "Đã có người xử lý" }] });
  await made.add(parcel("a", "finish"));
  await made.add(parcel("b", "tick"));
  expect(await made.run(1)).toBe("empty");
  expect(store.read.map(({ key, message, text }) => [key, message, text])).toEqual([
    ["a", "Đã có người xử lý", "Đã thay bóng"],
  ]);
});

test("another person's parcels are not sent", async () => {
  const { store, asked, made } = queue({});
  await made.add(parcel("a", "tick", { person: 2 }));
  expect(await made.run(1)).toBe("empty");
  expect(asked).toEqual([]);
  expect(store.kept.length).toBe(1);
});

test("a job is shown as what waits will make it", () => {
  const waiting = [parcel("a", "go"), parcel("b", "begin"), parcel("c", "tick"), parcel("d", "finish", { job: 8 })];
  expect(stateAfter(waiting, 7)).toBe("working");
  expect(stateAfter(waiting, 8)).toBe("done");
  expect(stateAfter(waiting, 9)).toBeUndefined();
});
