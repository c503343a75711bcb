// A list that is fetched once and then kept by live events. Rules:
// 1. A failed fetch keeps what was there and says so; it never blanks the screen.
// 2. Events that arrive while a fetch is under way are newer than its answer: they are put on top.
import { upsert } from "../lib/collections";
import { wordsOf } from "./notices.svelte";

export class Collection<T> {
  items = $state.raw<T[]>([]);
  loaded = $state(false);
  error = $state<string | null>(null);
  readonly #fetching = new Set<T[]>(); // per fetch under way, what arrived since it began

  constructor(
    readonly fetch: () => Promise<T[]>,
    readonly key: (item: T) => string,
  ) {}

  async load(): Promise<void> {
    const during: T[] = [];
    this.#fetching.add(during);
    try {
      const fetched = await this.fetch();
      this.items = during.reduce((list, item) => upsert(list, item, this.key), fetched);
      this.loaded = true;
      this.error = null;
    } catch (error) {
      this.error = wordsOf(error);
    } finally {
      this.#fetching.delete(during);
    }
  }

  take(item: T): void {
    for (const during of this.#fetching) during.push(item);
    this.items = upsert(this.items, item, this.key);
  }

  find(key: string | null): T | undefined {
    return this.items.find((item) => this.key(item) === key);
  }

  clear(): void {
    this.items = [];
    this.loaded = false;
    this.error = null;
  }
}
