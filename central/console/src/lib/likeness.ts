// How alike two loads are, in words. The steps are from rendered consignments of six HS chapters: two
// of one chapter are 0.88 alike in the middle and 0.95 at the best tenth; of two chapters one pair in
// ten reaches 0.87, one in a hundred 0.92.

const STEPS: [number, string][] = [[0.95, "Nearly the same"], [0.88, "Very alike"], [0.8, "Alike"]];

/** `likeness`: 1 the same, near 0 nothing in common. */
export function likenessText(likeness: number): string {
  return STEPS.find(([least]) => likeness >= least)?.[1] ?? "Hardly alike";
}
