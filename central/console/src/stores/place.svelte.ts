// The screen that the address names.
import { parseRoute, type Route } from "../lib/route";

class Place {
  route = $state<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => { this.route = parseRoute(location.hash); });
  }

  /** Goes to `link` now: the event of the address comes later, perhaps after the next key. */
  go(link: string): void {
    location.hash = link;
    this.route = parseRoute(link);
  }
}

export const place = new Place();
