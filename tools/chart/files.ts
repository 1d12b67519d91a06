import { readFileSync } from "node:fs";
import { join } from "node:path";
import { yamlText } from "../../src/yaml/index.ts";
import { prometheusRule } from "./alerts.ts";
import { dashboard } from "./dashboard.ts";
import { publisherTemplate } from "./templates.ts";

const text = (description: string, more: object = {}): object => ({ type: "string", description, ...more });
const name = { pattern: "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$" };

/** What `podtrust manifests publisher --values` prints, and two switches. */
const properties = {
  namespace: text("Namespace of all objects: that of the release.", name),
  name: text("Name of all objects.", name),
  image: text("podtrust's image."),
  replicas: { type: "integer", minimum: 1, maximum: 9, description: "Number of pods." },
  expose: {
    enum: ["load-balancer", "node-port", "host-port"],
    description: "How the world reaches the pods.",
  },
  way: { enum: ["https-and-http", "https", "s3"], description: "What the pods answer on." },
  apiServerPort: {
    type: "integer",
    minimum: 1,
    maximum: 65_535,
    description: "Port of the API server itself.",
  },
  config: text("The pods' podtrust.yaml."),
  acmeCa: text("PEM of the roots of a private CA's own HTTPS."),
  acmeFallbackCa: text("The same of the second CA."),
  environmentSecret: text("A Secret with environment variables, which may be absent.", { minLength: 1 }),
  certificateSecret: text("A Secret of type kubernetes.io/tls to serve with; empty for ACME."),
  alerts: {
    type: "boolean",
    description: "Whether a PrometheusRule is made: its definition has to be there.",
  },
  dashboard: { type: "boolean", description: "Whether a ConfigMap with Grafana's dashboard is made." },
} as const;

const schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  additionalProperties: false,
  required: Object.keys(properties),
  properties: { ...properties, global: { type: "object" } },
};

const values = `# Made by podtrust manifests publisher --values, whose output takes the place of what is empty here:
#   podtrust manifests publisher --image IMAGE --values > values.yaml
#   helm install podtrust deploy/chart --namespace podtrust --create-namespace --values values.yaml
namespace: podtrust
name: podtrust-publisher
image: ""
replicas: 2
expose: load-balancer
way: https-and-http
apiServerPort: 6443
config: ""
acmeCa: ""
acmeFallbackCa: ""
environmentSecret: podtrust-publisher-environment
certificateSecret: ""
# A PrometheusRule, for clusters that have Prometheus's operator.
alerts: false
# A ConfigMap that Grafana's sidecar finds by its label.
dashboard: false
`;

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

function chartText(version: string): string {
  return yamlText({
    apiVersion: "v2",
    name: "podtrust",
    description:
      "The publisher of a cluster's OIDC discovery document and JWK Set, as replicas in the cluster",
    type: "application",
    version,
    appVersion: version,
    kubeVersion: ">=1.35.0-0",
  });
}

const switched = (value: string, template: string): string =>
  `{{- if .Values.${value} }}\n${template}{{- end }}\n`;

/** A PrometheusRule is full of what Helm would take for its own. */
function alertsTemplate(): string {
  const metadata = { name: "zz-name", namespace: "zz-namespace" };
  const rule = yamlText(prometheusRule(metadata));
  return switched(
    "alerts",
    rule
      .replace("zz-namespace", "{{ .Values.namespace | toJson }}")
      .replace("zz-name", "{{ .Values.name | toJson }}"),
  );
}

const dashboardTemplate = switched(
  "dashboard",
  `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-dashboard" .Values.name | toJson }}
  namespace: {{ .Values.namespace | toJson }}
  labels:
    grafana_dashboard: "1"
data:
  podtrust-publisher.json: {{ .Files.Get "dashboard.json" | toJson }}
`,
);

/** Every file of deploy/chart and deploy/monitoring that is made, by its path in the checkout. */
export function deployFiles(checkout: string): ReadonlyMap<string, string> {
  const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { version: string };
  const namespace = "podtrust";
  return new Map([
    ["deploy/chart/Chart.yaml", chartText(version)],
    ["deploy/chart/values.yaml", values],
    ["deploy/chart/values.schema.json", json(schema)],
    ["deploy/chart/dashboard.json", json(dashboard())],
    ["deploy/chart/templates/publisher.yaml", publisherTemplate()],
    ["deploy/chart/templates/alerts.yaml", alertsTemplate()],
    ["deploy/chart/templates/dashboard.yaml", dashboardTemplate],
    ["deploy/monitoring/alerts.yaml", yamlText(prometheusRule({ name: "podtrust-publisher", namespace }))],
    ["deploy/monitoring/dashboard.json", json(dashboard())],
  ]);
}
