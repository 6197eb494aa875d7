{{/* What pods are told of the Kubernetes API. */}}
{{- define "baton.kubernetesEnvironment" -}}
- name: BATON_KUBERNETES
  value: {{ .Values.kubernetes.enabled | quote }}
{{- if .Values.kubernetes.enabled }}
- name: BATON_KUBERNETES_NAMESPACE
  value: $(POD_NAMESPACE)
- name: BATON_KUBERNETES_SERVICE
  value: {{ include "baton.fullname" . }}
- name: BATON_KUBERNETES_DEPLOYMENT
  value: {{ include "baton.fullname" . }}
- name: BATON_KUBERNETES_EVENTS
  value: {{ .Values.kubernetes.events | quote }}
- name: BATON_KUBERNETES_DELETION_COST
  value: {{ .Values.kubernetes.deletionCost | quote }}
- name: BATON_KUBERNETES_API_URL
  value: https://kubernetes.default.svc
- name: BATON_KUBERNETES_TOKEN_FILE
  value: /var/run/secrets/kubernetes.io/serviceaccount/token
- name: BATON_KUBERNETES_CA_FILE
  value: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
{{- end }}
{{- end -}}
