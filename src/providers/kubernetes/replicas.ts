import type { PodSettings } from "../../config/index.ts";
import { recordOf } from "../../core/base/index.ts";
import { egressProxyPort } from "../../core/http/index.ts";

/** What distinguishes the pods of one Deployment from all others. */
export type PodSelector = Readonly<Record<string, string>>;

/**
 * A probe of the port `probes` by HTTP, whose answer may take three seconds. That port is the kubelet's alone: no rule of the
 * network opens it, and nodes reach their pods without one.
 */
export const httpProbe = (
  path: "/livez" | "/readyz",
  periodSeconds: number,
  failureThreshold: number,
): object => ({
  httpGet: { path, port: "probes", scheme: "HTTP" },
  periodSeconds,
  timeoutSeconds: 3,
  failureThreshold,
});

/** A container that changes nothing but its memory and asks the kernel for nothing special: no setting changes that. */
export const lockedContainer = ({ containerSecurityContext }: PodSettings): object => ({
  securityContext: {
    ...containerSecurityContext,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
  },
  terminationMessagePolicy: "FallbackToLogsOnError",
});

const spread = (selector: PodSelector, topologyKey: string): object => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: "ScheduleAnyway",
  labelSelector: { matchLabels: selector },
});

/** A member of an object; none where its value is empty. */
function given(key: string, value: object | string): object {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}

/** Objects with more labels. Their own win. */
export const withLabels = (
  objects: readonly object[],
  labels: Readonly<Record<string, string>>,
): readonly object[] =>
  objects.map((object) => {
    const metadata = recordOf(recordOf(object)["metadata"]);
    const all = { ...labels, ...recordOf(metadata["labels"]) };
    return { ...object, metadata: { ...metadata, ...given("labels", all) } };
  });

/** What the metadata of the pods' own ServiceAccount has of the settings; that of a Job beside them gets no role. */
export const accountMetadata = ({ serviceAccountAnnotations }: PodSettings): object =>
  given("annotations", serviceAccountAnnotations);

/** The settings of its pods that a ServiceAccount has. */
export const accountSettings = ({ imagePullSecrets }: PodSettings): object =>
  given("imagePullSecrets", imagePullSecrets);

/** Labels and annotations of the pods: podtrust's own win. */
export function podMetadata(
  { labels, annotations }: PodSettings,
  selector: PodSelector,
  ownAnnotations: Readonly<Record<string, string>> = {},
): object {
  return {
    labels: { ...labels, ...selector },
    ...given("annotations", { ...annotations, ...ownAnnotations }),
  };
}

/** The settings that the one container of a pod has; `own` are variables of podtrust's, which win. */
export function containerSettings(
  { imagePullPolicy, resources, env }: PodSettings,
  own: Readonly<Record<string, string>> = {},
): object {
  const variables = Object.entries({ ...env, ...own }).map(([name, value]) => ({ name, value }));
  return {
    ...given("imagePullPolicy", imagePullPolicy),
    ...given("env", variables),
    ...given("resources", resources),
  };
}

/** The arguments that the settings add to a command of podtrust's. */
export const settingsArgs = ({ verbose }: PodSettings): readonly string[] => (verbose ? ["--verbose"] : []);

/** The pods' ServiceAccount, their priority where a cluster is full (empty: none), and where they run. */
export interface ReplicaSpec {
  readonly serviceAccountName: string;
  readonly selector: PodSelector;
  readonly priorityClass: string;
  readonly pods: PodSettings;
}

/** What every pod of podtrust has: no root, in the restricted profile, spread over nodes and zones. */
export function replicaPod({ serviceAccountName, selector, priorityClass, pods }: ReplicaSpec): object {
  const { imagePullSecrets, nodeSelector, tolerations, affinity, topologySpreadConstraints } = pods;
  // Null: the cluster chooses.
  const security = Object.entries(pods.securityContext).filter(([, value]) => value !== null);
  return {
    serviceAccountName,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    // What is under way, and what the process takes to end.
    terminationGracePeriodSeconds: 30,
    ...given("priorityClassName", priorityClass),
    ...given("imagePullSecrets", imagePullSecrets),
    ...given("nodeSelector", nodeSelector),
    ...given("tolerations", tolerations),
    ...given("affinity", affinity),
    securityContext: {
      ...Object.fromEntries(security),
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    topologySpreadConstraints:
      topologySpreadConstraints.length > 0
        ? topologySpreadConstraints
        : [spread(selector, "kubernetes.io/hostname"), spread(selector, "topology.kubernetes.io/zone")],
  };
}

/** How pods are replaced: how many more there may be meanwhile, and how many fewer. */
interface Exchanging {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** With ports of their nodes a second pod finds no room on one before the first is gone. */
export const exchanging = (onNodePorts: boolean): Exchanging =>
  onNodePorts ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 };

/** A Deployment whose pods are replaced a few at a time. `template` is that of its pods. */
export function replicaDeployment(
  metadata: object,
  selector: PodSelector,
  {
    replicas,
    rollingUpdate,
    template,
  }: { readonly replicas: number; readonly rollingUpdate: Exchanging; readonly template: object },
): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate },
      template,
    },
  };
}

/** Nodes are drained one replica at a time. */
function disruptionBudget(metadata: object, selector: PodSelector): object {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata,
    spec: {
      maxUnavailable: 1,
      // One that never became ready must not keep a node from being drained.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selector },
    },
  };
}

/** The ports of a NetworkPolicy. */
export interface NetworkSpec {
  /** Open to every client that may reach the pods at all. */
  readonly open: readonly number[];
  /** For metrics and status: reached from the namespaces that are named. */
  readonly admin: number;
  /** The namespaces of Prometheus; at least one. */
  readonly monitoringNamespaces: readonly string[];
  /** The API server's own, which rules see behind its Service. */
  readonly apiServerPort: number;
  /** Of the pods: one of their variables may name a proxy. */
  readonly pods: PodSettings;
}

const tcp = (port: number): object => ({ port, protocol: "TCP" });

const inNamespaces = (values: readonly string[]): object => ({
  namespaceSelector: {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values }],
  },
});

const https = 443;

/** What reaches the pods, and what they reach: DNS, HTTPS, the API server and a proxy. */
function networkPolicy(metadata: object, selector: PodSelector, ports: NetworkSpec): object {
  const { open, admin, monitoringNamespaces, apiServerPort, pods } = ports;
  const proxy = [egressProxyPort(pods.env) ?? https].filter((port) => port !== https);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata,
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        ...(open.length === 0 ? [] : [{ ports: open.map(tcp) }]),
        { from: [inNamespaces(monitoringNamespaces)], ports: [tcp(admin)] },
      ],
      egress: [
        {
          ports: [tcp(53), { port: 53, protocol: "UDP" }, tcp(https), tcp(apiServerPort), ...proxy.map(tcp)],
        },
      ],
    },
  };
}

/** What protects replicas from drains and other pods, where the settings ask for it. Throws `http-proxy` for a proxy's address that is none. */
export function replicaGuards(
  metadata: object,
  selector: PodSelector,
  ports: NetworkSpec,
): readonly object[] {
  const { podDisruptionBudget, networkPolicy: isBounded } = ports.pods;
  return [
    ...(podDisruptionBudget ? [disruptionBudget(metadata, selector)] : []),
    ...(isBounded ? [networkPolicy(metadata, selector, ports)] : []),
  ];
}
