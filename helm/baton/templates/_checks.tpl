{{/* What values.schema.json can't say: values that must fit each other. Included by the Deployment, so that nothing is rendered. */}}
{{- define "baton.checks" -}}
{{- include "baton.checkDrain" .Values.drain -}}
{{- include "baton.checkRedis" . -}}
{{- include "baton.checkTokens" .Values.auth.tokens -}}
{{- end -}}

{{- define "baton.checkDrain" -}}
{{- $needed := add .preStopSeconds .holdSeconds .handOverSeconds .closeSeconds .reserveSeconds -}}
{{- if gt (int $needed) (int .graceSeconds) -}}
{{- fail (printf "\n\nThe drain doesn't fit into the grace period: preStop %d s + hold %d s + handOver %d s + close %d s + reserve %d s = %d s, but drain.graceSeconds is %d s. Raise drain.graceSeconds to %d or more, or shorten the others.\n" (int .preStopSeconds) (int .holdSeconds) (int .handOverSeconds) (int .closeSeconds) (int .reserveSeconds) (int $needed) (int .graceSeconds) (int $needed)) -}}
{{- end -}}
{{- end -}}

{{- define "baton.checkRedis" -}}
{{- $replicas := int .Values.replicas -}}
{{- if and .Values.redis.url .Values.redis.dev.enabled -}}
{{- fail "\n\nBoth redis.url and redis.dev.enabled are set: Baton uses one Redis. Leave one of them out.\n" -}}
{{- end -}}
{{- if not (or .Values.redis.url .Values.redis.dev.enabled) -}}
{{- fail (printf "\n\nThere is no Redis: it keeps every session and message, and is all that pods share (replicas is %d). Set redis.url to yours, or redis.dev.enabled=true to try Baton out.\n" $replicas) -}}
{{- end -}}
{{- if and .Values.redis.existingSecret .Values.redis.dev.enabled -}}
{{- fail "\n\nredis.existingSecret is set, but the Redis of redis.dev.enabled has no password. Leave one of them out.\n" -}}
{{- end -}}
{{- end -}}

{{/* A token checked with the wrong kind of key is the oldest hole in JWT: a public key taken for an HMAC secret. */}}
{{- define "baton.checkTokens" -}}
{{- range .algorithms -}}
{{- if ne (hasPrefix "HS" .) (eq $.key "secret") -}}
{{- fail (printf "\n\nauth.tokens.algorithms has %s, which doesn't go with auth.tokens.key %q: HS256, HS384 and HS512 need \"secret\", all others \"public-key\".\n" . $.key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
