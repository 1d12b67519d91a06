import { z } from "zod";
import { recordOf } from "../../core/base/index.ts";
import { readYaml } from "../../core/yaml/index.ts";
import { containerSecurity, defaultPodSecurity, type PodSecurity, podSecurity } from "./security.ts";
import { volumeMounts, volumes } from "./volumes.ts";

/**
 * Settings of pods by the cluster's administrator, in the terms of Kubernetes (core/v1 PodSpec). Empty ones
 * are left to Kubernetes, or to podtrust's defaults.
 */
export interface PodSettings {
  readonly imagePullPolicy: "" | "Always" | "IfNotPresent" | "Never";
  /** Also of the pods' ServiceAccount. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  /** Of all objects of what runs in the pods; those of pods are `labels`. */
  readonly commonLabels: Readonly<Record<string, string>>;
  /** Of the pods' own ServiceAccount. */
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
  /** Beside podtrust's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly object[];
  readonly affinity: object;
  /** In place of podtrust's own, which spread pods over nodes and zones. */
  readonly topologySpreadConstraints: readonly object[];
  readonly resources: object;
  readonly securityContext: PodSecurity;
  readonly containerSecurityContext: object;
  /** Beside podtrust's own. */
  readonly volumes: readonly object[];
  readonly volumeMounts: readonly object[];
  /** Whether the operator's pods have their node's network, for its webhook. */
  readonly hostNetwork: boolean;
  readonly networkPolicy: boolean;
  readonly podDisruptionBudget: boolean;
  /** Environment variables without secrets, such as a proxy's address. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether debug lines are logged too. */
  readonly verbose: boolean;
}

export const defaultPodSettings: PodSettings = {
  imagePullPolicy: "",
  imagePullSecrets: [],
  commonLabels: {},
  serviceAccountAnnotations: {},
  labels: {},
  annotations: {},
  nodeSelector: {},
  tolerations: [],
  affinity: {},
  topologySpreadConstraints: [],
  resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "320Mi" } },
  securityContext: defaultPodSecurity,
  containerSecurityContext: {},
  volumes: [],
  volumeMounts: [],
  hostNetwork: false,
  networkPolicy: true,
  podDisruptionBudget: true,
  env: {},
  verbose: false,
};

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
const qualifiedName = /^(?:[a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/u;
const labelValue = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/u;
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
const quantity = /^\d{1,18}(?:\.\d{1,9})?(?:[EPTGMk]i?|Ki|m)?$/u;
const variable = /^[A-Za-z_]\w{0,127}$/u;
const subdomain = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u;

const named = z.strictObject({ name: z.string().regex(subdomain) });
const quantities = z.record(
  z.string().regex(qualifiedName),
  z.union([z.string().regex(quantity), z.number().nonnegative()]),
);
const texts = (key: RegExp, value: z.ZodString): z.ZodType<Record<string, string>> =>
  z.record(z.string().regex(key), value);
const open = z.record(z.string(), z.unknown());

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal", "Lt", "Gt"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.int().optional(),
});

/** The label keys by which podtrust's objects find their pods. */
export const ownLabels: readonly string[] = ["app.kubernetes.io/name", "app.kubernetes.io/instance"];

/**
 * Labels of podtrust's objects, and such as give rights: a ClusterRole that is labelled for aggregation is part of another, and a
 * namespace says by labels which pods it takes.
 */
const takenLabel =
  /^(?:app\.kubernetes\.io\/(?:name|instance|component)|grafana_dashboard|(?:rbac\.authorization\.k8s\.io|pod-security\.kubernetes\.io|podtrust\.dev)\/.*)$/u;

const commonLabel = z
  .string()
  .regex(qualifiedName)
  .refine((key) => !takenLabel.test(key), "podtrust's objects have this label, or it gives rights")
  .meta({ not: { pattern: takenLabel.source } });

