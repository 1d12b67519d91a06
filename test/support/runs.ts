import process from "node:process";

/** How often a property is tried: so often in the gate, and twenty times as often nightly. */
export const runs = (gate: number): number =>
  process.env["PODTRUST_AT_LENGTH"] === "yes" ? 20 * gate : gate;
