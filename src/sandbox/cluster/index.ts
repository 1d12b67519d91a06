export {
  type ClusterFault,
  type ForgedToken,
  type SigningAlgorithm,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInKey,
  type StandInKeys,
  startStandInCluster,
} from "./cluster.ts";
