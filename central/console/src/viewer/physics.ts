// Optical depth: τ = ln(air / I), after I = air · exp(−τ). One scale for all: τ / DEPTH_MAX is 0 to 1.

export const FULL = 65_535;
export const DEPTH_MAX = Math.log(FULL); // the deepest that 16 bits can hold, 11.09

/** Scaled optical depth (0 to 1) of transmission `value`; what is brighter than air is air. */
export function depthOf(value: number, air: number): number {
  return Math.max(0, Math.log(air / Math.max(1, value))) / DEPTH_MAX;
}

/** Below 1 % of the air signal too few photons are left to judge by: τ of 4.6. */
export const OPAQUE_DEPTH = Math.log(100) / DEPTH_MAX;
