// Reasons that an operator picks with one key. Free text stands beside them. Central wants one with
// every decision; for a release the first one is taken unless another is chosen.
import type { Disposition, Judgement } from "../api/types";

export const REVIEW_REASONS: Record<Disposition, string[]> = {
  release: ["Nothing of concern in the picture", "Marked object is harmless"],
  hold: [
    "Possible weapon", "Possible explosive", "Possible drugs", "Does not match the declaration",
    "Picture cannot be judged", "Second opinion wanted",
  ],
  divert: [
    "Open and inspect", "Scan again", "Dense part not penetrated", "Does not match the declaration",
    "Damaged or leaking", "Radiation check",
  ],
};

export const REFERRAL_REASONS: Record<Judgement | "handover", string[]> = {
  approve: [
    "Compared in person: same person", "Document examined: genuine", "Technical fault of the gate",
    "Entitled, document type not served here",
  ],
  handover: [
    "Needs somebody at the gate", "Speaks another language", "Second opinion wanted", "End of my shift",
    "A matter for a supervisor",
  ],
  refuse: [
    "Not the same person", "Document not genuine or altered", "Document not valid",
    "Taken to secondary inspection", "Traveller left",
  ],
};

export const LONGEST_REASON = 300; // characters, as the contract allows
