// Server-sent events out of text, without I/O (WHATWG HTML, 9.2.6). Rules:
// 1. Text may be cut anywhere; only whole lines are read. LF, CR and CRLF end a line.
// 2. A blank line ends an event; an event without data is dropped.
// 3. A line that begins with a colon is a heartbeat: it carries nothing, yet proves the link.

export interface ServerEvent {
  event: string;
  data: string;
}

export class EventParser {
  #rest = "";
  #event = "";
  #data: string[] = [];

  /** Takes the next piece of text; returns the events that it completed. */
  push(text: string): ServerEvent[] {
    // A CR at the very end may be half of a CRLF: leave it until more arrives.
    const all = this.#rest + text;
    const held = all.endsWith("\r") ? 1 : 0;
    const lines = all.slice(0, all.length - held).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + all.slice(all.length - held);
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line === "") return this.#finish();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return [];
  }

  #finish(): ServerEvent[] {
    const found = this.#data.length
      ? [{ event: this.#event || "message", data: this.#data.join("\n") }]
      : [];
    this.#event = "";
    this.#data = [];
    return found;
  }
}
