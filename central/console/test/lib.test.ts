import { describe, expect, it } from "vitest";
import type { Inspection, Referral, Unit } from "../src/api/types";
import { Calls } from "../src/lib/calls";
import { checkText, problemsFirst, reasonText } from "../src/lib/check-words";
import { byPlace, nextItem, upsert, waitingItems } from "../src/lib/collections";
import { findingMark, itemCheckText, worstFirst } from "../src/lib/item-checks";
import { keyName } from "../src/lib/keys";
import { phaseText } from "../src/lib/lane-words";
import { likenessText } from "../src/lib/likeness";
import { commandMark, gateMark, serviceMark } from "../src/lib/marks";
import { stepOf } from "../src/lib/steps";
import { entryToken, may, parseRoute } from "../src/lib/route";
import { age, duration, offset } from "../src/lib/time";
import { partsOf } from "../src/review/pictures";
import { continued, looking } from "../src/review/sitting";
import { joined } from "../src/viewer/image";

const item = (id: string, minute: number, more: Partial<Inspection> = {}): Inspection =>
  ({ id, scanned_at: `2026-01-01T10:${minute}:00Z`, state: "open", claimed_by: null, ...more }) as Inspection;

describe("the queue", () => {
  const queue = [item("c", 12), item("a", 10, { claimed_by: "tomas", state: "claimed" }), item("b", 11),
    item("d", 13, { state: "decided" })];

  it("has the longest waiting first, and nothing that is decided", () => {
    expect(waitingItems(queue).map((one) => one.id)).toEqual(["a", "b", "c"]);
  });

  it("has second looks behind what a lane waits for, however long they wait", () => {
    const looks = [item("look", 1, { second_look: true }), item("held", 59, { second_look: false })];
    expect(waitingItems(looks).map((one) => one.id)).toEqual(["held", "look"]);
  });

  it("gives the next that nobody holds, or the one that I hold", () => {
    expect(nextItem(queue, "mara", null)?.id).toBe("b");
    expect(nextItem(queue, "mara", "b")?.id).toBe("c");
    expect(nextItem(queue, "tomas", null)?.id).toBe("a");
    expect(nextItem([], "mara", null)).toBeNull();
  });

  it("takes a change in place", () => {
    const changed = upsert(queue, item("b", 11, { claimed_by: "mara" }), (one) => one.id);
    expect(changed.map((one) => one.id)).toEqual(["c", "a", "b", "d"]);
    expect(changed[2]?.claimed_by).toBe("mara");
  });
});

it("lanes are in the order in which people count", () => {
  const units = ["gate-10", "gate-2", "gate-1"].map((unit) => ({ site: "s", unit }) as Unit);
  expect(byPlace(units).map((unit) => unit.unit)).toEqual(["gate-1", "gate-2", "gate-10"]);
});

describe("keys", () => {
  const press = (key: string, code = "", more = {}) =>
    keyName({ key, code, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });

  it("are spelt one way", () => {
    expect(press("h")).toBe("h");
    expect(press("H")).toBe("h");
    expect(press("N", "KeyN", { shiftKey: true })).toBe("Shift+n");
    expect(press("?", "Slash", { shiftKey: true })).toBe("?");
    expect(press("ArrowUp")).toBe("ArrowUp");
  });

  it("go by place on a keyboard without Latin letters", () => {
    expect(press("ه", "KeyI")).toBe("i");
    expect(press("١", "Digit1")).toBe("1");
  });

  it("belong to the browser with Ctrl, Alt or Meta", () => {
    expect(press("r", "KeyR", { ctrlKey: true })).toBeNull();
  });
});

