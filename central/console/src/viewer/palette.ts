// Palettes that keep order: lightness rises evenly from black to white, hue only helps (Oklab,
// Björn Ottosson 2020, whose matrices these are). Measured by the eye, unlike a rainbow, which
// invents edges.

export type PaletteName = "grey" | "heat" | "sea" | "dusk";

/** Hue (degrees) at the dark and at the bright end, and the greatest chroma on the way. */
const COURSE: Record<PaletteName, { from: number; to: number; chroma: number }> = {
  grey: { from: 0, to: 0, chroma: 0 },
  heat: { from: 15, to: 105, chroma: 0.19 },
  sea: { from: 285, to: 115, chroma: 0.14 },
  dusk: { from: 262, to: 88, chroma: 0.12 }, // blue to yellow: the axis that red-green blindness keeps
};

/** 256 colours, RGB bytes. Grey is the identity, so that 8-bit steps stay even. */
export function palette(name: PaletteName): Uint8Array {
  const { from, to, chroma } = COURSE[name];
  const out = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const t = i / 255;
    const colour = chroma === 0
      ? [i, i, i]
      : inGamut(0.06 + 0.92 * t, chroma * Math.sin(Math.PI * Math.min(1, t * 0.92 + 0.06)), from + (to - from) * t);
    out.set(colour, 3 * i);
  }
  return out;
}

// A colour that the screen cannot show loses chroma, never lightness.
function inGamut(lightness: number, chroma: number, hue: number): number[] {
  for (let c = chroma; c > 0; c -= 0.005) {
    const rgb = oklch(lightness, c, hue);
    if (rgb.every((part) => part >= 0 && part <= 1)) return rgb.map((part) => Math.round(255 * part));
  }
  return oklch(lightness, 0, hue).map((part) => Math.round(255 * Math.min(1, Math.max(0, part))));
}

/** Oklab lightness, chroma and hue (degrees) as sRGB, 0 to 1; outside of that where not showable. */
export function oklch(lightness: number, chroma: number, hue: number): number[] {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(companded);
}

function companded(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}
