// Times as people under pressure read them: ages short, clock times local, never ambiguous.

/** Seconds from `from` (ISO 8601) to `now` (ms), not below 0; null where there is no time. */
export function ageSeconds(from: string | null, now: number): number | null {
  if (!from) return null;
  const at = Date.parse(from);
  return Number.isNaN(at) ? null : Math.max(0, (now - at) / 1000);
}

/** 7 s · 3 min 05 s · 2 h 14 min · 4 d */
export function duration(seconds: number): string {
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(s / 86_400)} d`;
}

export function age(from: string | null, now: number): string {
  const seconds = ageSeconds(from, now);
  return seconds === null ? "never" : duration(seconds);
}

/** How far central's clock is before ours, in ms; 0 within what a header in whole seconds can tell. */
export function offset(theirs: number, ours: number): number {
  return Math.abs(theirs - ours) > 3000 ? theirs - ours : 0;
}

/** hh:mm:ss in the operator's own zone. */
export function clockTime(at: string | number | null): string {
  if (at === null) return "–";
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "–";
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

/** Date and time, for tables that reach further back than today. */
export function dateTime(at: string | null): string {
  if (!at) return "–";
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "–";
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0")).join("-");
  return `${day} ${clockTime(at)}`;
}
