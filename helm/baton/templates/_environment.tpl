{{/* Everything that the process is told. Secrets come as files, never as variables. */}}
{{- define "baton.environment" -}}
- name: BATON_HOST
  value: 0.0.0.0
- name: BATON_PORT
  value: "8080"
- name: BATON_HEALTH_PORT
  value: "8081"
- name: BATON_STORAGE
  value: {{ .Values.storage }}
- name: BATON_LOG_LEVEL
  value: {{ .Values.logLevel }}
{{ include "baton.identityEnvironment" . }}
{{ include "baton.redisEnvironment" . }}
{{ include "baton.authEnvironment" .Values.auth.tokens }}
{{ include "baton.connectionsEnvironment" .Values.connections }}
{{ include "baton.limitsEnvironment" .Values.limits }}
{{ include "baton.sessionsEnvironment" .Values }}
{{ include "baton.drainEnvironment" .Values.drain }}
{{ include "baton.kubernetesEnvironment" . }}
{{ include "baton.webhooksEnvironment" .Values.webhooks }}
{{- end -}}

{{/* Helm reads whole numbers as floats, which it would print as 1e+06. */}}
{{- define "baton.number" -}}
{{ int . | quote }}
{{- end -}}

{{- define "baton.secondsAsMs" -}}
{{ mul (int .) 1000 | quote }}
{{- end -}}

{{- define "baton.identityEnvironment" -}}
- name: BATON_POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: BATON_NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
- name: BATON_POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: BATON_WORKLOAD
  value: $(POD_NAMESPACE)/{{ include "baton.fullname" . }}
- name: BATON_REVISION
  valueFrom: {fieldRef: {fieldPath: "metadata.labels['pod-template-hash']"}}
- name: BATON_BEAT_MS
  value: {{ include "baton.number" .Values.fleet.beatMs }}
- name: BATON_BEAT_TTL_MS
  value: {{ include "baton.number" .Values.fleet.beatTtlMs }}
{{- end -}}

{{- define "baton.redisEnvironment" -}}
{{- if eq .Values.storage "redis" -}}
{{ include "baton.redisPlace" . }}
{{- end }}
{{- if .Values.redis.username }}
- name: BATON_REDIS_USERNAME
  value: {{ .Values.redis.username | quote }}
{{- end }}
{{- if .Values.redis.existingSecret }}
- name: BATON_REDIS_PASSWORD_FILE
  value: /etc/baton/redis/password
{{- end }}
- name: BATON_REDIS_TLS
  value: {{ .Values.redis.tls.enabled | quote }}
{{- include "baton.redisTlsFiles" .Values.redis.tls }}
- name: BATON_REDIS_DURABILITY
  value: {{ .Values.redis.durability | quote }}
- name: BATON_REDIS_REPLICA_WAIT_MS
  value: {{ include "baton.number" .Values.redis.replicaWaitMs }}
- name: BATON_REDIS_KEY_PREFIX
  value: {{ .Values.redis.keyPrefix | quote }}
- name: BATON_REDIS_CONNECT_TIMEOUT_MS
  value: {{ include "baton.number" .Values.redis.connectTimeoutMs }}
- name: BATON_REDIS_COMMAND_TIMEOUT_MS
  value: {{ include "baton.number" .Values.redis.commandTimeoutMs }}
{{- end -}}

{{/* Exactly one of the three: "baton.checkRedis" sees to it. */}}
{{- define "baton.redisPlace" -}}
{{- if .Values.redis.sentinel.nodes -}}
- name: BATON_REDIS_SENTINELS
  value: {{ join "," .Values.redis.sentinel.nodes | quote }}
- name: BATON_REDIS_SENTINEL_NAME
  value: {{ .Values.redis.sentinel.name | quote }}
{{- if .Values.redis.sentinel.username }}
- name: BATON_REDIS_SENTINEL_USERNAME
  value: {{ .Values.redis.sentinel.username | quote }}
{{- end }}
{{- if .Values.redis.sentinel.existingSecret }}
- name: BATON_REDIS_SENTINEL_PASSWORD_FILE
  value: /etc/baton/sentinel/password
{{- end }}
{{- else if .Values.redis.cluster.nodes -}}
- name: BATON_REDIS_CLUSTER_NODES
  value: {{ join "," .Values.redis.cluster.nodes | quote }}
{{- else -}}
- name: BATON_REDIS_URL
  value: {{ include "baton.redisUrl" . | quote }}
{{- end -}}
{{- end -}}

{{- define "baton.redisTlsFiles" -}}
{{- if .caKey }}
- name: BATON_REDIS_TLS_CA_FILE
  value: /etc/baton/redis-tls/ca.crt
{{- end }}
{{- if .clientCertificate }}
- name: BATON_REDIS_TLS_CERT_FILE
  value: /etc/baton/redis-tls/tls.crt
- name: BATON_REDIS_TLS_KEY_FILE
  value: /etc/baton/redis-tls/tls.key
{{- end }}
{{- if .serverName }}
- name: BATON_REDIS_TLS_SERVER_NAME
  value: {{ .serverName | quote }}
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

