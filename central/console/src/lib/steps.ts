// How far a traveller has come at a gate, as its phase tells.

export const STEPS = ["Document", "Entry", "Check", "Exit"] as const;

const AT: Record<string, number> = {
  "reading": 0, "referred-at-entry": 0, "entering": 1, "securing": 1, "deciding": 2, "referred-inside": 2,
  "exiting": 3, "clearing": 3,
};

/** The step (from 0) that a gate in `phase` is at; null where no traveller is on the way. */
export function stepOf(phase: string): number | null {
  return AT[phase.replaceAll("_", "-").toLowerCase()] ?? null;
}
