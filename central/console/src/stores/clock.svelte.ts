// The time on the wall, once a second, for everything that shows an age.

class Clock {
  now = $state(Date.now());

  constructor() {
    setInterval(() => { this.now = Date.now(); }, 1000);
  }
}

export const clock = new Clock();