{{- define "baton.connectionsEnvironment" -}}
- name: BATON_CAPACITY
  value: {{ include "baton.number" .capacity }}
- name: BATON_ALLOWED_ORIGINS
  value: {{ join "," .allowedOrigins | quote }}
- name: BATON_ADVERTISED_URL
  value: {{ .advertisedUrl | quote }}
- name: BATON_HELLO_TIMEOUT_MS
  value: {{ include "baton.number" .helloTimeoutMs }}
- name: BATON_PING_MS
  value: {{ include "baton.secondsAsMs" .pingSeconds }}
- name: BATON_OUTBOUND_QUEUE_BYTES
  value: {{ include "baton.number" .outboundQueueBytes }}
{{- end -}}

{{- define "baton.limitsEnvironment" -}}
- name: BATON_MESSAGES_PER_SECOND
  value: {{ include "baton.number" .messagesPerSecond }}
- name: BATON_BYTES_PER_SECOND
  value: {{ include "baton.number" .bytesPerSecond }}
- name: BATON_SUBSCRIBES_PER_SECOND
  value: {{ include "baton.number" .subscribesPerSecond }}
- name: BATON_NEW_STREAMS_PER_SECOND
  value: {{ include "baton.number" .newStreamsPerSecond }}
- name: BATON_HELLOS_PER_SECOND
  value: {{ include "baton.number" .hellosPerSecond }}
- name: BATON_HANDSHAKES
  value: {{ include "baton.number" .handshakes }}
{{- end -}}

{{- define "baton.sessionsEnvironment" -}}
- name: BATON_SESSION_TTL_MS
  value: {{ include "baton.secondsAsMs" .sessions.ttlSeconds }}
- name: BATON_SESSION_SWEEP_MS
  value: {{ include "baton.secondsAsMs" .sessions.sweepSeconds }}
- name: BATON_WINDOW_MS
  value: {{ include "baton.secondsAsMs" .streams.windowSeconds }}
- name: BATON_WINDOW_MESSAGES
  value: {{ include "baton.number" .streams.windowMessages }}
- name: BATON_WINDOW_BYTES
  value: {{ include "baton.number" .streams.windowBytes }}
- name: BATON_STREAMS_PER_SESSION
  value: {{ include "baton.number" .streams.perSession }}
- name: BATON_APPEND_DEADLINE_MS
  value: {{ include "baton.number" .streams.appendDeadlineMs }}
- name: BATON_LATE_MS
  value: {{ include "baton.number" .streams.lateMs }}
- name: BATON_CANARY_MS
  value: {{ include "baton.number" .streams.canaryMs }}
{{- end -}}

{{- define "baton.drainEnvironment" -}}
- name: BATON_DRAIN_GRACE_MS
  value: {{ include "baton.secondsAsMs" .graceSeconds }}
- name: BATON_DRAIN_PRE_STOP_MS
  value: {{ include "baton.secondsAsMs" .preStopSeconds }}
- name: BATON_DRAIN_HOLD_MS
  value: {{ include "baton.secondsAsMs" .holdSeconds }}
- name: BATON_DRAIN_HAND_OVER_MS
  value: {{ include "baton.secondsAsMs" .handOverSeconds }}
- name: BATON_DRAIN_CLOSE_MS
  value: {{ include "baton.secondsAsMs" .closeSeconds }}
- name: BATON_DRAIN_RESERVE_MS
  value: {{ include "baton.secondsAsMs" .reserveSeconds }}
- name: BATON_DRAIN_HOLD_STALL_MS
  value: {{ include "baton.secondsAsMs" .holdStallSeconds }}
- name: BATON_DRAIN_PEER_READY_MS
  value: {{ include "baton.secondsAsMs" .peerReadySeconds }}
- name: BATON_DRAIN_PACE_PER_RECEIVER
  value: {{ include "baton.number" .pacePerReceiver }}
{{- end -}}

{{- define "baton.webhooksEnvironment" -}}
{{- if .existingSecret -}}
- name: BATON_WEBHOOKS_FILE
  value: /etc/baton/webhooks/receivers.json
{{ end -}}
- name: BATON_WEBHOOKS_GRACE_MS
  value: {{ include "baton.secondsAsMs" .graceSeconds }}
- name: BATON_WEBHOOKS_TIMEOUT_MS
  value: {{ include "baton.secondsAsMs" .timeoutSeconds }}
- name: BATON_WEBHOOKS_RETRY_FOR_MS
  value: {{ include "baton.secondsAsMs" .retryForSeconds }}
- name: BATON_WEBHOOKS_RETRY_MAX_MS
  value: {{ include "baton.secondsAsMs" .retryMaxSeconds }}
- name: BATON_WEBHOOKS_QUEUE
  value: {{ include "baton.number" .queue }}
- name: BATON_WEBHOOKS_CONCURRENCY
  value: {{ include "baton.number" .concurrency }}
{{- end -}}
