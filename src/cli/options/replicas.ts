import type { Command } from "commander";

/** Options of everything that runs as replicas in the cluster. */
export interface ReplicaOptions {
  readonly image: string;
  readonly namespace: string;
  readonly name: string;
  readonly replicas: string;
  readonly apiServerPort: string;
  readonly priorityClass: string;
  readonly monitoringNamespace: readonly string[];
  readonly environmentSecret?: string;
  readonly pods?: string;
  readonly values?: boolean;
}

/** Adds the options of everything that runs as replicas in the cluster. */
export function withReplicas(command: Command, name: string): Command {
  return command
    .requiredOption("--image <image>", "podtrust's image, as the cluster's nodes pull it")
    .option("--namespace <namespace>", "namespace of all objects", "podtrust")
    .option("--name <name>", "name of all objects", name)
    .option("--replicas <count>", "number of pods, 1 to 9", "2")
    .option("--api-server-port <port>", "port of the API server itself, for the rules of the network", "6443")
    .option(
      "--monitoring-namespace <namespace...>",
      "namespaces whose pods may read metrics and status, if network policies are enforced",
      ["monitoring"],
    )
    .option("--priority-class <name>", "PriorityClass of the pods", "")
    .option("--environment-secret <name>", "Secret with environment variables (default: NAME-environment)")
    .option(
      "--pods <file>",
      "YAML file with settings of the pods: tolerations, nodeSelector, resources, imagePullSecrets, …",
    )
    .option("--values", "print the same as values of the chart in deploy/chart");
}
