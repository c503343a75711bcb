import { describe, expect, it } from "vitest";
import { Collection } from "../src/stores/collection.svelte";

interface Thing {
  id: string;
  state: string;
}

function later<T>(): { promise: Promise<T>; answer: (value: T) => void; fail: (error: Error) => void } {
  let answer!: (value: T) => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<T>((resolve, reject) => { answer = resolve; fail = reject; });
  return { promise, answer, fail };
}

describe("a list that events change", () => {
  it("puts what arrives during a fetch on top of the fetch's answer, also when fetches overlap", async () => {
    const answers = [later<Thing[]>(), later<Thing[]>()];
    let asked = 0;
    const list = new Collection<Thing>(() => answers[asked++]!.promise, (thing) => thing.id);
    const first = list.load();
    const second = list.load();
    list.take({ id: "a", state: "decided" });
    answers[0]!.answer([{ id: "a", state: "open" }]);
    await first;
    list.take({ id: "b", state: "decided" });
    answers[1]!.answer([{ id: "a", state: "open" }, { id: "b", state: "open" }]);
    await second;
    expect(list.items.map((thing) => thing.state)).toEqual(["decided", "decided"]);
  });

  it("keeps what it has when a fetch fails, and says so until one works", async () => {
    let broken = false;
    const list = new Collection<Thing>(
      () => (broken ? Promise.reject(new Error("no network")) : Promise.resolve([{ id: "a", state: "open" }])),
      (thing) => thing.id);
    await list.load();
    broken = true;
    await list.load();
    expect(list.items).toHaveLength(1);
    expect(list.error).toBe("no network");
    broken = false;
    await list.load();
    expect(list.error).toBeNull();
  });
});
