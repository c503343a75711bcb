import { describe, expect, it } from "vitest";
import { EMPTY, press, REASON_MISSING, write, type Choice, type Draft } from "../src/review/draft";

type Id = "release" | "hold";
const CHOICES: Choice<Id>[] = [
  { id: "release", key: "r", name: "Release", reasons: ["Nothing"], reasonProposed: true },
  { id: "hold", key: "h", name: "Hold", reasons: ["Weapon", "Drugs"] },
];

const typed = (...keys: string[]): Draft<Id> =>
  keys.reduce<Draft<Id>>((draft, key) => press(draft, key, CHOICES) ?? draft, EMPTY);

describe("a decision", () => {
  it("is proposed first and sent by the same key or Enter", () => {
    expect(typed("r")).toMatchObject({ chosen: "release", confirmed: false });
    expect(typed("r", "r")).toMatchObject({ confirmed: true, reason: "Nothing" });
    expect(typed("r", "Enter").confirmed).toBe(true);
  });

  it("is not sent without a reason, and says so", () => {
    expect(typed("h", "h")).toMatchObject({ confirmed: false, complaint: REASON_MISSING });
    expect(typed("h", "2", "h")).toMatchObject({ confirmed: true, reason: "Drugs" });
    expect(typed("h", "9", "Enter").confirmed).toBe(false);
    expect(press(write(typed("h"), "   "), "Enter", CHOICES)?.confirmed).toBe(false);
  });

  it("is changed by another key and forgets the old reason", () => {
    expect(typed("r", "h")).toMatchObject({ chosen: "hold", reason: "", confirmed: false });
  });

  it("is taken back by Escape", () => {
    expect(typed("h", "1", "Escape")).toEqual(EMPTY);
  });

  it("leaves alone the keys that are not its own", () => {
    expect(press(EMPTY, "1", CHOICES)).toBeNull();
    expect(press(EMPTY, "Enter", CHOICES)).toBeNull();
    expect(press(typed("h"), "i", CHOICES)).toBeNull();
  });
});
