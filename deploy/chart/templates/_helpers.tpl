{{- /* Made by npm run chart of tools/chart/; edit that. */}}
{{- define "podtrust.values" }}
{{- with .Values.publisher }}{{ if and .way (not (hasKey . "mode")) }}{{ $_ := set . "mode" .way }}{{ end }}{{ end }}
{{- include "podtrust.fill" (list "" .Values (fromJson "{\"namespace\":\"podtrust\",\"image\":\"\",\"apiServerPort\":6443,\"monitoringNamespaces\":[\"monitoring\"],\"priorityClass\":\"\",\"commonLabels\":{},\"publisher\":{\"enabled\":false,\"name\":\"podtrust-publisher\",\"replicas\":2,\"expose\":\"load-balancer\",\"mode\":\"https-and-http\",\"config\":\"\",\"acmeCa\":\"\",\"acmeFallbackCa\":\"\",\"environmentSecret\":\"podtrust-publisher-environment\",\"certificateSecret\":\"\",\"pods\":{\"imagePullPolicy\":\"\",\"imagePullSecrets\":[],\"serviceAccountAnnotations\":{},\"labels\":{},\"annotations\":{},\"nodeSelector\":{},\"tolerations\":[],\"affinity\":{},\"topologySpreadConstraints\":[],\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"},\"limits\":{\"memory\":\"320Mi\"}},\"securityContext\":{\"runAsUser\":65532,\"runAsGroup\":65532,\"fsGroup\":65532},\"containerSecurityContext\":{},\"volumes\":[],\"volumeMounts\":[],\"hostNetwork\":false,\"networkPolicy\":true,\"podDisruptionBudget\":true,\"env\":{},\"verbose\":false}},\"operator\":{\"enabled\":false,\"name\":\"podtrust-operator\",\"replicas\":2,\"evictPerMinute\":0,\"canary\":true,\"webhook\":false,\"failurePolicy\":\"Ignore\",\"configMaps\":false,\"roleMap\":\"\",\"role\":\"\",\"keys\":\"\",\"google\":{\"provider\":\"\",\"audience\":\"\"},\"environmentSecret\":\"podtrust-operator-environment\",\"pods\":{\"imagePullPolicy\":\"\",\"imagePullSecrets\":[],\"serviceAccountAnnotations\":{},\"labels\":{},\"annotations\":{},\"nodeSelector\":{},\"tolerations\":[],\"affinity\":{},\"topologySpreadConstraints\":[],\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"},\"limits\":{\"memory\":\"320Mi\"}},\"securityContext\":{\"runAsUser\":65532,\"runAsGroup\":65532,\"fsGroup\":65532},\"containerSecurityContext\":{},\"volumes\":[],\"volumeMounts\":[],\"hostNetwork\":false,\"networkPolicy\":true,\"podDisruptionBudget\":true,\"env\":{},\"verbose\":false}},\"injection\":{\"enabled\":false,\"mode\":\"\",\"warn\":true,\"deny\":false,\"gcp\":false,\"azure\":false,\"openbao\":false},\"bindings\":{\"enabled\":false,\"azure\":false,\"gcp\":false,\"audiences\":[\"sts.amazonaws.com\"]},\"monitoring\":{\"podMonitors\":false,\"alerts\":false,\"dashboards\":false,\"labels\":{},\"signer\":false}}")) }}
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
