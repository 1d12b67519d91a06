import { createHash } from "node:crypto";
import { type JsonRecord, recordOf, recordsOf } from "../core/base/index.ts";
import { type TokenTaker, injectOwnGoogle, injectRole } from "../rules/injection/index.ts";
import {
  exchanging,
  httpProbe,
  containerSettings,
  lockedContainer,
  podMetadata,
  type PodSelector,
  replicaDeployment,
  replicaGuards,
  type PodSettings,
  replicaPod,
  settingsArgs,
  storeKeyMount,
  storeKeyObjects,
  storeKeyVolume,
  withLabels,
} from "../providers/kubernetes/index.ts";
import { keysSecret, operatorManifests, type OperatorRights } from "./manifests.ts";
import type { FailurePolicy } from "./webhook/configuration.ts";
import { webhookPort } from "./webhook/manifests.ts";

/** A file with one of the operator's own tokens for a relying party, and the variable that names it. */
export interface OperatorToken {
  readonly volume: string;
  readonly folder: string;
  readonly file: string;
  readonly audience: string;
  readonly variable: string;
}

/** Settings of the operator's deployment, shaped like a chart's values. */
export interface OperatorSpec extends Omit<
  OperatorRights,
  "evict" | "webhook" | "configMaps" | "keys" | "roleMap" | "pods"
> {
  readonly image: string;
  readonly replicas: number;
  /** Pods that may be evicted per minute; 0 for none. */
  readonly evictPerMinute: number;
  /** Whether a trial of injection runs once a minute. */
  readonly canary: boolean;
  /** The relying parties whose bindings it reconciles; their definitions and rights are printed separately. */
  readonly bindings: readonly string[];
  /** How it gets credentials of some of them. */
  readonly tokens: readonly OperatorToken[];
  /** Whether it injects with a webhook. */
  readonly webhook: boolean;
  /** What happens to new pods while no replica answers the webhook. */
  readonly failurePolicy: FailurePolicy;
  /** Whether it keeps the ConfigMaps of the policies of the mode `configmap`. */
  readonly configMaps: boolean;
  /** Name of the ConfigMap with the role map; empty for none. */
  readonly roleMap: string;
  /** The config used to upload the cluster's keys; empty if none are uploaded. */
  readonly keys: string;
  /** Google's provider that accepts its own token; empty texts if its credentials come from elsewhere, or it needs none. */
  readonly google: TokenTaker;
  /** ARN of its own role in AWS; empty if its credentials come from elsewhere, or it needs none. */
  readonly role: string;
  /** A Secret with environment variables (a proxy, AWS credentials), which may be absent. */
  readonly environmentSecret: string;
  /** The port of the API server's own address, which network policies see behind its Service. */
  readonly apiServerPort: number;
  /** Namespaces whose pods may read metrics and status. */
  readonly monitoringNamespaces: readonly string[];
  /** The pods' PriorityClass; empty for none. */
  readonly priorityClass: string;
  readonly pods: PodSettings;
}

const configFolder = "/etc/podtrust";
const configFile = "podtrust.yaml";
const adminPort = 9891;
const probesPort = 9893;
const audience = "sts.amazonaws.com";
/** For its own tokens, which the kubelet renews. */
const expirationSeconds = 3600;

/**
 * Read by glibc's malloc (mallopt(3)): with an arena per thread, a process that was once busy keeps ten megabytes of
 * free memory in fragments.
 */
export const mallocEnvironment = { MALLOC_ARENA_MAX: "2" } as const;

/** Whose bindings are reconciled by default. */
const isDefault = (bindings: OperatorSpec["bindings"]): boolean => bindings.join(" ") === "aws";

function argsOf(spec: OperatorSpec): readonly string[] {
  const { namespace, evictPerMinute, canary, bindings, webhook, configMaps, roleMap, keys } = spec;
  return [
    "operator",
    "run",
    `--namespace=${namespace}`,
    // No rule of the network holds on the node's own: metrics and status are answered on loopback alone there.
    `--listen=${spec.pods.hostNetwork ? "127.0.0.1" : "[::]"}:${adminPort}`,
    `--probes=[::]:${probesPort}`,
    ...(evictPerMinute === 0 ? [] : [`--evict-per-minute=${evictPerMinute}`]),
    ...(canary ? [] : ["--no-canary"]),
    ...(bindings.length === 0 ? [] : ["--bindings"]),
    ...(isDefault(bindings) ? [] : bindings.map((one) => `--for=${one}`)),
    ...(webhook ? ["--webhook"] : []),
    ...(configMaps ? ["--config-maps"] : []),
    ...(roleMap === "" ? [] : [`--role-map=${roleMap}`]),
    ...(keys === "" ? [] : [`--keys=${configFolder}/${configFile}`]),
    ...settingsArgs(spec.pods),
  ];
}

