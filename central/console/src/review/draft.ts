// A decision in the making. Rules:
// 1. The first press of a decision's key proposes it; nothing is sent yet.
// 2. The same key again, or Enter, confirms. Escape takes it back. Another decision's key changes it.
// 3. Every decision carries a reason; digits pick one. Only release proposes its first by itself.
// 4. Confirming without a reason sends nothing and says what is missing.

export interface Choice<Id extends string> {
  id: Id;
  key: string;
  name: string;
  reasons: string[];
  /** Whether the first reason stands unless another is chosen. */
  reasonProposed?: boolean;
}

export interface Draft<Id extends string> {
  readonly chosen: Id | null;
  readonly reason: string;
  readonly complaint: string | null;
  readonly confirmed: boolean;
}

export const EMPTY = { chosen: null, reason: "", complaint: null, confirmed: false } as const;

export const REASON_MISSING = "Pick a reason (1, 2, 3 …) or write one.";

/** The draft after `key`, or null where the key is none of the decision's business. */
export function press<Id extends string>(
  draft: Draft<Id>, key: string, choices: Choice<Id>[],
): Draft<Id> | null {
  const named = choices.find((choice) => choice.key === key);
  if (named) return draft.chosen === named.id ? confirm(draft, choices) : choose(named);
  if (draft.chosen === null) return null;
  if (key === "Enter") return confirm(draft, choices);
  if (key === "Escape") return EMPTY;
  return /^[1-9]$/.test(key) ? pick(draft, Number(key) - 1, choices) : null;
}

export function choose<Id extends string>(choice: Choice<Id>): Draft<Id> {
  return { ...EMPTY, chosen: choice.id, reason: (choice.reasonProposed && choice.reasons[0]) || "" };
}

export function write<Id extends string>(draft: Draft<Id>, reason: string): Draft<Id> {
  return { ...draft, reason, complaint: null };
}

function pick<Id extends string>(draft: Draft<Id>, index: number, choices: Choice<Id>[]): Draft<Id> {
  const reason = choices.find((choice) => choice.id === draft.chosen)?.reasons[index];
  return reason === undefined ? draft : write(draft, reason);
}

export function confirm<Id extends string>(draft: Draft<Id>, choices: Choice<Id>[]): Draft<Id> {
  if (!choices.some((one) => one.id === draft.chosen)) return draft;
  const missing = draft.reason.trim() === "";
  return { ...draft, confirmed: !missing, complaint: missing ? REASON_MISSING : null };
}
