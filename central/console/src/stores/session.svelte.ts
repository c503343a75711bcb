// Who sits here. Signing in by name and password, or by a one-time link.
import { ApiError, api, onSignedOut } from "../api/client";
import type { Role, Session } from "../api/types";
import { entryToken, may } from "../lib/route";
import { wordsOf } from "./notices.svelte";

type Stage = "checking" | "out" | "in" | "unreachable";

const WORDS: Record<number, string> = {
  401: "Name or password is wrong. Check Caps Lock and try again.",
  429: "Too many tries. Wait a minute, then try again.",
};

const LINK_WORDS = "This sign-in link was used already or is too old. Ask an administrator for a new one.";

class SessionStore {
  stage = $state<Stage>("checking");
  session = $state<Session | null>(null);
  message = $state<string | null>(null);
  busy = $state(false);

  get name(): string {
    return this.session?.user.name ?? "";
  }

  may(role: Role): boolean {
    return may(this.session?.user.roles ?? [], role);
  }

  /** Takes up a one-time link in the address, or the session that the cookie holds. */
  async begin(): Promise<void> {
    onSignedOut(() => this.#out("You were signed out. Sign in to go on."));
    this.stage = "checking";
    const token = entryToken(location.pathname);
    if (token) history.replaceState(null, "", "/"); // the token must not stay in the history
    try {
      this.#in(token ? await api.enter(token) : await api.session());
    } catch (error) {
      this.#failed(error, token !== null);
    }
  }

  async signIn(username: string, password: string): Promise<void> {
    this.busy = true;
    this.message = null;
    try {
      this.#in(await api.signIn(username, password));
    } catch (error) {
      this.message = error instanceof ApiError ? (WORDS[error.status] ?? error.message) : wordsOf(error);
    } finally {
      this.busy = false;
    }
  }

  async signOut(): Promise<void> {
    await api.signOut().catch(() => undefined); // the console shows nothing more either way
    this.#out(null);
  }

  #failed(error: unknown, byLink: boolean): void {
    const status = error instanceof ApiError ? error.status : -1;
    if (status === 0) {
      this.stage = "unreachable";
      this.message = wordsOf(error);
      return;
    }
    const refused = status === 401 || status === 404 || status === 410;
    this.#out(byLink && refused ? LINK_WORDS : status === 401 ? null : wordsOf(error));
  }

  #in(session: Session): void {
    this.session = session;
    this.message = null;
    this.stage = "in";
  }

  #out(message: string | null): void {
    this.session = null;
    this.message = message;
    this.stage = "out";
  }
}

export const session = new SessionStore();