function container(spec: OperatorSpec): object {
  const { image, environmentSecret, webhook, keys, pods } = spec;
  return {
    name: "operator",
    image,
    args: argsOf(spec),
    ports: [
      { name: "admin", containerPort: adminPort, protocol: "TCP" },
      { name: "probes", containerPort: probesPort, protocol: "TCP" },
      ...(webhook ? [{ name: "webhook", containerPort: webhookPort, protocol: "TCP" }] : []),
    ],
    ...containerSettings(pods, mallocEnvironment),
    envFrom: [{ secretRef: { name: environmentSecret, optional: true } }],
    startupProbe: httpProbe("/livez", 1, 60),
    livenessProbe: httpProbe("/livez", 10, 3),
    readinessProbe: httpProbe("/readyz", 2, 2),
    ...lockedContainer(pods),
    ...(keys === ""
      ? {}
      : { volumeMounts: [{ name: "config", mountPath: configFolder, readOnly: true }, storeKeyMount] }),
  };
}

/** For its config, which it reads at startup. */
function configMap({ keys }: OperatorSpec, metadata: object): readonly object[] {
  if (keys === "") return [];
  return [{ apiVersion: "v1", kind: "ConfigMap", metadata, data: { [configFile]: keys } }];
}

/** A pod with more volumes, mounted in all of its containers, and more variables. */
function withVolumes(
  pod: JsonRecord,
  { volumes, volumeMounts }: Pick<PodSettings, "volumes" | "volumeMounts">,
  env: readonly object[] = [],
): JsonRecord {
  const spec = recordOf(pod["spec"]);
  const more = (key: string, before: unknown, after: readonly unknown[]): object =>
    after.length === 0 ? {} : { [key]: [...recordsOf(before), ...after] };
  const containers = recordsOf(spec["containers"]).map((one) => ({
    ...one,
    ...more("env", one["env"], env),
    ...more("volumeMounts", one["volumeMounts"], volumeMounts),
  }));
  return { ...pod, spec: { ...spec, containers, ...more("volumes", spec["volumes"], volumes) } };
}

/** A pod with a volume per token. */
function withTokens(pod: JsonRecord, tokens: OperatorSpec["tokens"]): JsonRecord {
  const volumes = tokens.map(({ volume, audience: of, file: path }) => ({
    name: volume,
    projected: { sources: [{ serviceAccountToken: { audience: of, expirationSeconds, path } }] },
  }));
  const volumeMounts = tokens.map(({ volume, folder }) => ({
    name: volume,
    mountPath: folder,
    readOnly: true,
  }));
  const env = tokens.map(({ variable, folder, file }) => ({ name: variable, value: `${folder}/${file}` }));
  return withVolumes(pod, { volumes, volumeMounts }, env);
}

/**
 * A pod with the credentials of its own token. Set up here and not by injection, so that it comes up before anything
 * injects.
 */
function withCredentials(pod: JsonRecord, { role, google, tokens }: OperatorSpec): JsonRecord {
  const atAws = role === "" ? pod : injectRole(pod, { roleArn: role, audience, expirationSeconds });
  return withTokens(google.provider === "" ? atAws : injectOwnGoogle(atAws, google), tokens);
}

function deployment(spec: OperatorSpec, metadata: object, selector: PodSelector): object {
  const { name, replicas, priorityClass, keys, pods } = spec;
  // Changes with the config, so that the pods are restarted.
  const digest = createHash("sha256").update(keys).digest("hex");
  const pod = {
    metadata: podMetadata(pods, selector, { "podtrust.dev/config-digest": digest }),
    spec: {
      ...replicaPod({ serviceAccountName: name, selector, priorityClass, pods }),
      ...(pods.hostNetwork ? { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" } : {}),
      containers: [container(spec)],
      ...(keys === ""
        ? {}
        : { volumes: [{ name: "config", configMap: { name } }, storeKeyVolume(keysSecret)] }),
    },
  };
  const template = withVolumes(withCredentials(pod, spec), pods);
  const rollingUpdate = exchanging(pods.hostNetwork);
  return replicaDeployment(metadata, selector, { replicas, rollingUpdate, template });
}

/**
 * All objects of the operator in the cluster, in the order in which they are applied: its rights, and the replicas that
 * have them. Throws PodtrustError `usage` for names that Kubernetes would not take.
 */
export function operatorObjects(spec: OperatorSpec): readonly object[] {
  const { namespace, name, evictPerMinute, failurePolicy, configMaps, roleMap, keys, pods } = spec;
  const { apiServerPort, monitoringNamespaces } = spec;
  const selector = { "app.kubernetes.io/name": "podtrust-operator", "app.kubernetes.io/instance": name };
  const metadata = { name, namespace, labels: selector };
  const open = spec.webhook ? [webhookPort] : [];
  const ports = { open, admin: adminPort, monitoringNamespaces, apiServerPort, pods };
  const webhook = spec.webhook ? { webhook: { failurePolicy } } : {};
  const objects = [
    ...operatorManifests({
      namespace,
      name,
      evict: evictPerMinute > 0,
      configMaps,
      roleMap,
      keys: keys !== "",
      pods,
      ...webhook,
    }),
    ...(keys === ""
      ? []
      : storeKeyObjects({
          namespace,
          store: keysSecret,
          image: spec.image,
          priorityClass: spec.priorityClass,
          pods,
        })),
    ...configMap(spec, metadata),
    deployment(spec, metadata, selector),
    ...replicaGuards(metadata, selector, ports),
  ];
  return withLabels(objects, pods.commonLabels);
}
