/** One connection to `/live` for the whole page, open while somebody listens. The browser reconnects and resumes. */
import { type Row, rows } from "./pure/merge";

export interface Entry {
  kind: string;
  subject?: string;
  /** a moved or completed thing is named in the data of another entity's entry */
  data?: { thing?: number };
}
export interface Hearer {
  observations?(rows: Row[]): void;
  journal?(entry: Entry): void;
  /** the connection is (back) up: what was missed may be asked for again */
  opened?(): void;
}

const hearers = new Set<Hearer>();
let source: EventSource | undefined;

function open(): void {
  source = new EventSource("/live");
  source.addEventListener("open", () => {
    document.documentElement.dataset.live = "on";
    for (const one of hearers) one.opened?.();
  });
  source.addEventListener("error", () => {
    document.documentElement.dataset.live = "off";
  });
  source.addEventListener("observations", (event) => {
    const news = rows((event as MessageEvent<string>).data);
    if (news.length) for (const one of hearers) one.observations?.(news);
  });
  source.addEventListener("journal", (event) => {
    try {
      const entry = JSON.parse((event as MessageEvent<string>).data) as Entry;
      if (typeof entry.kind === "string") for (const one of hearers) one.journal?.(entry);
    } catch {
      // a malformed entry concerns nobody
    }
  });
}

/** Hears news until the returned function is called. */
export function listen(hearer: Hearer): () => void {
  hearers.add(hearer);
  if (!source) open();
  return () => {
    hearers.delete(hearer);
    if (hearers.size === 0) {
      source?.close();
      source = undefined;
    }
  };
}
