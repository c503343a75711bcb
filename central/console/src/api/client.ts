// One function per route of central, and one error. Rules:
// 1. Every call ends: after 15 s (a picture: 2 min) it fails with a word about the network.
// 2. Every changing call carries the CSRF token of the session.
// 3. A 401 outside of signing in means the session is over; the console hears of it once, here.
import type {
  AuditPage, Detection, Disposition, Inspection, Judgement, Passage, Referral, Role, Session, SimilarItem, Unit, User,
} from "./types";

const PATIENCE_MS = 15_000;
const PICTURE_PATIENCE_MS = 120_000; // a 60 Mpx picture is 120 MB

/** What went wrong, in central's words where it gave any; `status` is 0 when nobody answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

let csrf = "";
let whenSignedOut: () => void = () => {};

export function onSignedOut(callback: () => void): void {
  whenSignedOut = callback;
}

let whenTold: (at: number) => void = () => {};

/** `callback` hears central's time (ms, NaN where it gave none) with every answer. */
export function onTime(callback: (at: number) => void): void {
  whenTold = callback;
}

async function reach(path: string, init: RequestInit, patience = PATIENCE_MS): Promise<Response> {
  try {
    const response = await fetch(path, {
      ...init, credentials: "same-origin", signal: AbortSignal.timeout(patience),
    });
    whenTold(Date.parse(response.headers.get("Date") ?? ""));
    return response;
  } catch {
    throw new ApiError(0, "unreachable", init.method === "GET"
      ? "The central service does not answer. Check the network, then try again."
      : "The central service did not answer, so it may or may not have taken this. Look at the state, then try again.");
  }
}

/** Ends the session in the console; for whoever else hears a 401. */
export function signedOut(): void {
  whenSignedOut();
}

async function failed(response: Response, inside: boolean): Promise<ApiError> {
  if (response.status === 401 && inside) whenSignedOut();
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
  return new ApiError(response.status, error?.code ?? `http-${response.status}`,
    error?.message ?? `The central service answered ${response.status}. Try again, or tell your supervisor.`);
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (method !== "GET") headers["X-CSRF"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await reach(path, init);
  if (!response.ok) throw await failed(response, !path.startsWith("/api/session"));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function remember(session: Session): Session {
  csrf = session.csrf;
  return session;
}

const id = encodeURIComponent;

export const api = {
  session: async () => remember(await call<Session>("GET", "/api/session")),
  signIn: async (username: string, password: string) =>
    remember(await call<Session>("POST", "/api/session", { username, password })),
  enter: async (token: string) =>
    remember(await call<Session>("POST", "/api/session/link", { token })),
  signOut: () => call<unknown>("DELETE", "/api/session"),

  fleet: () => call<{ units: Unit[] }>("GET", "/api/fleet"),
  command: (unit: string, verb: "close-lane" | "open-lane", reason: string) =>
    call<{ command: string; state: string }>("POST", `/api/fleet/${id(unit)}/commands`, { verb, reason }),

  review: (state: "open" | "decided", limit: number) =>
    call<{ items: Inspection[] }>("GET", `/api/review?state=${state}&limit=${limit}`),
  claim: (inspection: string) => call<Inspection>("POST", `/api/review/${id(inspection)}/claim`, {}),
  putBack: (inspection: string) => call<Inspection>("DELETE", `/api/review/${id(inspection)}/claim`),
  decide: (inspection: string, disposition: Disposition, reason: string, tools: string[]) =>
    call<Inspection>("POST", `/api/review/${id(inspection)}/decision`, { disposition, reason, tools }),

  detection: () => call<Detection>("GET", "/api/detection"),
  /** Released earlier under the same HS chapter, the most alike first; why, where there is none. */
  similar: (inspection: string) =>
    call<{ items: SimilarItem[]; reason: string | null }>("GET", `/api/review/${id(inspection)}/similar?top=5`),

  referrals: () => call<{ referrals: Referral[] }>("GET", "/api/referrals?state=open"),
  judge: (referral: string, decision: Judgement, reason: string) =>
    call<Referral>("POST", `/api/referrals/${id(referral)}/decision`, { decision, reason }),
  assist: (referral: string) => call<Referral>("POST", `/api/referrals/${id(referral)}/assist`, {}),
  handOver: (referral: string, to: string | null, reason: string) =>
    call<Referral>("POST", `/api/referrals/${id(referral)}/handover`, { to, reason }),
  officers: () => call<{ officers: string[] }>("GET", "/api/officers"),

  passages: (limit: number) => call<{ passages: Passage[] }>("GET", `/api/passages?limit=${limit}`),
  /** The newest entries first; those before `before` where it is given. */
  audit: (before: number | null, limit: number) =>
    call<AuditPage>("GET", `/api/audit?order=newest&limit=${limit}${before === null ? "" : `&before=${before}`}`),

  users: () => call<{ users: User[] }>("GET", "/api/users"),
  addUser: (name: string, roles: Role[]) =>
    call<{ sign_in_link: string }>("POST", "/api/users", { name, roles }),
  removeUser: (name: string) => call<unknown>("DELETE", `/api/users/${id(name)}`),

  /** The bytes of a picture. Errors: ApiError 404 when it is not here yet, or erased. */
  image: async (sha256: string, cache: RequestCache = "default"): Promise<Response> => {
    const response = await reach(`/api/images/${id(sha256)}`, { method: "GET", cache }, PICTURE_PATIENCE_MS);
    if (!response.ok) throw await failed(response, true);
    return response;
  },
};
