import { createHash } from "node:crypto";
import { type JsonRecord, recordOf } from "../../src/core/base/index.ts";
import {
  bindingManifests,
  type BoundParty,
  loadPartyManifests,
  partyNames,
} from "../../src/rules/bindings/index.ts";
import {
  injectionPolicies,
  loadPartyPolicies,
  type PolicyMinor,
  type PolicySpec,
} from "../../src/rules/injection/index.ts";
import { federatedParties, type FederatedParty } from "../../src/rules/oidc/index.ts";
import { operatorObjects, type OperatorSpec } from "../../src/operator/index.ts";
import { publisherObjects, type PublisherSpec } from "../../src/publisher/index.ts";
import { oneOf, present, whether } from "./choices.ts";
import type { OptionalMarks } from "./emit.ts";
import { commonLabels, labelled } from "./labels.ts";
import type { ChartPart } from "./template.ts";

/** What Helm fills in, by its path in the values; each text is one that Kubernetes would take in its place. */
const shared = {
  namespace: "zz-space",
  image: "zz-image",
  priorityClass: "zz-priority",
  // A list, of which the objects know no more than that it is one.
  monitoringNamespaces: "zz-monitoring",
  apiServerPort: 98_761,
} as const;

type Filled = Readonly<Record<string, string | number>>;

const marksOf = (filled: Filled, within = ""): (readonly [string, string])[] =>
  Object.entries(filled).map(([key, mark]) => [
    String(mark),
    mark === shared.image
      ? 'include "podtrust.image" $'
      : `.Values.${within}${key}${typeof mark === "number" ? " | int" : ""}`,
  ]);

const filledPublisher = {
  name: "zz-publisher",
  replicas: 98_762,
  config: "zz-config",
  acmeCa: "zz-acme-ca",
  acmeFallbackCa: "zz-acme-fallback-ca",
  environmentSecret: "zz-environment",
  certificateSecret: "zz-certificate",
} as const;

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** As publisher/manifests/ makes it of these three. */
const publisherDigest = digestOf(
  filledPublisher.config + filledPublisher.acmeCa + filledPublisher.acmeFallbackCa,
);

/** The port of a proxy that the pods' variables name. */
const proxyPort = 61_111;

/** What a person may set of pods: each stands in the objects as one text, or as a map of one. */
const filledPods = {
  imagePullPolicy: "zz-pull-policy",
  imagePullSecrets: "zz-pull-secrets",
  labels: { "zz-labels": "zz-labels" },
  annotations: { "zz-annotations": "zz-annotations" },
  nodeSelector: "zz-node-selector",
  tolerations: "zz-tolerations",
  affinity: "zz-affinity",
  resources: "zz-resources",
  serviceAccountAnnotations: { "zz-account-annotations": "zz-account-annotations" },
  securityContext: { "zz-pod-security": "zz-pod-security" },
  containerSecurityContext: { "zz-container-security": "zz-container-security" },
  volumes: ["zz-volumes"],
  volumeMounts: ["zz-volume-mounts"],
  // All variables as one; that of a proxy, from which a rule of the network is made, is none of its own.
  env: Object.defineProperty({ "zz-variables": "zz-variables" }, "HTTPS_PROXY", {
    value: `http://zz-proxy:${proxyPort}`,
  }),
} as const;

/** What podtrust sets itself, and a person may repeat: it is written once. */
const ownSecurity: Readonly<Record<string, readonly string[]>> = {
  securityContext: ["runAsNonRoot", "seccompProfile"],
  containerSecurityContext: ["allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"],
};

const settingOf = (part: string, key: string): string => {
  const value = `.Values.${part}.pods.${key}`;
  const own = ownSecurity[key];
  return own === undefined ? value : `omit ${value} ${own.map((one) => JSON.stringify(one)).join(" ")}`;
};

const optionalMarks = (part: string): OptionalMarks =>
  new Map([
    ...commonLabels,
    [shared.priorityClass, ".Values.priorityClass"],
    [String(proxyPort), `include "podtrust.proxyPort" .Values.${part}.pods.env | int`],
    ...Object.entries(filledPods).map(([key, mark]): [string, string] => [
      typeof mark === "string" ? mark : String(Object.values(mark)[0]),
      settingOf(part, key),
    ]),
  ]);

const spreadMark = "zz-spread";

/** What of the settings decides the shape of objects. */
const podChoices = (part: string) => [
  [present("spread", spreadMark, "", `.Values.${part}.pods.topologySpreadConstraints`)],
  [whether("verbose", `.Values.${part}.pods.verbose`)],
  [whether("networkPolicy", `.Values.${part}.pods.networkPolicy`)],
  [whether("podDisruptionBudget", `.Values.${part}.pods.podDisruptionBudget`)],
];

