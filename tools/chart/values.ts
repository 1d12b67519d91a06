import { defaultPodSettings, ownLabels, podSettingsJsonSchema } from "../../src/config/index.ts";
import { recordOf } from "../../src/core/base/index.ts";
import { yamlText } from "../../src/core/yaml/index.ts";
import { roleArnForm } from "../../src/rules/oidc/index.ts";

const text = (description: string, more: object = {}): object => ({ type: "string", description, ...more });
const flag = (description: string): object => ({ type: "boolean", description });
const whole = (minimum: number, maximum: number, description: string): object => ({
  type: "integer",
  minimum,
  maximum,
  description,
});

/** Every value has a default: a release of an earlier chart (`--reuse-values`) has not all of them. */
const section = (properties: Readonly<Record<string, object>>): object => ({
  type: "object",
  additionalProperties: false,
  properties,
});

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const name = { pattern: `^${label}$` };
const subdomain = { pattern: `^${label}(?:\\.${label})*$`, maxLength: 253 };

const googleProvider =
  "projects/[0-9]{1,20}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}";

const settings = podSettingsJsonSchema()["properties"] as Record<string, object>;
const podLabels = recordOf(settings["labels"]);

/** As the file of --pods has them, but for what all parts share. What is left out of a release's values has values.yaml's. */
const pods = (what: string, more: Readonly<Record<string, object>> = {}): object => {
  const { commonLabels: _, ...own } = settings;
  const labels = { ...podLabels, not: { anyOf: ownLabels.map((key) => ({ required: [key] })) } };
  return { ...section({ ...own, labels, ...more }), description: what };
};

const publisher = section({
  enabled: flag("Whether the publisher runs here."),
  name: text("Name of all its objects.", name),
  replicas: whole(1, 9, "Number of pods."),
  expose: {
    enum: ["load-balancer", "node-port", "host-port"],
    description: "How the world reaches the pods.",
  },
  mode: { enum: ["https-and-http", "https", "s3"], description: "What the pods answer on." },
  way: {
    enum: ["https-and-http", "https", "s3"],
    description: "What mode was called before: it counts where mode is absent.",
  },
  config: text("The pods' podtrust.yaml."),
  acmeCa: text("PEM of the roots of a private CA's own HTTPS."),
  acmeFallbackCa: text("The same of the second CA."),
  environmentSecret: text("A Secret with environment variables, which may be absent.", subdomain),
  certificateSecret: text("A Secret of type kubernetes.io/tls to serve with; empty for ACME."),
  pods: pods("Settings of the publisher's pods, in Kubernetes' own words.", {
    hostNetwork: {
      const: false,
      description:
        "For the operator's webhook alone: it would open metrics and status to all who reach a node.",
    },
  }),
});

const operator = section({
  enabled: flag("Whether the operator runs here."),
  name: text("Name of all its objects.", name),
  replicas: whole(1, 9, "Number of pods: one leads, all follow."),
  evictPerMinute: whole(0, 9999, "Faulty pods that it may evict in a minute; 0 for none."),
  canary: flag("Whether it tries injection once a minute."),
  webhook: flag("Whether it gives pods their roles by a webhook: on Kubernetes 1.35, or for a role map."),
  failurePolicy: {
    enum: ["Ignore", "Fail"],
    description: "What becomes of new pods while no replica answers the webhook.",
  },
  configMaps: flag("Whether it keeps the ConfigMaps that injection in the mode configmap needs."),
  roleMap: text("A ConfigMap of its namespace with roles by the names of ServiceAccounts; empty for none.", {
    pattern: `^(?:${label}(?:\\.${label})*)?$`,
    maxLength: 253,
  }),
  role: text("ARN of its own IAM role, for bindings; empty where its credentials come otherwise.", {
    pattern: `^$|${roleArnForm.source}`,
  }),
  keys: text("The podtrust.yaml by which it uploads the cluster's keys; empty where it uploads none."),
  google: section({
    provider: text(
      "Google's provider that takes the pods' own token, for keys and bindings; empty where their credentials come otherwise.",
      { pattern: `^(?:${googleProvider})?$` },
    ),
    audience: text("What that token is for; empty without a provider.", { pattern: "^[!-~]{0,256}$" }),
  }),
  environmentSecret: text("A Secret with environment variables, which may be absent.", subdomain),
  pods: pods("Settings of the operator's pods, in Kubernetes' own words."),
});

const injection = section({
  enabled: flag("Whether the API server gives pods their roles, by admission policies."),
  mode: {
    enum: ["", "configmap", "serviceaccounts"],
    description: "Where the policies read what pods get: has to be chosen, since their prices differ.",
  },
  warn: flag("Whether the client that creates a pod is warned if it gets no role."),
  deny: flag("Whether a pod that should have a role, or asks for a token, and got none is refused."),
  gcp: flag("Whether pods get credentials for Google Cloud too, where their ServiceAccount asks."),
  azure: flag("Whether pods get credentials for Azure too, where their ServiceAccount asks."),
  openbao: flag("Whether pods get OpenBao's token too, where they ask."),
});

