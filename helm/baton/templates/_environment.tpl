{{/* Everything that the process is told. Secrets come as files, never as variables. */}}
{{- define "baton.environment" -}}
- name: BATON_HOST
  value: 0.0.0.0
- name: BATON_PORT
  value: "8080"
- name: BATON_HEALTH_PORT
  value: "8081"
- name: BATON_LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: BATON_CAPACITY
  value: {{ int .Values.capacity | quote }}
- name: BATON_SESSION_TTL_MS
  value: {{ mul (int .Values.session.ttlSeconds) 1000 | quote }}
{{- with .Values.allowedOrigins }}
- name: BATON_ALLOWED_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.advertisedUrl }}
- name: BATON_ADVERTISED_URL
  value: {{ . | quote }}
{{- end }}
{{ include "baton.identityEnvironment" . }}
{{ include "baton.redisEnvironment" . }}
{{ include "baton.authEnvironment" .Values.auth.tokens }}
{{ include "baton.drainEnvironment" .Values.drain }}
{{- end -}}

{{- define "baton.identityEnvironment" -}}
- name: BATON_POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: BATON_NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: BATON_WORKLOAD
  value: $(POD_NAMESPACE)/{{ include "baton.fullname" . }}
- name: BATON_REVISION
  valueFrom: {fieldRef: {fieldPath: "metadata.labels['pod-template-hash']"}}
{{- end -}}

{{- define "baton.redisEnvironment" -}}
- name: BATON_REDIS_URL
  value: {{ include "baton.redisUrl" . | quote }}
{{- if .Values.redis.existingSecret }}
- name: BATON_REDIS_PASSWORD_FILE
  value: /etc/baton/redis/password
{{- end }}
{{- end -}}

{{- define "baton.authEnvironment" -}}
{{- if eq .key "secret" -}}
- name: BATON_TOKEN_SECRET_FILE
  value: /etc/baton/auth/token-secret
{{- else -}}
- name: BATON_TOKEN_PUBLIC_KEY_FILE
  value: /etc/baton/auth/token-public-key
{{- end }}
- name: BATON_TOKEN_ALGORITHMS
  value: {{ join "," .algorithms | quote }}
- name: BATON_TOKEN_ISSUER
  value: {{ .issuer | quote }}
- name: BATON_TOKEN_AUDIENCE
  value: {{ .audience | quote }}
- name: BATON_RESUME_KEYS_FILE
  value: /etc/baton/auth/resume-keys
- name: BATON_API_KEYS_FILE
  value: /etc/baton/auth/api-keys.json
{{- end -}}

{{- define "baton.drainEnvironment" -}}
- name: BATON_DRAIN_GRACE_MS
  value: {{ mul (int .graceSeconds) 1000 | quote }}
- name: BATON_DRAIN_PRE_STOP_MS
  value: {{ mul (int .preStopSeconds) 1000 | quote }}
- name: BATON_DRAIN_HOLD_MS
  value: {{ mul (int .holdSeconds) 1000 | quote }}
- name: BATON_DRAIN_HAND_OVER_MS
  value: {{ mul (int .handOverSeconds) 1000 | quote }}
- name: BATON_DRAIN_CLOSE_MS
  value: {{ mul (int .closeSeconds) 1000 | quote }}
- name: BATON_DRAIN_RESERVE_MS
  value: {{ mul (int .reserveSeconds) 1000 | quote }}
{{- end -}}
