// Earlier cargo of the same HS chapter that looks like the open item. Rules:
// 1. Central is asked once the open item's own picture is there, and only where a chapter is declared.
// 2. One earlier picture may stand beside the open one; it is fetched when it is chosen. What comes
//    too late is not shown.
// 3. It is looked at as the open picture is: the same window, so that the same grey means the same
//    transmission. Its place and zoom are its own.
import { api } from "../api/client";
import type { Inspection, SimilarItem } from "../api/types";
import { wordsOf } from "../stores/notices.svelte";
import type { Pictures } from "../viewer/renderer";
import type { ViewState } from "../viewer/view-state";
import { Viewing } from "../viewer/viewing.svelte";
import { picturesOf } from "./pictures";

class Alike {
  items = $state.raw<SimilarItem[] | null>(null);
  /** Why there are none, or what went wrong. */
  reason = $state<string | null>(null);
  shown = $state.raw<SimilarItem | null>(null);
  pictures = $state.raw<Pictures | null>(null);
  trouble = $state<string | null>(null);
  readonly viewing = new Viewing(() => {});
  #of: string | null = null;

  async begin(item: Inspection): Promise<void> {
    if (item.id === this.#of) return;
    this.close();
    this.#of = item.id;
    if (!item.identity?.chapter) return;
    try {
      const { items, reason } = await api.similar(item.id);
      if (this.#of === item.id) [this.items, this.reason] = [items, reason];
    } catch (error) {
      if (this.#of === item.id) [this.items, this.reason] = [[], wordsOf(error)];
    }
  }

  /** Shows `item` beside the open one; the one that is shown goes away again. */
  async toggle(item: SimilarItem): Promise<void> {
    const again = this.shown === item;
    this.hide();
    if (again) return;
    this.shown = item;
    try {
      const pictures = await picturesOf(item);
      if (this.shown !== item) return;
      this.pictures = pictures;
      this.viewing.open(pictures, [], false);
    } catch (error) {
      if (this.shown === item) this.trouble = wordsOf(error);
    }
  }

  /** The most alike one, then each next, then none. Whether there are any. */
  next(): boolean {
    const items = this.items ?? [];
    const next = items[this.shown ? items.indexOf(this.shown) + 1 : 0];
    if (next) void this.toggle(next);
    else this.hide();
    return items.length > 0;
  }

  follow(state: ViewState | null): void {
    const { viewing } = this;
    if (!state || !viewing.state || !viewing.scene) return;
    const signal = viewing.scene.hasLow ? state.signal : "high";
    const own = { signal, at: viewing.state.at, magnifier: false, regions: false, region: null } as const;
    viewing.state = { ...state, ...own };
  }

  hide(): void {
    this.shown = null;
    this.pictures = null;
    this.trouble = null;
    this.viewing.close();
  }

  close(): void {
    this.hide();
    this.#of = null;
    this.items = null;
    this.reason = null;
  }
}

export const alike = new Alike();
