// The live link to central. Rules:
// 1. Read with fetch, not EventSource: only so are the heartbeats seen, and silence noticed.
// 2. Nothing for 40 s (central promises a heartbeat each 15 s) means the link is lost.
// 3. Lost links are retried after 1, 2, 4, then every 8 s with jitter; each new link reports `onUp`,
//    and whoever keeps data fetches it again, as events in between are gone.
import { EventParser, type ServerEvent } from "./sse";

const SILENCE_MS = 40_000;
const LONGEST_WAIT_MS = 8_000;

export interface Listener {
  onUp(): void;
  onDown(): void;
  onSignedOut(): void;
  onHeard(): void;
  onEvent(event: ServerEvent): void;
}

/** Seconds to wait before try number `attempt` (from 0), with up to a quarter of jitter, in ms. */
export function waitBefore(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, 1000 * 2 ** attempt) * (1 + random / 4);
}

/** Follows /api/stream until `signal` aborts. */
export async function follow(listener: Listener, signal: AbortSignal): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    const wasUp = await oneLink(listener, signal);
    if (signal.aborted) return;
    listener.onDown();
    attempt = wasUp ? 0 : attempt + 1;
    await pause(waitBefore(attempt, Math.random()), signal);
  }
}

async function oneLink(listener: Listener, signal: AbortSignal): Promise<boolean> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
    listener.onHeard();
  };
  let up = false;
  try {
    const response = await fetch("/api/stream", {
      credentials: "same-origin",
      headers: { Accept: "text/event-stream" },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 401) listener.onSignedOut();
    if (!response.ok || !response.body) return false;
    up = true;
    listener.onUp();
    await read(response.body, heard, listener);
  } catch {
    // Any end of the link is the same to the reader: it is down.
  } finally {
    clearTimeout(timer);
  }
  return up;
}

async function read(
  body: ReadableStream<Uint8Array>, heard: () => void, listener: Listener,
): Promise<void> {
  const parser = new EventParser();
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    for (const event of parser.push(value)) listener.onEvent(event);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
