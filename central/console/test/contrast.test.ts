import { describe, expect, it } from "vitest";
import css from "../src/app.css?raw";

// The colours as they stand in app.css, per theme. WCAG 2.2: 4.5 for text (1.4.3), 3 for edges of
// controls and for shapes (1.4.11).
function theme(selector: string): Record<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`));
  return Object.fromEntries([...block.slice(0, block.indexOf("}")).matchAll(/--([\w-]+):\s*(#\w{6})/g)]
    .map(([, name, value]) => [name!, value!]));
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

const dark = theme(":root");
const light = { ...dark, ...theme(':root[data-theme="light"]') };

describe.each([["dark", dark], ["light", light]])("the %s colours", (_, colours) => {
  const of = (name: string) => colours[name]!;

  it.each(["ground", "panel", "raised"])("can be read on %s", (ground) => {
    for (const text of ["text", "soft", "good", "warn", "bad", "accent"]) {
      expect(contrast(of(text), of(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(of("text"), of(ground))).toBeGreaterThanOrEqual(12);
    expect(contrast(of("edge-strong"), of(ground)), "edge").toBeGreaterThanOrEqual(3);
  });

  it("can be read on their own tinted grounds", () => {
    for (const tone of ["bad", "warn"]) expect(contrast(of(tone), of(`${tone}-ground`)), tone).toBeGreaterThanOrEqual(4.5);
    for (const ground of ["bad-ground", "warn-ground", "good-ground"]) {
      expect(contrast(of("soft"), of(ground)), ground).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(of("on-accent"), of("accent"))).toBeGreaterThanOrEqual(4.5);
  });
});
