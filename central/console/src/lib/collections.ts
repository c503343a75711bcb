// Lists that live events change: by identity, in place, in a stated order.
import type { Inspection, Referral, Unit } from "../api/types";

/** The list with `item` in place of the one of the same key, or added at the end. */
export function upsert<T>(list: T[], item: T, key: (one: T) => string): T[] {
  const at = list.findIndex((one) => key(one) === key(item));
  return at < 0 ? [...list, item] : list.with(at, item);
}

/** Lanes by site, then by name, numbers in names by value (lane-2 before lane-10). */
export function byPlace(units: Unit[]): Unit[] {
  const order = new Intl.Collator("en", { numeric: true });
  return units.toSorted((a, b) => order.compare(`${a.site} ${a.unit}`, `${b.site} ${b.unit}`));
}

export function isWaiting(work: { state: string }): boolean {
  return work.state === "open" || work.state === "claimed";
}

/** What still waits, longest wait first; behind it the second looks, for which no lane stands still. */
export function waitingItems(items: Inspection[]): Inspection[] {
  return items.filter(isWaiting).toSorted((a, b) =>
    Number(a.second_look) - Number(b.second_look) || moment(a.scanned_at) - moment(b.scanned_at));
}

export function waitingReferrals(referrals: Referral[]): Referral[] {
  return referrals.filter(isWaiting).toSorted((a, b) => moment(a.waiting_since) - moment(b.waiting_since));
}

/** Milliseconds; what has no time yet comes last. */
export function moment(at: string | null): number {
  return at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at);
}

/** The item to open next: mine if I hold one, else the longest waiting that nobody holds. */
export function nextItem(items: Inspection[], me: string, except: string | null): Inspection | null {
  const free = waitingItems(items).filter((item) => item.id !== except);
  return free.find((item) => item.claimed_by === me) ?? free.find((item) => !item.claimed_by) ?? null;
}
