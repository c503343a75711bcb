// The screen that the address names.
import { parseRoute, type Route } from "../lib/route";

class Place {
  route = $state<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => { this.route = parseRoute(location.hash); });
  }
}

export const place = new Place();
