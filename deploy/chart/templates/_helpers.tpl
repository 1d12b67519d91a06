{{- /* Made by npm run chart of tools/chart/; edit that. */}}
{{- define "podtrust.proxyPort" -}}
{{- $proxy := .HTTPS_PROXY | default .https_proxy | default "" | trimSuffix "/" -}}
{{- $port := regexFind ":[0-9]+$" $proxy | trimPrefix ":" | default (hasPrefix "https:" $proxy | ternary "443" "80") -}}
{{- if and $proxy (ne $port "443") }}{{ $port }}{{ end }}
{{- end }}
