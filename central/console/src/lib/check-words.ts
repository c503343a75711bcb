// The checks of a passage in plain words. A reason is a check with its answer: `expiry.failed`,
// `authenticity.issuer.undetermined`. What is not in the dictionary is shown as its code, so that
// nothing is hidden. What was asked for in confidence has the words of the ordinary wish for help, as
// others may look at the screen; only the open referral says more.
import type { CheckStatus } from "../api/types";

const CHECKS: Record<string, string> = {
  "mrz": "Machine-readable zone",
  "mrz.country": "Country codes of the machine-readable zone",
  "mrz.dates": "Dates of the machine-readable zone",
  "expiry": "Expiry date",
  "page": "Page as the camera sees it",
  "chip": "Chip",
  "chip-data": "Chip and page agree",
  "authenticity": "Authenticity of the chip",
  "authenticity.structure": "Chip: signed list is well formed",
  "authenticity.data-group-hashes": "Chip: data unchanged since signing",
  "authenticity.unlisted-data-groups": "Chip: no unsigned data",
  "authenticity.com-matches-sod": "Chip: table of contents agrees",
  "authenticity.signed-attributes": "Chip: signature covers the list",
  "authenticity.signature": "Chip: signature of the issuer",
  "authenticity.issuer": "Chip: issuer is trusted",
  "authenticity.validity": "Chip: certificates are in date",
  "authenticity.country": "Chip: countries agree",
  "authenticity.algorithms": "Chip: strong algorithms",
  "authenticity.revocation": "Chip: signer is not revoked",
  "active-authentication": "Chip is the original (AA)",
  "chip-authentication": "Chip is the original (CA)",
  "face-image": "Live picture of the face",
  "face-comparison": "Face comparison",
  "face-quality": "Quality of the live picture",
  "face-pad": "Live person in front of the camera",
  "document-model": "Page looks as its model does",
  "spectral": "Page under white, UV and infrared light",
  "printed-face": "Printed portrait is the chip's",
  "boarding-pass": "Boarding pass",
  "seal.structure": "Digital seal: well formed",
  "seal.signature": "Digital seal: signature",
  "seal.signer": "Digital seal: signer is trusted",
  "seal.validity": "Digital seal: signed in time",
  "seal.country": "Digital seal: countries agree",
  "seal.algorithms": "Digital seal: strong algorithms",
  "seal.revocation": "Digital seal: signer is not revoked",
  "seal.mrz": "Digital seal: of this document",
  "watchlist": "Watchlist",
};

const REASONS: Record<string, string> = {
  "no-checks": "Nothing could be checked",
  "mrz.failed": "Check digits in the machine-readable zone are wrong",
  "mrz.undetermined": "The machine-readable zone could not be read",
  "mrz.dates.failed": "The machine-readable zone has dates that cannot be",
  "expiry.failed": "The document has expired, or its date is no date",
  "expiry.undetermined": "The expiry date could not be read",
  "page.failed": "The camera reads another text than the document reader",
  "page.undetermined": "The camera sees no machine-readable zone on the page",
  "page.aborted": "The page could not be photographed",
  "chip.undetermined": "The chip could not be read in full",
  "chip.aborted": "The chip reader failed",
  "chip-data.failed": "The chip and the page are of different documents",
  "chip-data.undetermined": "Chip and page could not be compared",
  "authenticity.undetermined": "The chip's authenticity could not be checked",
  "authenticity.data-group-hashes.failed": "Data in the chip were changed after signing",
  "authenticity.unlisted-data-groups.failed": "The chip holds data that nobody signed",
  "authenticity.signature.failed": "The signature in the chip is false",
  "authenticity.issuer.failed": "The signature in the chip is not by the state it names",
  "authenticity.issuer.undetermined": "The issuer of the chip is not in our list of trusted states",
  "authenticity.validity.failed": "The certificates of the chip are out of date",
  "authenticity.country.failed": "Document and chip signer are of different countries",
  "authenticity.algorithms.failed": "The chip is signed by a method that is too weak to trust",
  "authenticity.revocation.failed": "The signer of the chip has been revoked",
  "face-image.undetermined": "No usable picture of the face was taken",
  "face-image.aborted": "The face camera failed",
  "face-comparison.failed": "The live face does not match the picture in the document",
  "face-comparison.undetermined": "The faces could not be compared well enough",
  "face-pad.failed": "The camera suspects a mask, a print or a screen in place of a face",
  "face-pad.undetermined": "Whether a live person stood there could not be told",
  "document-model.failed": "The page is not printed as its model is",
  "spectral.failed": "Paper or ink is wrong under UV, infrared or white light",
  "spectral.aborted": "One of the document reader's lights gave no picture",
  "printed-face.failed": "The printed portrait is of another person than the chip's",
  "boarding-pass.failed": "The boarding pass is of another person, day or airport",
  "boarding-pass.undetermined": "No boarding pass was shown, or it could not be read or compared",
  "seal.signature.failed": "The signature of the digital seal is false",
  "seal.signer.undetermined": "The signer of the digital seal is not in our list of trusted states",
  "seal.mrz.failed": "The digital seal is of another document",
  "watchlist.failed": "Watchlist hit",
  "assistance": "The traveller asked for help",
  "reading.too-slow": "Reading the document took too long",
  "reading.failed": "Reading the document failed",
  "deciding.too-slow": "The checks inside took too long",
  "deciding.failed": "The checks inside failed",
};

const ANSWERS: Record<string, string> = {
  "failed": "failed",
  "undetermined": "could not be determined",
  "not-supported": "is not supported here",
  "aborted": "was broken off",
};

// Older lanes write underscores; the meaning is the same.
const spelt = (code: string): string => code.replaceAll("_", "-").toLowerCase();

export const CONFIDED_TEXT = "Asked for in silence. Speak with the traveller alone first, apart from anybody they came with.";

export function isConfided(code: string): boolean {
  return code.toLowerCase().includes("safeguarding");
}

export function checkText(name: string): string {
  if (isConfided(name)) return "Wish of the traveller";
  return CHECKS[spelt(name)] ?? name;
}

/** The sentence for a reason: its own, or its check's name and answer, or its code. */
export function reasonText(code: string): string {
  const own = REASONS[isConfided(code) ? "assistance" : spelt(code)];
  if (own) return own;
  const dot = code.lastIndexOf(".");
  const check = CHECKS[spelt(code.slice(0, Math.max(0, dot)))];
  const answer = ANSWERS[spelt(code.slice(dot + 1))];
  return check && answer ? `${check} ${answer}` : code;
}

/** Checks that did not pass first, else in the order in which they were made. */
export function problemsFirst<T extends { status: CheckStatus }>(checks: T[]): T[] {
  const rank: Record<CheckStatus, number> = {
    "failed": 0, "aborted": 1, "undetermined": 2, "not supported": 3, "successful": 4,
  };
  return checks.toSorted((a, b) => (rank[a.status] ?? 3) - (rank[b.status] ?? 3));
}
