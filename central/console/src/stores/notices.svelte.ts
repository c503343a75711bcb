// Short words about what just happened: read out to screen readers, shown until they fade or, where
// somebody must act, until they are put away.
import { ApiError } from "../api/client";

export interface Notice {
  id: number;
  text: string;
  tone: "good" | "bad";
  href: string | null;
}

const FADE_MS = 6000;

class Notices {
  list = $state<Notice[]>([]);
  #next = 1;

  done(text: string): void {
    const id = this.#add(text, "good", null);
    setTimeout(() => this.dismiss(id), FADE_MS);
  }

  /** Stays until it is put away. `href` leads to what it is about. */
  alarm(text: string, href: string | null = null): void {
    if (!this.list.some((notice) => notice.text === text)) this.#add(text, "bad", href);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  clear(): void {
    this.list = [];
  }

  #add(text: string, tone: Notice["tone"], href: string | null): number {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, text, tone, href }];
    return id;
  }
}

export const notices = new Notices();

/** What to tell the operator about anything that was thrown. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error ? error.message : "Something went wrong in the console. Reload the page.";
}
