export { startStandInCluster } from "./cluster.ts";
export {
  type ClusterFault,
  type ForgedToken,
  type SigningAlgorithm,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInKey,
  type StandInKeys,
} from "./types.ts";
