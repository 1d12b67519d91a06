export { clusterForm, forgedForm, issuerFaultForm, issuerFaults, tokenForm } from "./forms.ts";
export { startStandInCluster } from "./start.ts";
export {
  type ClusterFault,
  type ForgedToken,
  type IssuerFault,
  type SigningAlgorithm,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInIssuer,
  type StandInKey,
  type StandInKeys,
  type TokenSpec,
} from "./types.ts";
