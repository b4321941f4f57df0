/** The queue in the browser's own database, so that a telephone may be switched off in between. */
import type { Parcel, Store, Told } from "./queue";

const NAME = "dothi-field";

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    const parcels = request.result.createObjectStore("parcels", { keyPath: "seq", autoIncrement: true });
    parcels.createIndex("key", "key", { unique: true });
    request.result.createObjectStore("told", { keyPath: "key" });
  };
  return asked(request);
}

export class Kept implements Store {
  #db: Promise<IDBDatabase> | undefined;
  async #in(name: "parcels" | "told", mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.#db ??= open();
    return (await this.#db).transaction(name, mode).objectStore(name);
  }
  async parcels(): Promise<Parcel[]> {
    return (await asked((await this.#in("parcels", "readonly")).getAll())) as Parcel[];
  }
  async put(parcel: Parcel): Promise<void> {
    await asked((await this.#in("parcels", "readwrite")).add(parcel));
  }
  async drop(key: string): Promise<void> {
    const parcels = await this.#in("parcels", "readwrite");
    const seq = await asked(parcels.index("key").getKey(key));
    if (seq !== undefined) await asked(parcels.delete(seq));
  }
  async told(): Promise<Told[]> {
    return (await asked((await this.#in("told", "readonly")).getAll())) as Told[];
  }
  async tell(told: Told): Promise<void> {
    await asked((await this.#in("told", "readwrite")).put(told));
  }
  async forget(key: string): Promise<void> {
    await asked((await this.#in("told", "readwrite")).delete(key));
  }
}