const bindings = section({
  enabled: flag("Whether the cluster knows AWSRoleBinding and AWSTrust, and the operator reconciles them."),
  azure: flag("Whether it knows AzureIdentityBinding and AzureTrust too, and the operator reconciles them."),
  gcp: flag("Whether it knows GCPServiceAccountBinding and GCPTrust too, and the operator reconciles them."),
  audiences: {
    type: "array",
    minItems: 1,
    maxItems: 8,
    uniqueItems: true,
    items: { type: "string", pattern: "^[\\w.:/-]{1,255}$" },
    description: "Audiences of the tokens that the operator may ask for.",
  },
});

const monitoring = section({
  podMonitors: flag("Whether PodMonitors are made: their definition has to be there."),
  alerts: flag("Whether PrometheusRules are made: their definition has to be there."),
  dashboards: flag("Whether ConfigMaps with Grafana's dashboards are made."),
  labels: {
    ...podLabels,
    description: "Labels of PodMonitors and PrometheusRules, by which a Prometheus chooses them.",
  },
  signer: flag(
    "Whether alerts and dashboard of podtrust signer are among them: it runs beside the API server.",
  ),
});

const properties = {
  namespace: text("Namespace of all objects: that of the release.", name),
  image: text("podtrust's image."),
  apiServerPort: whole(1, 65_535, "Port of the API server itself."),
  monitoringNamespaces: {
    type: "array",
    minItems: 1,
    maxItems: 16,
    uniqueItems: true,
    items: { type: "string", ...name },
    description: "Namespaces whose pods may read metrics and status.",
  },
  priorityClass: text("PriorityClass of all pods; empty for none.", {
    pattern: `^(?:${label}(?:\\.${label})*)?$`,
  }),
  commonLabels: recordOf(settings["commonLabels"]),
  publisher,
  operator,
  injection,
  bindings,
  monitoring,
} as const;

/** Of all charts of a release, others' too: what is not ours is theirs. */
const global = {
  type: "object",
  properties: {
    imageRegistry: text("A registry in place of the one that the image names; empty for that one.", {
      pattern: "^(?:[\\w.-]{1,253}(?::[0-9]{1,5})?(?:/[\\w.-]{1,128})*)?$",
    }),
  },
};

/** JSON Schema of the values, by which Helm refuses whatever is none. */
export const valuesSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  additionalProperties: false,
  properties: { ...properties, global },
};

const { commonLabels, ...ofPods } = defaultPodSettings;
const podsText = yamlText({ pods: ofPods }).replaceAll(/^(?=.)/gmu, "  ");

/** The values of who says nothing: no part is there that was not asked for. */
export const valuesText = `# Every part is off until it is asked for. What is empty here podtrust prints, part by part:
#   podtrust manifests operator --image IMAGE --values > operator.yaml
#   podtrust manifests publisher --image IMAGE --values > publisher.yaml
#   helm install podtrust deploy/chart --namespace podtrust --create-namespace \\
#     --values operator.yaml --values publisher.yaml --set injection.enabled=true --set injection.mode=configmap
namespace: podtrust
image: ""
# Of the API server itself, behind its Service: rules of the network see that one.
apiServerPort: 6443
# Whose pods may read metrics and status, by rules of the network; never all.
monitoringNamespaces: [monitoring]
priorityClass: ""
# Of all objects. Those of pods are below operator.pods and publisher.pods.
${yamlText({ commonLabels })}
# Makes the cluster's public keys public.
publisher:
  enabled: false
  name: podtrust-publisher
  replicas: 2
  expose: load-balancer
  mode: https-and-http
  config: ""
  acmeCa: ""
  acmeFallbackCa: ""
  environmentSecret: podtrust-publisher-environment
  certificateSecret: ""
${podsText}
# Finds pods that were not injected, tries injection once a minute, reconciles bindings.
operator:
  enabled: false
  name: podtrust-operator
  replicas: 2
  evictPerMinute: 0
  canary: true
  # Gives pods their roles where the API server does not: on Kubernetes 1.35 without its gate.
  webhook: false
  failurePolicy: Ignore
  configMaps: false
  roleMap: ""
  role: ""
  # Uploads the cluster's keys to Google if no publisher does: podtrust manifests operator --keys prints this.
  keys: ""
  # The pods' own token for Google, for keys and bindings: --keys prints this too, or --google-provider.
  google:
    provider: ""
    audience: ""
  environmentSecret: podtrust-operator-environment
${podsText}
# Lets the API server give pods their roles; needs no pod of podtrust's in the mode serviceaccounts.
injection:
  enabled: false
  # configmap: a pod's price does not grow with its namespace's ServiceAccounts; the operator keeps a ConfigMap in each.
  # serviceaccounts: their annotation alone, in namespaces labelled podtrust.dev/injection=serviceaccounts.
  mode: ""
  warn: true
  deny: false
  # Other relying parties, for pods that ask.
  gcp: false
  azure: false
  openbao: false

# AWSRoleBinding and AWSTrust. Their definitions stay when the release goes.
bindings:
  enabled: false
  # AzureIdentityBinding and AzureTrust too.
  azure: false
  # GCPServiceAccountBinding and GCPTrust too.
  gcp: false
  audiences: [sts.amazonaws.com]

monitoring:
  # For clusters that have Prometheus's operator.
  podMonitors: false
  alerts: false
  # ConfigMaps that Grafana's sidecar finds by their label.
  dashboards: false
  # Of PodMonitors and PrometheusRules: kube-prometheus-stack chooses them by its release.
  labels: {}
  # Alerts and dashboard of podtrust signer too, which runs beside the API server and not here.
  signer: false
`;
