// Where the console is, in the part of the address behind `#`; and the one-time link in its path.
import type { Role } from "../api/types";

export type ScreenName = "fleet" | "gates" | "review" | "passages" | "detection" | "audit" | "users";

export interface Route {
  screen: ScreenName;
  id: string | null;
}

interface Entry {
  name: ScreenName;
  title: string;
  needs: Role;
}

export const SCREENS: Entry[] = [
  { name: "fleet", title: "Lanes", needs: "viewer" },
  { name: "gates", title: "Gates", needs: "officer" },
  { name: "review", title: "Scanner review", needs: "analyst" },
  { name: "passages", title: "Passages", needs: "viewer" },
  { name: "detection", title: "Detection", needs: "supervisor" },
  { name: "audit", title: "Audit", needs: "supervisor" },
  { name: "users", title: "Users", needs: "admin" },
];

const INCLUDES: Record<Role, Role[]> = {
  viewer: ["viewer"],
  analyst: ["viewer", "analyst"],
  officer: ["viewer", "officer"],
  supervisor: ["viewer", "analyst", "officer", "supervisor"],
  admin: ["viewer", "analyst", "officer", "supervisor", "admin"],
};

/** Whether someone with `roles` may do what `needed` may do. Central decides; this only hides. */
export function may(roles: Role[], needed: Role): boolean {
  return roles.some((role) => INCLUDES[role]?.includes(needed));
}

/** `#/gates/ABC` → {screen: "gates", id: "ABC"}; anything unknown is the fleet. */
export function parseRoute(hash: string): Route {
  const [name = "", id = ""] = hash.replace(/^#\/?/, "").split("/");
  const screen = SCREENS.find((entry) => entry.name === name)?.name ?? "fleet";
  return { screen, id: id ? safeDecode(id) : null };
}

export function linkTo(screen: ScreenName, id?: string): string {
  return `#/${screen}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

/** The token of `/enter/TOKEN`, or null. */
export function entryToken(path: string): string | null {
  const found = /^\/enter\/([^/]+)\/?$/.exec(path);
  return found ? safeDecode(found[1] ?? "") : null;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
