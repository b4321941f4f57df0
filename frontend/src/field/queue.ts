/** What a crew did, in its order, until the server has taken it. Each parcel has a key of its own and counts once. */

export type Value = string | Blob;
export interface Parcel {
  key: string;
  person: number;
  job: number;
  do: string;
  /** what it is called to people, and about which case */
  said: string;
  about: string;
  at: number;
  fields: [name: string, value: Value, file?: string][];
}
export interface Answer {
  state: "done" | "refused" | "conflict";
  message?: string;
  faults?: string[];
}
/** A parcel the server did not take, with what it held, until somebody has read it. */
export interface Told {
  key: string;
  said: string;
  about: string;
  job: number;
  at: number;
  message: string;
  faults: string[];
  text: string;
}
export interface Store {
  parcels(): Promise<Parcel[]>;
  put(parcel: Parcel): Promise<void>;
  drop(key: string): Promise<void>;
  told(): Promise<Told[]>;
  tell(told: Told): Promise<void>;
  forget(key: string): Promise<void>;
}
/** How sending went: an answer, or why there is none yet. */
export type Sent = Answer | "offline" | "signed-out" | "later";
export type Outcome = "empty" | "offline" | "signed-out" | "later";

export class Queue {
  #running = false;
  constructor(
    readonly store: Store,
    readonly send: (parcel: Parcel) => Promise<Sent>,
    readonly changed: () => void = () => {},
  ) {}

  async add(parcel: Parcel): Promise<void> {
    await this.store.put(parcel);
    this.changed();
  }
  /** Sends what waits, one after the other, and stops at the first that gets no answer. */
  async run(person: number): Promise<Outcome> {
    if (this.#running) return "later";
    this.#running = true;
    try {
      for (;;) {
        const next = (await this.store.parcels()).find((one) => one.person === person);
        if (!next) return "empty";
        const sent = await this.send(next);
        if (typeof sent === "string") return sent;
        if (sent.state !== "done") await this.store.tell(toldOf(next, sent));
        await this.store.drop(next.key);
        this.changed();
      }
    } finally {
      this.#running = false;
    }
  }
}

export function toldOf(parcel: Parcel, answer: Answer): Told {
  const text = parcel.fields
    .filter(([name, value]) => typeof value === "string" && value && ["text", "note", "part"].includes(name))
    .map(([, value]) => value as string);
  return {
    key: parcel.key,
    said: parcel.said,
    about: parcel.about,
    job: parcel.job,
    at: parcel.at,
    message: answer.message ?? "",
    faults: answer.faults ?? [],
    text: text.join("\n"),
  };
}

const STATES: Record<string, string> = { go: "going", begin: "working", finish: "done", fail: "failed" };
/** The state a job is in once what waits is taken; undefined: no other than now. */
export const stateAfter = (parcels: readonly Parcel[], job: number): string | undefined =>
  parcels
    .filter((one) => one.job === job && STATES[one.do])
    .map((one) => STATES[one.do])
    .at(-1);
export const stateOf = (verb: string): string | undefined => STATES[verb];
