// One operator's desk: which item is open, its pictures, the tools used on it, and the decision. Rules:
// 1. Opening claims; someone else's claim is told and the item is not opened.
// 2. The claim is renewed every four minutes (central lets it lapse after five).
// 3. After a decision the next waiting item opens by itself.
// 4. Whoever puts an item back, or signs out, ends the claim; others need not wait for it.
// 5. An item that ends while it is open is closed, with a word.
// 6. A projected threat is told and outlined once its second look is over, before the next item opens.
import { ApiError, api } from "../api/client";
import type { Disposition, Inspection, Region } from "../api/types";
import { isWaiting, nextItem } from "../lib/collections";
import { notices, wordsOf } from "../stores/notices.svelte";
import { session } from "../stores/session.svelte";
import { world } from "../stores/world.svelte";
import type { Pictures } from "../viewer/renderer";
import { areHere, forgetPictures, picturesOf, prefetch } from "./pictures";
import { continued, type Sitting } from "./sitting";

const RENEW_MS = 4 * 60_000;

class Desk {
  id = $state<string | null>(null);
  openedAt = $state(0);
  opening = $state(false);
  pictures = $state.raw<Pictures | null>(null);
  trouble = $state<string | null>(null);
  sending = $state(false);
  tools = $state.raw<string[]>([]);
  sitting = $state.raw<Sitting | null>(null);
  /** The recogniser's boxes as they were on opening; they do not move under the operator's eyes. */
  regions = $state.raw<Region[]>([]);
  /** The second look that is over and held a projected threat; its picture stays until `goOn`. */
  revealed = $state.raw<Inspection | null>(null);
  #renewal: ReturnType<typeof setInterval> | undefined;

  get item(): Inspection | undefined {
    return world.review.find(this.id) ?? this.revealed ?? undefined;
  }

  async open(item: Inspection): Promise<void> {
    if (this.opening || this.sending || item.id === this.id) return;
    this.opening = true;
    try {
      world.review.take(await api.claim(item.id));
      this.#begin(item.id);
    } catch (error) {
      notices.alarm(`Item ${item.item} is not opened. ${wordsOf(error)}`);
      void world.review.load();
    } finally {
      this.opening = false;
    }
    await this.look();
  }

  openNext(): Promise<void> {
    const next = nextItem(world.review.items, session.name, this.id);
    if (next) return this.open(next);
    this.close();
    return Promise.resolve();
  }

  /** Fetches the pictures of the open item; called again when they arrive later. */
  async look(): Promise<void> {
    const item = this.item;
    if (!item) return;
    try {
      const pictures = await picturesOf(item);
      if (this.id !== item.id) return;
      this.regions = item.regions;
      this.pictures = pictures;
      this.trouble = null;
      prefetch(nextItem(world.review.items, session.name, item.id));
    } catch (error) {
      if (this.id === item.id) this.trouble = wordsOf(error);
    }
  }

  /** Notes a viewer's tool; the last one used is last. */
  used(tool: string): void {
    this.tools = [...this.tools.filter((one) => one !== tool), tool];
  }

  async decide(disposition: Disposition, reason: string): Promise<boolean> {
    const item = this.item;
    if (!item || this.sending) return false;
    this.sending = true;
    let answered: Inspection;
    try {
      answered = await api.decide(item.id, disposition, reason.trim(), this.tools);
      world.review.take(answered);
      notices.done(item.second_look
        ? `${item.item}: your answer is noted. The item has left.`
        : `${item.item}: ${disposition} sent to ${item.unit}.`);
    } catch (error) {
      notices.alarm(`${item.item} is not decided. ${wordsOf(error)}`);
      return false;
    } finally {
      this.sending = false;
    }
    this.sitting = continued(this.sitting, Date.now());
    if (answered.revealed) this.#reveal(answered);
    else await this.goOn();
    return true;
  }

  /** Closes what is open, and opens the next item. */
  goOn(): Promise<void> {
    this.close();
    return this.openNext();
  }

  /** Closes the open item and gives its claim up. */
  async putBack(): Promise<void> {
    const item = this.item;
    if (!item || this.sending) return;
    this.close();
    if (!isWaiting(item)) return;
    try {
      const back = await api.putBack(item.id);
      world.review.take(back);
      if (back.revealed) notices.done(`${back.item} held a projected threat: ${back.revealed.kind}. It does not count.`);
    } catch (error) {
      notices.alarm(`Item ${item.item} stays claimed for a few minutes. ${wordsOf(error)}`);
    }
  }

  /** Called with every change of the queue. */
  watch(): void {
    const item = this.item;
    if (!item || this.opening || this.sending || this.revealed) return;
    if (item.revealed) {
      this.#reveal(item);
    } else if (!isWaiting(item)) {
      notices.alarm(`Item ${item.item} was ended without you. It is closed here.`);
      this.close();
    } else if (item.claimed_by && item.claimed_by !== session.name) {
      notices.alarm(`${item.claimed_by} took over item ${item.item}. It is closed here.`);
      this.close();
    } else if (!this.pictures && areHere(item)) {
      void this.look();
    }
  }

  #reveal(item: Inspection): void {
    clearInterval(this.#renewal);
    this.revealed = item;
  }

  close(): void {
    clearInterval(this.#renewal);
    this.id = null;
    this.revealed = null;
    this.pictures = null;
    this.regions = [];
    this.trouble = null;
    this.tools = [];
  }

  /** When the operator leaves: nothing stays in memory. */
  forget(): void {
    this.close();
    this.sitting = null;
    forgetPictures();
  }

  #begin(id: string): void {
    this.close();
    this.id = id;
    this.openedAt = Date.now();
    this.sitting = continued(this.sitting, this.openedAt);
    this.#renewal = setInterval(() => void this.#renew(id), RENEW_MS);
  }

  async #renew(id: string): Promise<void> {
    try {
      world.review.take(await api.claim(id));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) void world.review.load();
    }
  }
}

export const desk = new Desk();
