// Phases, stages and faults of lanes in plain words; what is not listed is shown as it is spelt.

const PHASES: Record<string, string> = {
  "closed": "Closed",
  "recovering": "Getting ready",
  "idle": "Ready",
  "paused": "Paused: a reader is away",
  "reading": "Reading a document",
  "referred-at-entry": "Traveller waits at the entry for an officer",
  "entering": "Traveller is entering",
  "securing": "Closing the entry",
  "deciding": "Putting the checks together",
  "referred-inside": "Traveller waits inside for an officer",
  "exiting": "Traveller is leaving",
  "clearing": "Closing the exit",
  "returning": "Letting the traveller out again",
  "fault": "Stopped by a fault",
  "evacuating": "Evacuation",
  "preparing": "Getting ready",
  "darkening": "Calibrating: dark",
  "emptying": "Emptying the tunnel",
  "warming": "X-ray tube is warming up",
  "airing": "Calibrating: air",
  "testing": "Daily self-test: lay the phantom on the belt",
  "test-arming": "Self-test: making ready",
  "test-raising": "Self-test: beam comes up",
  "test-scanning": "Self-test: scanning the phantom",
  "test-judging": "Self-test: measuring",
  "test-clearing": "Self-test passed: phantom leaves",
  "identifying": "Identifying the item",
  "arming": "Making ready to scan",
  "raising": "Beam comes up",
  "scanning": "Scanning",
  "analysing": "Judging the picture",
  "held": "Item is held for review",
  "releasing": "Releasing the item",
  "diverting": "Diverting the item",
};

const STAGES: Record<string, string> = {
  page: "Page", mrz: "Page", chip: "Chip", authenticity: "Authenticity", face: "Face", decision: "Decision", exit: "Exit",
};

const FAULTS: Record<string, string> = {
  LinkLost: "Connection to the device lost",
  NoAnswer: "The device does not answer",
  Garbled: "The device answers nonsense",
  Refused: "The device refuses",
  Frozen: "The picture stands still",
  ControllerStopped: "The controller has stopped",
  WiredOtherwise: "Wired otherwise than ordered for fire or loss of power",
  SelfTestFailed: "The daily self-test was not passed",
  DiskFull: "The lane's disk is full",
  DiskFailed: "The lane's disk fails",
  OutboxFull: "Too many unsent records",
  BrokerLost: "No connection to central",
  Assistance: "A traveller asks for help",
  Safeguarding: "A traveller asks for help", // in silence: only the open gate says more
};

const spelt = (code: string): string => code.replaceAll("_", "-").toLowerCase();

function plain(code: string): string {
  const text = code.replaceAll(/[-_.:]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function phaseText(phase: string): string {
  return PHASES[spelt(phase)] ?? (plain(phase) || "Has not reported yet");
}

export function stageText(stage: string): string {
  return STAGES[spelt(stage)] ?? plain(stage);
}

export function faultText(name: string): string {
  return FAULTS[name] ?? name;
}
