// What calls for the officer's attention: who has just begun to wait, what a colleague has just handed
// to them, and who asks for help where nothing can be referred. What was there at the first look does not.
import type { Referral, Unit } from "../api/types";
import { waitingReferrals } from "./collections";

const HELP = ["Assistance", "Safeguarding"];

export class Calls {
  #known: Set<string> | null = null;

  /** Returns whether somebody calls `me` who did not at the last look. */
  look(referrals: Referral[], me: string, units: Unit[] = []): boolean {
    const before = this.#known;
    const calling = waitingReferrals(referrals)
      .map((one) => `${one.id} ${one.waiting_since} ${one.handed_over_to === me}`)
      .concat(units.flatMap((unit) => unit.faults
        .filter((fault) => HELP.includes(fault.name)).map((fault) => `${unit.unit} ${fault.since}`)));
    this.#known = new Set(calling);
    return before !== null && calling.some((call) => !before.has(call));
  }

  forget(): void {
    this.#known = null;
  }
}
