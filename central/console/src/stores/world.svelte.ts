// All that central knows and this operator may see, kept current by the live link.
import { api, signedOut } from "../api/client";
import type { ServerEvent } from "../api/sse";
import { follow } from "../api/stream";
import type { Inspection, Passage, Referral, Unit } from "../api/types";
import { linkTo } from "../lib/route";
import { commandMark, wentWrong } from "../lib/marks";
import { Collection } from "./collection.svelte";
import { notices } from "./notices.svelte";
import { session } from "./session.svelte";

const REVIEW_LIMIT = 200;
const DECIDED_LIMIT = 20;
const PASSAGES_SHOWN = 200;
const AFRESH_MS = 60_000; // claims lapse without an event, and an event may be missed

class World {
  readonly fleet = new Collection<Unit>(async () => (await api.fleet()).units, (unit) => unit.unit);
  readonly review = new Collection<Inspection>(openAndDecided, (item) => item.id);
  readonly referrals = new Collection<Referral>(
    async () => (await api.referrals()).referrals, (referral) => referral.id);
  readonly passages = new Collection<Passage>(
    async () => (await api.passages(PASSAGES_SHOWN)).passages, (passage) => passage.id);

  /** "connecting" until the first answer; "lost" when the data may be old. */
  link = $state<"connecting" | "up" | "lost">("connecting");
  heardAt = $state<number | null>(null);
  #ending: AbortController | null = null;
  #afresh: ReturnType<typeof setInterval> | undefined;

  start(): void {
    this.stop();
    this.#ending = new AbortController();
    this.#afresh = setInterval(() => { if (this.link === "up") this.loadAll(); }, AFRESH_MS);
    void follow({
      onUp: () => this.#up(),
      onDown: () => this.#down(),
      onSignedOut: signedOut,
      onHeard: () => { this.heardAt = Date.now(); },
      onEvent: (event) => this.#event(event),
    }, this.#ending.signal);
  }

  /** Stops listening and forgets; the next operator must not find the last one's pictures. */
  stop(): void {
    this.#ending?.abort();
    this.#ending = null;
    clearInterval(this.#afresh);
    for (const list of [this.fleet, this.review, this.referrals, this.passages]) list.clear();
    this.link = "connecting";
    this.heardAt = null;
  }

  loadAll(): void {
    void this.fleet.load();
    void this.passages.load();
    if (session.may("analyst")) void this.review.load();
    if (session.may("officer")) void this.referrals.load();
  }

  // Fetched after the link is up: what changes meanwhile comes as an event, and nothing falls between.
  #up(): void {
    this.link = "up";
    this.heardAt = Date.now();
    this.loadAll();
  }

  #down(): void {
    if (this.link === "connecting") this.loadAll(); // perhaps only the live link is barred
    this.link = "lost";
  }

  #event({ event, data }: ServerEvent): void {
    const object: unknown = parsed(data);
    if (object === null) return;
    if (event === "fleet") this.fleet.take(object as Unit);
    if (event === "passage") this.passages.take(object as Passage);
    if (event === "review" && session.may("analyst")) this.#inspection(object as Inspection);
    if (event === "referral" && session.may("officer")) this.#referral(object as Referral);
  }

  #inspection(item: Inspection): void {
    const before = this.review.find(item.id)?.command_state;
    this.review.take(item);
    if (item.decided_by === session.name && before !== item.command_state) {
      tellFailure(item.command_state, `${item.unit}, item ${item.item}`, linkTo("review"));
    }
  }

  #referral(referral: Referral): void {
    const known = this.referrals.find(referral.id);
    const before = known?.command_state;
    this.referrals.take(referral);
    if (referral.assisted_by === session.name && known?.assist_state !== referral.assist_state
      && wentWrong(referral.assist_state)) {
      notices.alarm(`${referral.unit}: its screen may not say that somebody comes.`, linkTo("gates", referral.unit));
    }
    if (referral.decided_by === session.name && before !== referral.command_state) {
      tellFailure(referral.command_state, referral.unit, linkTo("gates", referral.unit));
    }
  }
}

function tellFailure(state: Inspection["command_state"], about: string, href: string): void {
  if (wentWrong(state)) {
    notices.alarm(`${about}: ${commandMark(state).text}.`, href);
  }
}

async function openAndDecided(): Promise<Inspection[]> {
  const [open, decided] = await Promise.all([
    api.review("open", REVIEW_LIMIT), api.review("decided", DECIDED_LIMIT),
  ]);
  return [...new Map([...decided.items, ...open.items].map((item) => [item.id, item])).values()];
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return null;
  }
}

export const world = new World();
