// Pictures of an item, fetched and prepared, the last few kept: the next item is ready before it opens.
import type { Inspection } from "../api/types";
import { fetchImage } from "../viewer/image";
import { prepare, type Prepared } from "../viewer/prepare";
import type { Pictures } from "../viewer/renderer";

const KEPT = 4; // pictures; a 2.5 Mpx one takes 14 MB

const cache = new Map<string, Promise<Prepared>>();

function prepared(sha256: string): Promise<Prepared> {
  const known = cache.get(sha256);
  if (known) return known;
  const coming = fetchImage(sha256).then(prepare);
  coming.catch(() => cache.delete(sha256)); // a picture that was missing may come
  cache.set(sha256, coming);
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

/** Both energies where both are there. Errors: ApiError from fetching. */
export async function picturesOf(item: Inspection): Promise<Pictures> {
  const of = (kind: "high" | "low") => item.pictures.find((picture) => picture.kind === kind && picture.available);
  const first = of("high") ?? of("low");
  const second = of("high") ? of("low") : undefined;
  if (!first) throw new Error("The picture is not here yet. It opens by itself when the lane has sent it.");
  const [high, low] = await Promise.all([
    prepared(first.sha256),
    second ? prepared(second.sha256).catch(() => null) : null,
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
