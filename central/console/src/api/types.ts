// What central says, field by field. Spelt as on the wire; times are ISO 8601 strings with a zone.

export type Role = "viewer" | "analyst" | "officer" | "supervisor" | "admin";
export type Service = "in-service" | "degraded" | "out-of-service" | "unknown";
export type CommandState = null | "sent" | "done" | "refused" | "failed" | "indeterminate";
export type Disposition = "release" | "hold" | "divert";
export type Judgement = "approve" | "refuse";
export type WorkState = "open" | "claimed" | "decided" | "ended";
export type CheckStatus = "successful" | "failed" | "undetermined" | "not supported" | "aborted";

export interface Session {
  user: { name: string; roles: Role[] };
  csrf: string;
}

export interface Fault {
  name: string;
  device: string;
  detail: string;
  since: string;
}

export interface Device {
  name: string;
  state: string;
  detail: string;
}

export interface Unit {
  site: string;
  unit: string;
  kind: "egate" | "scanner";
  online: boolean;
  service: Service;
  phase: string;
  phase_since: string | null;
  since: string | null;
  last_event_at: string | null;
  software: string | null;
  devices: Device[];
  faults: Fault[];
  outbox_events: number;
  clock_synced: boolean;
  models: Record<string, string>;
  counts: { ended: number; referred_or_held: number };
}

export interface Picture<Kind extends string> {
  kind: Kind;
  sha256: string;
  width: number;
  height: number;
  bits: number;
  available: boolean;
}

/** Where the recogniser saw something, in image pixels; score from 0 to 1. */
export interface Region {
  x: number;
  y: number;
  w: number;
  h: number;
  score: number;
}

/** What one examination of an item says; regions in pixels of the picture. */
export interface ItemCheck {
  name: string;
  finding: "clear" | "suspect" | "unreadable";
  detail: string;
  score: number | null;
  regions: Region[];
}

export interface Identity {
  container: string | null;
  declared: string | null;
  chapter: string | null;
  weight_kg: number | null;
}

/** A threat that was projected into the picture; where, in its pixels. */
export interface Reveal {
  kind: string;
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Inspection {
  id: string;
  site: string;
  unit: string;
  item: string;
  scanned_at: string | null;
  finding: string | null;
  score: number | null;
  threshold: number | null;
  disposition: Disposition | null;
  state: WorkState;
  claimed_by: string | null;
  decided_by: string | null;
  decision: Disposition | null;
  decision_reason: string | null;
  notes: string[];
  lost_lines: number;
  checks: ItemCheck[];
  identity: Identity | null;
  regions: Region[];
  /** A long item comes in parts, one below the other: "high", "high-2", "high-3", … */
  pictures: Picture<string>[];
  command_state: CommandState;
  /** The item was cleared and has left: the answer is noted, no lane is told. */
  second_look: boolean;
  /** Told once the second look is over. */
  revealed: Reveal | null;
}

/** An earlier item; likeness: 1 the same, near 0 nothing in common. */
export interface SimilarItem {
  inspection: string;
  item: string;
  likeness: number;
  at: string;
  pictures: Picture<string>[];
}

export interface Check {
  name: string;
  status: CheckStatus;
  detail: string;
}

export interface Referral {
  id: string;
  site: string;
  unit: string;
  decided_at: string | null;
  reasons: string[];
  checks: Check[];
  document_format: string | null;
  issuing_state: string | null;
  pictures: Picture<"page" | "portrait" | "face">[];
  state: WorkState;
  decision: Judgement | null;
  decided_by: string | null;
  command_state: CommandState;
  waiting_since: string | null;
  assisted_by: string | null;
  assist_state: CommandState;
  handed_over_by: string | null;
  handed_over_to: string | null;
  handover_reason: string | null;
}

export interface Passage {
  id: string;
  unit: string;
  site: string;
  verdict: string | null;
  reasons: string[];
  outcome: string | null;
  started_at: string | null;
  ended_at: string | null;
  seconds: number | null;
  stages_ms: Record<string, number>;
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  action: string;
  object: string;
  detail: unknown;
  hash: string;
}

export interface AuditPage {
  entries: AuditEntry[];
  chain_valid: boolean;
}

export interface User {
  name: string;
  roles: Role[];
}

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** One operator's answers to second looks; `figures` is null where they are too few. */
export interface Detector {
  operator: string;
  hits: number;
  threats: number;
  alarms: number;
  harmless: number;
  seconds: number;
  figures: { hit_rate: Interval; false_alarm_rate: Interval; d_prime: Interval; d_a: Interval } | null;
}

export interface Detection {
  least: number;
  operators: Detector[];
}
