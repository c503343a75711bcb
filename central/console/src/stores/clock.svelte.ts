// The time on the wall, once a second, for everything that shows an age. It is central's: an age that
// a wrong clock of this computer made up would be worse than none.
import { onTime } from "../api/client";
import { offset } from "../lib/time";

class Clock {
  now = $state(Date.now());
  #offset = 0;

  constructor() {
    onTime((at) => { this.#offset = offset(at, Date.now()); });
    setInterval(() => { this.now = Date.now() + this.#offset; }, 1000);
  }
}

export const clock = new Clock();
