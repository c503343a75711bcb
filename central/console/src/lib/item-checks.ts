// The examinations of an item in plain words. One that is not in the dictionary is shown by its own
// name, so that nothing is hidden.
import type { ItemCheck } from "../api/types";
import type { Mark } from "./marks";

const NAMES: Record<string, string> = {
  "recogniser": "Recogniser",
  "radiation": "Radiation",
  "container-number": "Container number",
  "weight": "Weight",
  "empty": "Empty, as declared",
  "manifest": "Agrees with the manifest",
  "similar": "Like earlier cargo",
  "materials": "Materials",
};

const MARKS: Record<ItemCheck["finding"], Mark> = {
  clear: { shape: "check", tone: "good", text: "Clear" },
  suspect: { shape: "triangle", tone: "bad", text: "Stands out" },
  unreadable: { shape: "square", tone: "warn", text: "Cannot be judged" },
};

export function itemCheckText(name: string): string {
  const words = name.replaceAll("-", " ");
  return NAMES[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function findingMark(finding: ItemCheck["finding"]): Mark {
  return MARKS[finding] ?? { shape: "square", tone: "warn", text: finding };
}

/** What holds the item first, else in the order in which it was examined. */
export function worstFirst(checks: ItemCheck[]): ItemCheck[] {
  const rank = { suspect: 0, unreadable: 1, clear: 2 };
  return checks.toSorted((a, b) => (rank[a.finding] ?? 1) - (rank[b.finding] ?? 1));
}