const podsOf = ({ spread, ...chosen }: Readonly<Record<string, unknown>>): object => ({
  ...filledPods,
  topologySpreadConstraints: spread,
  commonLabels: Object.fromEntries([...commonLabels.keys()].map((mark) => [mark, mark])),
  hostNetwork: false,
  ...chosen,
});

const publisher: ChartPart = {
  source: "src/publisher/manifests/",
  wanted: ".Values.publisher.enabled",
  required: {
    image: "podtrust manifests publisher --values prints it",
    "publisher.config": "podtrust manifests publisher --values prints it",
  },
  marks: new Map([
    ...marksOf(shared),
    ...marksOf(filledPublisher, "publisher."),
    [
      publisherDigest,
      'printf "%s%s%s" .Values.publisher.config .Values.publisher.acmeCa .Values.publisher.acmeFallbackCa | sha256sum',
    ],
    [spreadMark, ".Values.publisher.pods.topologySpreadConstraints"],
  ]),
  optional: optionalMarks("publisher"),
  choices: [
    [
      oneOf("expose", ".Values.publisher.expose", ["load-balancer", "node-port", "host-port"]),
      oneOf("mode", ".Values.publisher.mode", ["https-and-http", "https", "s3"]),
    ],
    [
      present(
        "certificateSecret",
        filledPublisher.certificateSecret,
        "",
        ".Values.publisher.certificateSecret",
      ),
    ],
    ...podChoices("publisher"),
  ],
  objects: (chosen) =>
    publisherObjects({
      ...shared,
      ...filledPublisher,
      ...chosen,
      pods: podsOf(chosen),
    } as unknown as PublisherSpec),
};

const bound = Object.keys(partyNames) as readonly BoundParty[];
const boundRows = new Map(
  await Promise.all(bound.map(async (one) => [one, (await loadPartyManifests([one]))[0]] as const)),
);
const rowsOf = (parties: readonly BoundParty[]) => parties.flatMap((one) => boundRows.get(one) ?? []);

/** Relying parties whose bindings come where they are asked for, beside AWS's. */
const boundBeside = bound.filter((one) => one !== "aws");
const besideValue = (one: BoundParty): string => `.Values.bindings.${one}`;

/** Whose bindings are chosen. */
const boundOf = (chosen: Readonly<Record<string, unknown>>): readonly BoundParty[] =>
  chosen["bindings"] === true ? ["aws", ...boundBeside.filter((one) => chosen[one] === true)] : [];

const filledOperator = {
  name: "zz-operator",
  replicas: 98_763,
  evictPerMinute: 98_764,
  failurePolicy: "zz-failure-policy",
  roleMap: "zz-map",
  role: "zz-role",
  environmentSecret: "zz-environment",
} as const;

const filledKeys = "zz-keys";

/** The provider's name has the form of one: nothing else is given a token. */
const filledGoogle = {
  provider: "projects/98765/locations/global/workloadIdentityPools/zz-pool/providers/zz-provider",
  audience: "zz-google-audience",
} as const;

