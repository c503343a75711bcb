// How this browser's operator likes the console. Kept in the browser; holds nothing about anybody.

interface Choices {
  theme: "dark" | "light";
  /** Single-letter keys (WCAG 2.1.4: they can be turned off). */
  shortcuts: boolean;
  /** Hide what the recogniser thinks until the operator asks, so that he looks first. */
  blindFirst: boolean;
  /** A tone when a traveller is referred. */
  sound: boolean;
  /** The gate's card blinks then, three times. */
  blink: boolean;
}

const KEY = "border-console";
const DEFAULTS: Choices = { theme: "dark", shortcuts: true, blindFirst: false, sound: true, blink: true };

function stored(): Choices {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Choices>) };
  } catch {
    return DEFAULTS;
  }
}

class Preferences {
  choices = $state<Choices>(stored());

  set<Name extends keyof Choices>(name: Name, value: Choices[Name]): void {
    this.choices[name] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.choices));
    } catch {
      // A browser that stores nothing still obeys until the page closes.
    }
  }
}

export const preferences = new Preferences();