const schema = z.strictObject({
  imagePullPolicy: z
    .enum(["", "Always", "IfNotPresent", "Never"])
    .meta({ description: "When nodes pull the image; empty: Kubernetes' default." }),
  imagePullSecrets: z
    .array(named)
    .max(16)
    .meta({ description: "Secrets with credentials of the image's registry." }),
  commonLabels: z.record(commonLabel, z.string().regex(labelValue)).meta({
    description:
      "Labels of all objects; those of pods are labels. Refused are podtrust's own, and those that give rights, such as of aggregated ClusterRoles.",
  }),
  serviceAccountAnnotations: texts(qualifiedName, z.string().max(65_536)).meta({
    description: "Annotations of the pods' own ServiceAccount, such as a role of a cloud.",
  }),
  labels: texts(qualifiedName, z.string().regex(labelValue)).meta({
    description: "More labels of the pods.",
  }),
  annotations: texts(qualifiedName, z.string().max(65_536)).meta({
    description: "More annotations of the pods.",
  }),
  nodeSelector: texts(qualifiedName, z.string().regex(labelValue)).meta({
    description: "Labels that nodes must have.",
  }),
  tolerations: z.array(toleration).max(64).meta({ description: "Taints of nodes that the pods tolerate." }),
  affinity: z
    .strictObject({
      nodeAffinity: open.optional(),
      podAffinity: open.optional(),
      podAntiAffinity: open.optional(),
    })
    .meta({ description: "Affinity of the pods." }),
  topologySpreadConstraints: z
    .array(open)
    .max(16)
    .meta({ description: "In place of podtrust's own, over nodes and zones." }),
  resources: z
    .strictObject({
      requests: quantities.optional(),
      limits: quantities.optional(),
      claims: z.array(named).optional(),
    })
    .meta({ description: "Requests and limits of the container." }),
  securityContext: podSecurity,
  containerSecurityContext: containerSecurity,
  volumes,
  volumeMounts,
  hostNetwork: z.boolean().meta({
    description:
      "Whether the operator's pods have their node's network, for API servers that reach nodes and no pods: for its webhook alone. Rules of the network do not hold there, so metrics and status are then answered on the node itself alone.",
  }),
  networkPolicy: z.boolean().meta({
    description:
      "Whether there is a NetworkPolicy. Without one every pod may read metrics and status: have another rule.",
  }),
  podDisruptionBudget: z.boolean().meta({
    description: "Whether there is a PodDisruptionBudget. Without one a drain may take all replicas at once.",
  }),
  env: texts(variable, z.string().max(65_536)).meta({
    description: "Environment variables that are no secrets, such as HTTPS_PROXY.",
  }),
  verbose: z.boolean().meta({ description: "Whether debug lines are logged too." }),
});

/**
 * The settings' JSON Schema (draft 7, as Helm reads it).
 *
 * @internal
 */
export function podSettingsJsonSchema(): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-7", reused: "inline" });
  return rest;
}

/** A mistake in a file of settings. */
export interface PodSettingsProblem {
  readonly line: number;
  /** `tolerations.0.effect is not accepted: …` */
  readonly message: string;
}

const bounds = { bytes: 256 * 1024, depth: 40, tokens: 50_000 } as const;

/** Maps are joined key by key, as Helm joins values; everything else takes the default's place. */
function joined(standard: object, given: object): object {
  const isMap = (value: unknown): value is object =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const before = Object.entries(standard);
  const entries = Object.entries(given).map(([key, value]: [string, unknown]): [string, unknown] => {
    const at = before.find(([name]) => name === key)?.[1] as unknown;
    return [key, isMap(at) && isMap(value) ? joined(at, value) : value];
  });
  return { ...standard, ...Object.fromEntries(entries) };
}

/** What is wrong: of a key the reason why it is none. */
const wordsOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined) ?? issue.message;

/** Reads settings from YAML. Gives them with their defaults, or every mistake with its line. */
export function parsePodSettings(
  text: string,
): { readonly settings: PodSettings } | { readonly problems: readonly PodSettingsProblem[] } {
  const document = readYaml(text, bounds);
  if ("problems" in document) return document;
  const read = schema.partial().safeParse(document.value ?? {});
  const problems = (read.error?.issues ?? []).map((issue) => ({
    line: document.positionOf(issue.path.map((key) => (typeof key === "number" ? key : String(key)))).line,
    message: `${issue.path.map(String).join(".")}: ${wordsOf(issue)}`,
  }));
  const taken = ownLabels
    .filter((key) => Object.hasOwn(recordOf(recordOf(document.value)["labels"]), key))
    .map((key) => ({
      line: document.positionOf(["labels", key]).line,
      message: `labels.${key}: podtrust's objects find their pods by this label`,
    }));
  const all = [...problems, ...taken].toSorted((a, b) => a.line - b.line);
  if (all.length > 0) return { problems: all };
  return { settings: joined(defaultPodSettings, read.data ?? {}) as PodSettings };
}
