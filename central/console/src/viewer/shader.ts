// What the graphics card does per pixel, in the order of the picture's way to the eye:
// 16-bit value and local mean → scale (transmission or optical depth) → sharpen or high-pass →
// window → local contrast → gamma, invert → palette or material colours → marks.
// The data stay integers in the texture (RG16UI), so nothing is rounded before the window.
// Each look is a program of its own: one that asks at every pixel costs several times as much where
// no graphics card helps.
import { BINS, GRID } from "./clahe";
import { DEPTH_MAX } from "./physics";
import type { ViewState } from "./view-state";

export interface Look {
  signal: "single" | "ratio" | "material";
  enhance: ViewState["enhance"];
  depth: boolean;
  /** Four neighbours are mixed, else the nearest pixel is shown as it is. */
  smooth: boolean;
}

export function lookOf(state: ViewState, smooth: boolean): Look {
  const { signal, enhance, depth } = state;
  return { signal: signal === "ratio" || signal === "material" ? signal : "single", enhance, depth, smooth };
}

export const VERTEX = `#version 300 es
precision highp float;
uniform vec4 u_rect;   // the tile in pixels of its level: x, y, w, h
uniform float u_level; // pixels of the level per image pixel
uniform vec2 u_size;   // image, px
uniform vec2 u_center; // image point in the middle of the view
uniform vec2 u_scale;  // clip units per image pixel
out vec2 v_at;         // image px
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  v_at = min((u_rect.xy + corner * u_rect.zw) / u_level, u_size);
  gl_Position = vec4((v_at - u_center) * u_scale * vec2(1.0, -1.0), 0.0, 1.0);
}`;

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
in vec2 v_at;
out vec4 o_colour;
uniform usampler2D u_first;  // the energy that is shown
uniform usampler2D u_second; // the low energy, where both are needed
uniform sampler2D u_curves;
uniform sampler2D u_palette;
uniform ivec2 u_origin;      // level pixel of the texture's first texel
uniform ivec2 u_last;        // its last texel
uniform float u_level;
uniform vec2 u_size;
uniform vec2 u_air;          // first, second
uniform vec2 u_window;       // low end, high end
uniform float u_gamma;
uniform bool u_invert;
uniform bool u_opaque;
const float FULL = 65535.0;
const float DEPTH_MAX = ${DEPTH_MAX.toFixed(8)};
`;

/** `read`: value and local mean at this place. */
const READ = {
  nearest: `
vec2 read(usampler2D tex) {
  ivec2 p = clamp(ivec2(floor(v_at * u_level)) - u_origin, ivec2(0), u_last);
  return vec2(texelFetch(tex, p, 0).rg);
}`,
  smooth: `
vec2 read(usampler2D tex) {
  vec2 p = v_at * u_level - 0.5 - vec2(u_origin);
  vec2 f = fract(p);
  ivec2 a = clamp(ivec2(floor(p)), ivec2(0), u_last);
  ivec2 b = clamp(ivec2(floor(p)) + 1, ivec2(0), u_last);
  return mix(mix(vec2(texelFetch(tex, a, 0).rg), vec2(texelFetch(tex, ivec2(b.x, a.y), 0).rg), f.x),
             mix(vec2(texelFetch(tex, ivec2(a.x, b.y), 0).rg), vec2(texelFetch(tex, b, 0).rg), f.x), f.y);
}`,
};

const DEPTH = `
vec2 depth(vec2 value, float air) {
  return max(vec2(0.0), log(air / max(vec2(1.0), value))) / DEPTH_MAX;
}`;

const CONTRAST = `
float curve(ivec2 part, int bin) {
  ivec2 p = clamp(part, ivec2(0), ivec2(${GRID - 1}));
  return texelFetch(u_curves, ivec2(bin, p.y * ${GRID} + p.x), 0).r;
}
float localContrast(float tau) {
  int bin = min(${BINS - 1}, int(tau * ${BINS}.0));
  vec2 p = v_at / u_size * ${GRID}.0 - 0.5;
  ivec2 i = ivec2(floor(p));
  vec2 f = p - vec2(i);
  return mix(mix(curve(i, bin), curve(i + ivec2(1, 0), bin), f.x),
             mix(curve(i + ivec2(0, 1), bin), curve(i + ivec2(1, 1), bin), f.x), f.y);
}`;

/** From scaled signal `s` (value, local mean) to `t`, 0 to 1. */
const ENHANCE: Record<Look["enhance"], string> = {
  "none": "t = (s.x - u_window.x) / width;",
  "sharpen": "t = (s.x + 2.0 * (s.x - s.y) - u_window.x) / width;",
  "high-pass": "t = 0.5 + 2.0 * (s.x - s.y) / width;",
  "clahe": `t = clamp((s.x - u_window.x) / width, 0.0, 1.0);
  float c = localContrast(depth(value, u_air.x).x);
  t = mix(t, DEPTH_SHOWN ? c : 1.0 - c, 0.75);`,
};

const COLOUR: Record<Look["signal"], string> = {
  single: `