describe("words", () => {
  it("say a reason as a sentence, or compose one, or show the code", () => {
    expect(reasonText("expiry.failed")).toBe("The document has expired, or its date is no date");
    expect(reasonText("authenticity.data_group_hashes.failed")).toBe("Data in the chip were changed after signing");
    expect(reasonText("face-pad.not-supported")).toBe("Live person in front of the camera is not supported here");
    expect(reasonText("something-new.failed")).toBe("something-new.failed");
    expect(reasonText("safeguarding.requested")).toBe(reasonText("assistance"));
    expect(checkText("something-new")).toBe("something-new");
  });

  it("never show an unreachable lane as serving", () => {
    expect(serviceMark("in-service", false)).toMatchObject({ text: "Not connected", tone: "bad" });
    expect(serviceMark("in-service", true).tone).toBe("good");
  });

  it("do not show a gate that was closed as one that is broken", () => {
    const gate = { service: "out-of-service", online: true, phase: "closed", faults: [] } as unknown as Unit;
    expect(gateMark(gate)).toMatchObject({ text: "Closed", tone: "off" });
    expect(gateMark({ ...gate, phase: "fault" }).tone).toBe("bad");
    expect(gateMark({ ...gate, online: false }).tone).toBe("bad");
  });

  it("name phases, also of lanes that are newer than this console", () => {
    expect(phaseText("referred_inside")).toBe("Traveller waits inside for an officer");
    expect(phaseText("self_testing")).toBe("Self testing");
    expect(phaseText("")).toBe("Has not reported yet");
  });

  it("tell a command that nobody can be sure of as bad", () => {
    expect(commandMark("indeterminate").tone).toBe("bad");
    expect(commandMark("sent").tone).toBe("warn");
  });

  it("put what did not pass first and keep the order else", () => {
    const checks = [{ n: 1, status: "successful" }, { n: 2, status: "failed" }, { n: 3, status: "successful" },
      { n: 4, status: "undetermined" }] as const;
    expect(problemsFirst([...checks]).map((check) => check.n)).toEqual([2, 4, 1, 3]);
  });
});

describe("routes and roles", () => {
  it("are read from the address", () => {
    expect(parseRoute("#/gates/gate-1")).toEqual({ screen: "gates", id: "gate-1" });
    expect(parseRoute("#/nowhere")).toEqual({ screen: "fleet", id: null });
    expect(parseRoute("#/review/%E0%A4%A")).toEqual({ screen: "review", id: "%E0%A4%A" });
    expect(entryToken("/enter/abc")).toBe("abc");
    expect(entryToken("/")).toBeNull();
  });

  it("include each other as central's table says", () => {
    expect(may(["analyst"], "viewer")).toBe(true);
    expect(may(["analyst"], "officer")).toBe(false);
    expect(may(["supervisor"], "officer")).toBe(true);
    expect(may(["supervisor"], "admin")).toBe(false);
    expect(may([], "viewer")).toBe(false);
  });
});

it("ages are short", () => {
  expect([5, 65, 3700, 200_000].map(duration)).toEqual(["5 s", "1 min 05 s", "1 h 01 min", "2 d"]);
  expect(age(null, 0)).toBe("never");
  expect(age("2026-01-01T00:00:10Z", Date.parse("2026-01-01T00:00:00Z"))).toBe("0 s"); // a clock ahead of ours
});

it("goes by central's clock where ours is wrong", () => {
  expect([offset(100_000, 99_000), offset(100_000, 40_000), offset(NaN, 1)]).toEqual([0, 60_000, 0]);
});

it("knows how far a traveller has come", () => {
  expect(["idle", "reading", "referred_inside", "exiting", "new"].map(stepOf)).toEqual([null, 0, 2, 3, null]);
});

