/** What Helm says after an installation or upgrade: what has to be waited for, and how one sees that it works. */
export const notesText = `{{- if .Values.bindings.enabled }}
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
