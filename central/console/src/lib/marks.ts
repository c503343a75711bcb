// A state as a word, a shape and a tone, so that colour is never alone.
import type { CheckStatus, CommandState, Service, Unit } from "../api/types";

export interface Mark {
  text: string;
  shape: "check" | "cross" | "triangle" | "square" | "ring" | "dot";
  tone: "good" | "warn" | "bad" | "off";
}

const SERVICES: Record<Service, Mark> = {
  "in-service": { text: "In service", shape: "check", tone: "good" },
  "degraded": { text: "Degraded", shape: "triangle", tone: "warn" },
  "out-of-service": { text: "Out of service", shape: "cross", tone: "bad" },
  "unknown": { text: "Unknown", shape: "ring", tone: "off" },
};

/** A lane that cannot be heard is never shown as serving, whatever it said last. */
export function serviceMark(service: Service, online: boolean): Mark {
  if (!online) return { text: "Not connected", shape: "square", tone: "bad" };
  return SERVICES[service] ?? SERVICES.unknown;
}

/** A gate that somebody closed is not broken, and must not look so. */
export function gateMark(gate: Pick<Unit, "service" | "online" | "phase" | "faults">): Mark {
  if (gate.online && gate.phase === "closed" && gate.faults.length === 0) {
    return { text: "Closed", shape: "ring", tone: "off" };
  }
  return serviceMark(gate.service, gate.online);
}

const STATUSES: Record<CheckStatus, Mark> = {
  "successful": { text: "Passed", shape: "check", tone: "good" },
  "failed": { text: "Failed", shape: "cross", tone: "bad" },
  "undetermined": { text: "Not determined", shape: "triangle", tone: "warn" },
  "not supported": { text: "Not supported", shape: "ring", tone: "off" },
  "aborted": { text: "Broken off", shape: "square", tone: "warn" },
};

export function statusMark(status: CheckStatus): Mark {
  return STATUSES[status] ?? { text: status, shape: "ring", tone: "off" };
}

const COMMANDS: Record<NonNullable<CommandState>, Mark> = {
  sent: { text: "Sent, the lane has not obeyed yet", shape: "dot", tone: "warn" },
  done: { text: "Done by the lane", shape: "check", tone: "good" },
  refused: { text: "Refused by the lane", shape: "cross", tone: "bad" },
  failed: { text: "Failed at the lane", shape: "cross", tone: "bad" },
  indeterminate: { text: "Unknown whether the lane acted: look at the lane", shape: "triangle", tone: "bad" },
};

export function commandMark(state: CommandState): Mark {
  if (state === null) return { text: "Not sent yet", shape: "ring", tone: "off" };
  return COMMANDS[state] ?? { text: state, shape: "ring", tone: "off" };
}

/** Whether somebody must look at the lane, as it did not do what it was told. */
export function wentWrong(state: CommandState): boolean {
  return state === "refused" || state === "failed" || state === "indeterminate";
}
