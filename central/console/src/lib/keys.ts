// Which key was pressed, in one spelling: "h", "Shift+n", "Enter", "ArrowUp", "+". Rules:
// 1. Letters are taken by position where the layout gives no Latin one (Arabic, Cyrillic, Greek).
// 2. With Ctrl, Alt or Meta a key belongs to the browser.
// 3. In a field that takes text, keys are text.
// 4. Enter and Space on a button are the button's own, Enter on a link the link's.

type Pressed = Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey">;

/** The name of the key, or null where it belongs to the browser. */
export function keyName(event: Pressed): string | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (event.key.length > 1) return event.key;
  const letter = latin(event);
  const isLetter = /^[a-z]$/.test(letter);
  return event.shiftKey && isLetter ? `Shift+${letter}` : letter;
}

function latin(event: Pressed): string {
  const typed = event.key.toLowerCase();
  if (/^[\x20-\x7e]$/.test(typed)) return typed;
  const byPlace = /^(?:Key|Digit)([A-Z0-9])$/.exec(event.code);
  return byPlace?.[1]?.toLowerCase() ?? typed;
}

export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["button", "checkbox", "radio", "range"].includes(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function isPress(event: KeyboardEvent): boolean {
  const within = (what: string) => event.target instanceof Element && event.target.closest(what) !== null;
  return (event.key === "Enter" && within("button, summary, a")) || (event.key === " " && within("button, summary"));
}
