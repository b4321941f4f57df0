/** Which view a wall shows: it turns through its own, jumps to a new critical alarm, and goes on where it was. Pure. */

export interface Seen {
  seconds: number;
}
export interface Turn {
  /** index of the view in its round */
  view: number;
  /** when it was cut to, ms */
  since: number;
  /** a critical alarm looked at instead, and until when */
  alarm: string | null;
  until: number;
}
export const HOLD_MS = 30_000;

export const begin = (now: number): Turn => ({ view: 0, since: now, alarm: null, until: 0 });

/** What is shown at a moment. fresh: critical alarms that were not there before, newest last. */
export function turn(was: Turn, views: readonly Seen[], fresh: readonly string[], now: number): Turn {
  const newest = fresh.at(-1);
  if (newest !== undefined) return { ...was, alarm: newest, until: now + HOLD_MS };
  if (was.alarm !== null) {
    if (now < was.until) return was;
    // back to the view that was left, for its whole time
    return { view: was.view % Math.max(1, views.length), since: now, alarm: null, until: 0 };
  }
  const view = was.view % Math.max(1, views.length);
  const here = views[view];
  if (!here || views.length < 2) return view === was.view ? was : { ...was, view };
  if (now - was.since < here.seconds * 1000) return was;
  return { ...was, view: (view + 1) % views.length, since: now };
}
/** Numbers of critical alarms that were not known before; nothing is new to a wall that has just begun. Pure. */
export function fresh(known: ReadonlySet<string> | undefined, now: readonly string[]): string[] {
  return known === undefined ? [] : now.filter((one) => !known.has(one));
}
