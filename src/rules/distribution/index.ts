export {
  type DistributionHints,
  type DistributionName,
  distributionOf,
  distributions,
  isManaged,
  kubernetesMinor,
  type NodeFacts,
  standardIssuer,
  talosMinor,
} from "./distribution.ts";
export { type Instruction, issuerInstructions } from "./instructions.ts";
export { flagText, issuerFlags } from "./issuer-flags.ts";
