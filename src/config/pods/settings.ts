import { z } from "zod";
import { recordOf } from "../../core/base/index.ts";
import { readYaml } from "../../core/yaml/index.ts";

/**
 * Settings of pods by the cluster's administrator, in the terms of Kubernetes (core/v1 PodSpec). Empty ones
 * are left to Kubernetes, or to podtrust's defaults.
 */
export interface PodSettings {
  readonly imagePullPolicy: "" | "Always" | "IfNotPresent" | "Never";
  /** Also of the pods' ServiceAccount. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  /** Beside podtrust's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly object[];
  readonly affinity: object;
  /** In place of podtrust's own, which spread pods over nodes and zones. */
  readonly topologySpreadConstraints: readonly object[];
  readonly resources: object;
  /** Environment variables without secrets, such as a proxy's address. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether debug lines are logged too. */
  readonly verbose: boolean;
}

export const defaultPodSettings: PodSettings = {
  imagePullPolicy: "",
  imagePullSecrets: [],
  labels: {},
  annotations: {},
  nodeSelector: {},
  tolerations: [],
  affinity: {},
  topologySpreadConstraints: [],
  resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "320Mi" } },
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

const schema = z.strictObject({
  imagePullPolicy: z
    .enum(["", "Always", "IfNotPresent", "Never"])
    .meta({ description: "When nodes pull the image; empty: Kubernetes' default." }),
  imagePullSecrets: z
    .array(named)
    .max(16)
    .meta({ description: "Secrets with credentials of the image's registry." }),
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

/** Reads settings from YAML. Gives them with their defaults, or every mistake with its line. */
export function parsePodSettings(
  text: string,
): { readonly settings: PodSettings } | { readonly problems: readonly PodSettingsProblem[] } {
  const document = readYaml(text, bounds);
  if ("problems" in document) return document;
  const read = schema.partial().safeParse(document.value ?? {});
  const problems = (read.error?.issues ?? []).map(({ path, message }) => ({
    line: document.positionOf(path.map((key) => (typeof key === "number" ? key : String(key)))).line,
    message: `${path.map(String).join(".")}: ${message}`,
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