vec3 colour(float t, vec2 value) {
  return looked(t);
}`,
  ratio: `
vec3 colour(float t, vec2 value) {
  float tau = depth(value, u_air.x).x * DEPTH_MAX;
  float ratio = depth(read(u_second), u_air.y).x * DEPTH_MAX / max(tau, 0.02);
  return looked(clamp((ratio - 0.9) / 2.6, 0.0, 1.0) * smoothstep(0.02, 0.12, tau));
}`,
  // Ratio of the optical depths, low to high energy. 160 kVp with a thin and a thick CsI layer gives
  // 1.2 for polyethylene, 2.1 falling to 1.4 for aluminium, 3.3 falling to 1.6 for iron.
  material: `
vec3 colour(float t, vec2 value) {
  float tau = depth(value, u_air.x).x * DEPTH_MAX;
  float ratio = depth(read(u_second), u_air.y).x * DEPTH_MAX / max(tau, 0.02);
  float k = clamp(log(max(tau, 0.05) / 0.3) / log(10.0), 0.0, 1.0); // τ from 0.3 to 3
  float organic = mix(1.73, 1.33, k);  // half way between water and aluminium
  float metal = mix(2.71, 1.51, k);    // half way between aluminium and iron
  float soft = mix(0.25, 0.06, k);
  vec3 hue = mix(vec3(1.0, 0.55, 0.13), vec3(0.35, 0.80, 0.30), smoothstep(organic - soft, organic + soft, ratio));
  hue = mix(hue, vec3(0.30, 0.52, 1.0), smoothstep(metal - soft, metal + soft, ratio));
  hue = mix(vec3(1.0), hue, smoothstep(0.02, 0.12, tau)); // thin air has no material
  hue = mix(hue, vec3(0.75), smoothstep(4.0, 4.6, tau));  // too dense to tell
  float light = toned(t);
  return light < 0.5 ? hue * (0.12 + 1.76 * light) : mix(hue, vec3(1.0), (light - 0.5) * 1.9);
}`,
};

/** The fragment program of one look. */
export function fragment({ signal, enhance, depth, smooth }: Look): string {
  return `${HEAD}
#define DEPTH_SHOWN ${depth}
${smooth ? READ.smooth : READ.nearest}
${DEPTH}
${enhance === "clahe" ? CONTRAST : ""}
float toned(float t) {
  float g = clamp(t, 0.0, 1.0);
  if (u_gamma != 1.0) g = pow(g, u_gamma);
  return u_invert ? 1.0 - g : g;
}
vec3 looked(float t) {
  return texelFetch(u_palette, ivec2(int(toned(t) * 255.0 + 0.5), 0), 0).rgb;
}
${COLOUR[signal]}
void main() {
  vec2 value = read(u_first);
  vec2 s = ${depth ? "depth(value, u_air.x)" : "value / FULL"};
  float width = u_window.y - u_window.x;
  float t;
  ${ENHANCE[enhance]}
  o_colour = vec4(colour(t, value), 1.0);
  // 1 % of the air signal: too few photons to judge by (OPAQUE_DEPTH).
  if (u_opaque && value.x <= 0.01 * u_air.x) o_colour = vec4(1.0, 0.125, 0.75, 1.0);
}`;
}