describe("a call for attention", () => {
  const referral = (id: string, more: Partial<Referral> = {}): Referral =>
    ({ id, state: "open", waiting_since: "2026-01-01T10:00:00Z", handed_over_to: null, ...more }) as Referral;

  it("is made by whoever begins to wait, and by nobody at the first look", () => {
    const calls = new Calls();
    expect(calls.look([referral("a")], "omar")).toBe(false);
    expect(calls.look([referral("a"), referral("b")], "omar")).toBe(true);
    expect(calls.look([referral("a"), referral("b")], "omar")).toBe(false);
    expect(calls.look([referral("a", { state: "decided" }), referral("b")], "omar")).toBe(false);
  });

  it("is made again by whoever waits anew, and by a colleague's hand-over to me", () => {
    const calls = new Calls();
    calls.look([referral("a"), referral("b")], "omar");
    expect(calls.look([referral("a", { handed_over_to: "sven" }), referral("b")], "omar")).toBe(false);
    expect(calls.look([referral("a", { handed_over_to: "omar" }), referral("b")], "omar")).toBe(true);
    expect(calls.look([referral("b", { waiting_since: "2026-01-01T10:05:00Z" })], "omar")).toBe(true);
  });

  it("is made by whoever asks for help where nothing can be referred", () => {
    const gate = (...names: string[]) =>
      ({ unit: "g", faults: names.map((name) => ({ name, since: "2026-01-01T10:00:00Z" })) }) as Unit;
    const calls = new Calls();
    calls.look([], "omar", [gate("LinkLost")]);
    expect(calls.look([], "omar", [gate("LinkLost", "Garbled")])).toBe(false);
    expect(calls.look([], "omar", [gate("Safeguarding")])).toBe(true);
    expect(calls.look([], "omar", [gate("Safeguarding")])).toBe(false);
  });
});

describe("a sitting", () => {
  const minute = 60_000;

  it("runs on while items are opened and decided", () => {
    const sitting = continued(continued(null, 0), 9 * minute);
    expect(looking(sitting, 12 * minute)).toBe(720);
  });

  it("ends with ten minutes of rest", () => {
    const sitting = continued(null, 0);
    expect(looking(sitting, 10 * minute)).toBeNull();
    expect(continued(sitting, 10 * minute).since).toBe(10 * minute);
  });
});

describe("an item's examinations", () => {
  const check = (name: string, finding: "clear" | "suspect" | "unreadable") =>
    ({ name, finding, detail: "", score: null, regions: [] });

  it("are told by name, an unknown one by its own", () => {
    expect(itemCheckText("radiation")).toBe("Radiation");
    expect(itemCheckText("smell-of-fish")).toBe("Smell of fish");
  });

  it("show first what holds the item", () => {
    const checks = [check("a", "clear"), check("b", "unreadable"), check("c", "suspect"), check("d", "clear")];
    expect(worstFirst(checks).map(({ name }) => name)).toEqual(["c", "b", "a", "d"]);
  });

  it("never look clear when they are not", () => {
    expect(findingMark("unreadable").tone).not.toBe("good");
    expect(findingMark("invented" as "clear").tone).not.toBe("good");
  });
});

describe("a long item's picture", () => {
  const part = (kind: string, available = true) =>
    ({ kind, sha256: kind, width: 2, height: 1, bits: 16, available });
  const item = (...pictures: ReturnType<typeof part>[]) => ({ pictures }) as Inspection;

  it("is its parts in their order", () => {
    const parts = ["low", "high-10", "high-2", "high"].map((kind) => part(kind));
    expect(partsOf(item(...parts), "high")).toEqual(["high", "high-2", "high-10"]);
  });

  it("is not shown while a part of it is missing", () => {
    expect(partsOf(item(part("high"), part("high-2", false)), "high")).toEqual([]);
  });

  it("is put together one below the other", () => {
    const image = (...data: number[]) => ({ width: 2, height: data.length / 2, bits: 16, data: Uint16Array.from(data) });
    const whole = joined([image(1, 2), image(3, 4, 5, 6)]);
    expect([whole.height, ...whole.data]).toEqual([3, 1, 2, 3, 4, 5, 6]);
    expect(() => joined([image(1, 2), { ...image(1, 2), width: 1 }])).toThrow();
  });
});

describe("likeness", () => {
  it("is told in words, never as more than it is", () => {
    expect([1, 0.95, 0.9499, 0.88, 0.8, 0.79, 0].map(likenessText)).toEqual([
      "Nearly the same", "Nearly the same", "Very alike", "Very alike", "Alike", "Hardly alike", "Hardly alike",
    ]);
  });
});
