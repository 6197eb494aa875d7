{{/* What values.schema.json can't say: values that must fit each other. Included by the Deployment, so that nothing is rendered. */}}
{{- define "baton.checks" -}}
{{- include "baton.checkDrain" .Values.drain -}}
{{- include "baton.checkStorage" . -}}
{{- include "baton.checkRedis" . -}}
{{- include "baton.checkTokens" .Values.auth.tokens -}}
{{- end -}}

{{- define "baton.checkDrain" -}}
{{- $needed := add .preStopSeconds .holdSeconds .handOverSeconds .closeSeconds .reserveSeconds -}}
{{- if gt (int $needed) (int .graceSeconds) -}}
{{- fail (printf "\n\nThe drain doesn't fit into the grace period: preStop %d s + hold %d s + handOver %d s + close %d s + reserve %d s = %d s, but drain.graceSeconds is %d s. Raise drain.graceSeconds to %d or more, or shorten the others.\n" (int .preStopSeconds) (int .holdSeconds) (int .handOverSeconds) (int .closeSeconds) (int .reserveSeconds) (int $needed) (int .graceSeconds) (int $needed)) -}}
{{- end -}}
{{- end -}}

{{- define "baton.checkStorage" -}}
{{- if and (eq .Values.storage "memory") (gt (int .Values.replicas) 1) -}}
{{- fail (printf "\n\nstorage is memory, and replicas is %d: pods share nothing then, and a client of one would be a stranger to the others. Set replicas to 1, or storage to redis.\n" (int .Values.replicas)) -}}
{{- end -}}
{{- end -}}

{{- define "baton.checkRedis" -}}
{{- $replicas := int .Values.replicas -}}
{{- $places := list -}}
{{- if .Values.redis.url -}}{{- $places = append $places "redis.url" -}}{{- end -}}
{{- if .Values.redis.sentinel.nodes -}}{{- $places = append $places "redis.sentinel.nodes" -}}{{- end -}}
{{- if .Values.redis.cluster.nodes -}}{{- $places = append $places "redis.cluster.nodes" -}}{{- end -}}
{{- if .Values.redis.dev.enabled -}}{{- $places = append $places "redis.dev.enabled" -}}{{- end -}}
{{- if and $places (eq .Values.storage "memory") -}}
{{- fail (printf "\n\n%s is set, but storage is memory: nothing would be kept there.\n" (join " and " $places)) -}}
{{- end -}}
{{- if gt (len $places) 1 -}}
{{- fail (printf "\n\n%s are set: Baton uses one Redis. Leave all of them out but one.\n" (join " and " $places)) -}}
{{- end -}}
{{- if and .Values.redis.sentinel.nodes (not .Values.redis.sentinel.name) -}}
{{- fail "\n\nredis.sentinel.nodes is set without redis.sentinel.name: the name under which they know the master.\n" -}}
{{- end -}}
{{- $tls := .Values.redis.tls -}}
{{- if and (or $tls.caKey $tls.clientCertificate) (not $tls.existingSecret) -}}
{{- fail "\n\nredis.tls.caKey or redis.tls.clientCertificate is set without redis.tls.existingSecret, which has them.\n" -}}
{{- end -}}
{{- $usesTls := or $tls.enabled (hasPrefix "rediss:" .Values.redis.url) -}}
{{- if and (or $tls.existingSecret $tls.serverName) (not $usesTls) -}}
{{- fail "\n\nredis.tls.existingSecret or redis.tls.serverName is set, but TLS is off: set redis.tls.enabled.\n" -}}
{{- end -}}
{{- if and (not $places) (ne .Values.storage "memory") -}}
{{- fail (printf "\n\nThere is no Redis: it keeps every session and message, and is all that pods share (replicas is %d). Set redis.url, redis.sentinel or redis.cluster to yours, or redis.dev.enabled=true to try Baton out.\n" $replicas) -}}
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
