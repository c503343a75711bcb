import { describe, expect, it } from "vitest";
import { EventParser } from "../src/api/sse";
import { waitBefore } from "../src/api/stream";

const TEXT = ': welcome\n\nevent: fleet\ndata: {"unit":"gate-1"}\n\n: alive\r\n\r\ndata: a\rdata: b\r\revent: none\n\n';
const EVENTS = [
  { event: "fleet", data: '{"unit":"gate-1"}' },
  { event: "message", data: "a\nb" },
];

describe("server-sent events", () => {
  it("are read whole, whatever ends their lines", () => {
    expect(new EventParser().push(TEXT)).toEqual(EVENTS);
  });

  it.each([1, 2, 3, 7])("are read from pieces of %i", (size) => {
    const parser = new EventParser();
    const found = [];
    for (let i = 0; i < TEXT.length; i += size) found.push(...parser.push(TEXT.slice(i, i + size)));
    expect(found).toEqual(EVENTS);
  });

  it("keep an unfinished event back", () => {
    expect(new EventParser().push("event: review\ndata: {}\n")).toEqual([]);
  });
});

describe("waiting for a lost link", () => {
  it("doubles up to eight seconds and a quarter", () => {
    expect([0, 1, 2, 3, 9].map((attempt) => waitBefore(attempt, 0))).toEqual([1000, 2000, 4000, 8000, 8000]);
    expect(waitBefore(9, 1)).toBe(10_000);
  });
});
