// Pictures of an item, fetched and prepared, the last few kept: the next item is ready before it opens.
import type { Inspection, Picture } from "../api/types";
import { fetchImage, joined } from "../viewer/image";
import { prepare, type Prepared } from "../viewer/prepare";
import type { Pictures } from "../viewer/renderer";

type Pictured = Pick<Inspection, "pictures">;

const KEPT = 4; // pictures; a 2.5 Mpx one takes 14 MB

const cache = new Map<string, Promise<Prepared>>();

function prepared(parts: string[]): Promise<Prepared> {
  const key = parts.join(" ");
  const known = cache.get(key);
  if (known) return known;
  const coming = Promise.all(parts.map(fetchImage)).then(joined).then(prepare);
  coming.catch(() => cache.delete(key)); // a picture that was missing may come
  cache.set(key, coming);
  for (const oldest of cache.keys()) {
    if (cache.size <= KEPT) break;
    cache.delete(oldest);
  }
  return coming;
}

/** Whether all pictures of the item are at central. */
export function areHere(item: Inspection): boolean {
  return item.pictures.length > 0 && item.pictures.every((picture) => picture.available);
}

/** The parts of one energy, the uppermost first; none unless all that were told of are here. */
export function partsOf(item: Pictured, energy: "high" | "low"): string[] {
  return piecesOf(item, energy).map((part) => part.sha256);
}

/** The same, with their sizes. */
export function piecesOf(item: Pictured, energy: "high" | "low"): Picture<string>[] {
  const parts = item.pictures.filter(({ kind }) => kind === energy || kind.startsWith(`${energy}-`));
  const number = (kind: string) => Number(kind.slice(energy.length + 1) || 1);
  if (!parts.every((part) => part.available)) return [];
  return parts.toSorted((a, b) => number(a.kind) - number(b.kind));
}

/** Both energies where both are there. Errors: ApiError from fetching. */
export async function picturesOf(item: Pictured): Promise<Pictures> {
  const [first, second] = [partsOf(item, "high"), partsOf(item, "low")];
  const main = first.length ? first : second;
  if (!main.length) throw new Error("The picture is not here yet. It opens by itself when the lane has sent it.");
  const [high, low] = await Promise.all([
    prepared(main),
    first.length && second.length ? prepared(second).catch(() => null) : null,
  ]);
  const fits = low && low.width === high.width && low.height === high.height;
  return { high, low: fits ? low : null };
}

export function prefetch(item: Inspection | null): void {
  if (item && areHere(item)) void picturesOf(item).catch(() => undefined);
}

export function forgetPictures(): void {
  cache.clear();
}