const operator: ChartPart = {
  source: "src/operator/",
  wanted: ".Values.operator.enabled",
  required: { image: "podtrust manifests operator --values prints it" },
  refused: {
    "and .Values.operator.pods.hostNetwork (not .Values.operator.webhook)":
      "operator.pods.hostNetwork is for the webhook alone: set operator.webhook too, or leave it out",
  },
  marks: new Map([
    ...marksOf(shared),
    ...marksOf(filledOperator, "operator."),
    ...marksOf({ keys: filledKeys }, "operator."),
    ...marksOf(filledGoogle, "operator.google."),
    [digestOf(filledKeys), ".Values.operator.keys | sha256sum"],
    [spreadMark, ".Values.operator.pods.topologySpreadConstraints"],
  ]),
  optional: optionalMarks("operator"),
  choices: [
    [present("evictPerMinute", filledOperator.evictPerMinute, 0, ".Values.operator.evictPerMinute")],
    [whether("canary", ".Values.operator.canary")],
    [
      whether("bindings", ".Values.bindings.enabled"),
      ...boundBeside.map((one) => whether(one, besideValue(one))),
    ],
    [
      whether("webhook", ".Values.operator.webhook"),
      whether("hostNetwork", ".Values.operator.pods.hostNetwork"),
    ],
    [
      whether(
        "configMaps",
        // Policies of that mode inject nothing without them.
        '(or .Values.operator.configMaps (and .Values.injection.enabled (eq .Values.injection.mode "configmap")))',
      ),
    ],
    [present("roleMap", filledOperator.roleMap, "", ".Values.operator.roleMap")],
    [present("role", filledOperator.role, "", ".Values.operator.role")],
    [
      {
        // Keys are uploaded by the same token: three ways, and not four.
        key: "atGoogle",
        options: [
          { value: { keys: filledKeys, google: filledGoogle }, when: ".Values.operator.keys" },
          {
            value: { keys: "", google: filledGoogle },
            when: "and (not .Values.operator.keys) .Values.operator.google.provider",
          },
          {
            value: { keys: "", google: { provider: "", audience: "" } },
            when: "not (or .Values.operator.keys .Values.operator.google.provider)",
          },
        ],
      },
    ],
    ...podChoices("operator"),
  ],
  objects: ({ atGoogle, ...chosen }) =>
    operatorObjects({
      ...shared,
      ...filledOperator,
      ...chosen,
      ...recordOf(atGoogle),
      bindings: boundOf(chosen),
      tokens: rowsOf(boundOf(chosen)).flatMap(({ ownToken }) => ownToken ?? []),
      pods: podsOf({ ...chosen, hostNetwork: chosen["webhook"] === true && chosen["hostNetwork"] === true }),
    } as unknown as OperatorSpec),
};

const kubernetes = {
  key: "kubernetes",
  options: [
    { value: "1.36", when: 'semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version' },
    { value: "1.35", when: 'semverCompare "<1.36.0-0" .Capabilities.KubeVersion.Version' },
  ],
};

const audience = "zz-audience";

const bindings: ChartPart = {
  source: "src/rules/bindings/manifests/",
  wanted: ".Values.bindings.enabled",
  marks: new Map([
    ["zz-space", ".Values.namespace"],
    ["zz-operator", ".Values.operator.name"],
    [
      JSON.stringify(audience),
      '.Values.bindings.audiences | toJson | trimPrefix "[" | trimSuffix "]" | replace "," ", "',
    ],
    [audience, 'join " or " .Values.bindings.audiences'],
  ]),
  choices: [[kubernetes, ...boundBeside.map((one) => whether(one, besideValue(one)))]],
  optional: commonLabels,
  objects: ({ kubernetes: minor, ...chosen }) =>
    labelled(
      bindingManifests({
        namespace: "zz-space",
        name: "zz-operator",
        audiences: [audience],
        kubernetes: minor as PolicyMinor,
        rows: rowsOf(boundOf({ ...chosen, bindings: true })),
      }),
    ),
};

const parties = await Promise.all(
  federatedParties.map(async (name) => ({ name, injection: await loadPartyPolicies(name) })),
);

/** The policies that are chosen: of AWS always, of others where they are asked for. */
function injectionObjects(
  chosen: PolicySpec & Readonly<Record<FederatedParty, boolean>>,
): readonly JsonRecord[] {
  const others = parties.filter(({ name }) => chosen[name]);
  const all = [...injectionPolicies(chosen), ...others.flatMap(({ injection: of }) => of.policies(chosen))];
  // What bounds the namespaces of the mode serviceaccounts comes with each.
  const names = all.map(({ kind, metadata }) => `${String(kind)} ${String(recordOf(metadata)["name"])}`);
  return all.filter((_, index) => names.indexOf(names[index] ?? "") === index);
}

const injection: ChartPart = {
  source: "src/rules/injection/policy/",
  wanted: ".Values.injection.enabled",
  required: {
    "injection.mode":
      "choose configmap (a pod's price is the same whatever the namespace; the operator keeps ConfigMaps), or serviceaccounts " +
      "(no operator; a pod's price grows with the namespace's ServiceAccounts, so only where a label and a ResourceQuota bound them)",
  },
  marks: new Map(),
  choices: [
    [
      oneOf("mode", ".Values.injection.mode", ["serviceaccounts", "configmap"]),
      kubernetes,
      whether("deny", ".Values.injection.deny"),
      whether("warn", ".Values.injection.warn"),
      whether("gcp", ".Values.injection.gcp"),
      whether("azure", ".Values.injection.azure"),
      whether("openbao", ".Values.injection.openbao"),
    ],
  ],
  optional: commonLabels,
  objects: (chosen) =>
    labelled(injectionObjects(chosen as unknown as Parameters<typeof injectionObjects>[0])),
};

/** The parts of the chart, by the names of their templates. */
export const chartParts = { publisher, operator, bindings, injection } as const;
