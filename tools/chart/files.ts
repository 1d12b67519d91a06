import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { recordOf } from "../../src/core/base/index.ts";
import { yamlText } from "../../src/core/yaml/index.ts";
import { alerts, podMonitor, prometheusRule, type Watched, type WatchedPods } from "./alerts.ts";
import { dashboard } from "./dashboard.ts";
import { monitoringOf, monitoringOfSigner } from "./monitoring.ts";
import { chartParts } from "./parts.ts";
import { templateOf } from "./template.ts";
import { valuesSchema, valuesText } from "./values.ts";

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

function chartText(version: string): string {
  return yamlText({
    apiVersion: "v2",
    name: "podtrust",
    description:
      "Roles of AWS for the pods of any cluster: the publisher of its public keys, injection by the API server, and the operator",
    type: "application",
    version,
    appVersion: version,
    kubeVersion: ">=1.35.0-0",
  });
}

const defaultValues = recordOf(parse(valuesText));

/**
 * What templates call by name. The values of a release of an earlier chart (`--reuse-values`) come without the defaults of
 * this one: they are filled in key by key, since Sprig's merge takes a `false` for nothing. What a person took out of a setting of
 * pods by `null` stays out. A proxy's port is empty where
 * variables name none, or one behind a port that is open to all anyway.
 */
const helpersText = `{{- /* Made by npm run chart of tools/chart/; edit that. */}}
{{- define "podtrust.values" }}
{{- with .Values.publisher }}{{ if and .way (not (hasKey . "mode")) }}{{ $_ := set . "mode" .way }}{{ end }}{{ end }}
{{- include "podtrust.fill" (list "" .Values (fromJson ${JSON.stringify(JSON.stringify(defaultValues))})) }}
{{- end }}
{{- define "podtrust.fill" }}
{{- $name := index . 0 }}{{ $values := index . 1 }}
{{- range $key, $default := index . 2 }}
{{- if not (hasKey $values $key) }}{{ $_ := set $values $key $default }}
{{- else if and (ne $name "pods") (kindIs "map" $default) (kindIs "map" (get $values $key)) }}{{ include "podtrust.fill" (list $key (get $values $key) $default) }}
{{- end }}
{{- end }}
{{- end }}
{{- define "podtrust.image" -}}
{{- $registry := (.Values.global | default dict).imageRegistry -}}
{{- if $registry }}{{ printf "%s/%s" $registry (regexReplaceAll "^(?:localhost|[^/]*[.:][^/]*)/" .Values.image "") }}{{ else }}{{ .Values.image }}{{ end }}
{{- end }}
{{- define "podtrust.proxyPort" -}}
{{- $proxy := .HTTPS_PROXY | default .https_proxy | default "" | trimSuffix "/" -}}
{{- $port := regexFind ":[0-9]+$" $proxy | trimPrefix ":" | default (hasPrefix "https:" $proxy | ternary "443" "80") -}}
{{- if and $proxy (ne $port "443") }}{{ $port }}{{ end }}
{{- end }}
`;

/** What Helm says after an installation or upgrade: what has to be waited for, and how one sees that it works. */
const notesText = `{{- if .Values.bindings.enabled }}
Wait before the first binding: the API server needs some seconds to learn of the new kinds, and up to half a minute to
judge by them. This ends when it takes bindings:
  podtrust wait bindings
{{- end }}
{{- if .Values.operator.enabled }}
See that the operator runs:
  kubectl rollout status deployment/{{ .Values.operator.name }} --namespace {{ .Release.Namespace }}
{{- end }}
{{- if .Values.publisher.enabled }}
See that the publisher serves:
  kubectl rollout status deployment/{{ .Values.publisher.name }} --namespace {{ .Release.Namespace }}
{{- end }}
`;

const watched = Object.keys(alerts) as readonly Watched[];
const place = (part: Watched) => ({ name: `podtrust-${part}`, namespace: "podtrust" });
const ofPods: readonly WatchedPods[] = ["publisher", "operator"];
const documents = <Part>(of: readonly Part[], object: (part: Part) => object): string =>
  of.map((part) => yamlText(object(part))).join("---\n");

/** Every file of deploy/chart and deploy/monitoring that is made, by its path in the checkout. */
export function deployFiles(checkout: string): ReadonlyMap<string, string> {
  const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { version: string };
  const templates = Object.entries(chartParts).map(([name, part]): [string, string] => [
    `deploy/chart/templates/${name}.yaml`,
    templateOf(part),
  ]);
  const dashboards = watched.flatMap((part): [string, string][] => [
    [`deploy/chart/dashboards/${part}.json`, json(dashboard(part))],
    [`deploy/monitoring/dashboard-${part}.json`, json(dashboard(part))],
  ]);
  return new Map([
    ["deploy/chart/Chart.yaml", chartText(version)],
    ["deploy/chart/values.yaml", valuesText],
    ["deploy/chart/templates/NOTES.txt", notesText],
    ["deploy/chart/templates/_helpers.tpl", helpersText],
    ["deploy/chart/values.schema.json", json(valuesSchema)],
    ...templates,
    [
      "deploy/chart/templates/monitoring.yaml",
      [...ofPods.flatMap(monitoringOf), ...monitoringOfSigner].map(templateOf).join(""),
    ],
    ...dashboards,
    ["deploy/monitoring/alerts.yaml", documents(watched, (part) => prometheusRule(part, place(part)))],
    [
      "deploy/monitoring/pod-monitors.yaml",
      documents(ofPods, (part) => podMonitor(part, place(part), place(part).name)),
    ],
  ]);
}
