{{/* Name of the release's objects. */}}
{{- define "madoguchi.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select a component's pods. Takes (list root component). */}}
{{- define "madoguchi.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Every object's labels. Takes (list root component). */}}
{{- define "madoguchi.labels" -}}
{{- $root := index . 0 -}}
{{ include "madoguchi.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{- define "madoguchi.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "madoguchi.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "madoguchi.name" .) -}}
{{- end -}}

{{- define "madoguchi.mediaClaim" -}}
{{- .Values.media.existingClaim | default (printf "%s-media" (include "madoguchi.name" .)) -}}
{{- end -}}

{{/* Plain settings as a map of strings: the config map of the pods, and inline for the hook. */}}
{{- define "madoguchi.settings" -}}
{{- $domain := .Values.platform.domain -}}
{{- $hosts := list $domain (printf ".%s" $domain) -}}
{{- $origins := list (printf "https://%s" $domain) (printf "https://*.%s" $domain) -}}
{{- range .Values.platform.extraHosts -}}
{{- $hosts = append $hosts . -}}
{{- $origins = append $origins (printf "https://%s" .) -}}
{{- end -}}
DJANGO_SETTINGS_MODULE: config.settings.prod
PLATFORM_DOMAIN: {{ $domain | quote }}
PUBLIC_SCHEME: https
ALLOWED_HOSTS: {{ join "," $hosts | quote }}
CSRF_TRUSTED_ORIGINS: {{ join "," $origins | quote }}
MEDIA_ROOT: {{ .Values.media.mountPath | quote }}
LOG_LEVEL: {{ .Values.settings.logLevel | quote }}
LOG_FORMAT: {{ .Values.settings.logFormat | quote }}
CONN_MAX_AGE: {{ .Values.settings.connMaxAge | int | quote }}
SECURE_HSTS_SECONDS: {{ .Values.settings.hstsSeconds | int | quote }}
TRUSTED_PROXY_COUNT: {{ .Values.settings.trustedProxies | int | quote }}
DEFAULT_FROM_EMAIL: {{ .Values.settings.defaultFromEmail | quote }}
{{- with .Values.settings.paymentsProvider }}
PAYMENTS_PROVIDER: {{ . | quote }}
{{- end }}
{{- with .Values.stripe.origins }}
STRIPE_ORIGINS: {{ join "," . | quote }}
{{- end }}
{{- with .Values.settings.clamav }}
CLAMAV_SOCKET: {{ . | quote }}
{{- end }}
{{- range $name, $value := .Values.settings.extra }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* One environment variable from a Secret. Takes (list env reference). */}}
{{- define "madoguchi.secret" -}}
{{- $reference := index . 1 -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.name }}
      key: {{ $reference.key }}
{{- end -}}

{{/* The secrets that every process needs. */}}
{{- define "madoguchi.secrets" -}}
{{ include "madoguchi.secret" (list "SECRET_KEY" .Values.secrets.secretKey) }}
{{ include "madoguchi.secret" (list "DATABASE_URL" .Values.secrets.databaseUrl) }}
{{ include "madoguchi.secret" (list "VALKEY_URL" .Values.secrets.valkeyUrl) }}
{{ include "madoguchi.secret" (list "EMAIL_URL" .Values.secrets.emailUrl) }}
{{- range .Values.secrets.extra }}
{{ include "madoguchi.secret" (list .env .) }}
{{- end }}
{{- end -}}

{{/* LETTER_SIGNING: for the worker alone. Elsewhere the files are missing, and start-up checks fail. */}}
{{- define "madoguchi.signing" -}}
{{- $towns := dict -}}
{{- range $schema, $town := .Values.signing.towns -}}
{{- $key := dict "kind" "pkcs12" "path" (printf "/etc/madoguchi-signing/%s" $town.file) -}}
{{- with $town.passphrase -}}
{{- $_ := set $key "passphrase_file" (printf "/etc/madoguchi-signing/%s" .) -}}
{{- end -}}
{{- $_ := set $towns $schema $key -}}
{{- end -}}
{{- if and $towns (not .Values.signing.secretName) -}}
{{- fail "signing.towns needs signing.secretName, the Secret with their keys" -}}
{{- end -}}
{{- toJson $towns -}}
{{- end -}}

{{/* STRIPE_ACCOUNTS: for web and worker, which see the files. */}}
{{- define "madoguchi.stripe" -}}
{{- $towns := dict -}}
{{- range $schema, $town := .Values.stripe.towns -}}
{{- $_ := set $towns $schema (dict "api_key_file" (printf "/etc/madoguchi-stripe/%s" $town.apiKey) "webhook_secret_file" (printf "/etc/madoguchi-stripe/%s" $town.webhookSecret)) -}}
{{- end -}}
{{- if and $towns (not .Values.stripe.secretName) -}}
{{- fail "stripe.towns needs stripe.secretName, the Secret with their keys" -}}
{{- end -}}
{{- toJson $towns -}}
{{- end -}}

{{- define "madoguchi.stripeMount" -}}
{{- with .Values.stripe.secretName }}
- name: stripe
  mountPath: /etc/madoguchi-stripe
  readOnly: true
{{- end }}
{{- end -}}

{{- define "madoguchi.stripeVolume" -}}
{{- with .Values.stripe.secretName }}
- name: stripe
  secret:
    secretName: {{ . }}
    # Read by the group of the pod alone.
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* What gunicorn may take to finish its requests after the drain. */}}
{{- define "madoguchi.gracefulTimeout" -}}
{{- $seconds := sub (int .Values.web.terminationGracePeriodSeconds) (add (int .Values.web.drainSeconds) 5) -}}
{{- if lt $seconds 10 -}}
{{- fail "web.terminationGracePeriodSeconds must be at least web.drainSeconds + 15, so that requests in hand can finish" -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}

{{- define "madoguchi.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "madoguchi.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What web, worker and beat pods have in common. Takes (list root component values). */}}
{{- define "madoguchi.podMetadata" -}}
{{- $root := index . 0 -}}
{{- $values := index . 2 -}}
labels:
  {{- include "madoguchi.labels" (list $root (index . 1)) | nindent 2 }}
annotations:
  # New settings mean new pods.
  checksum/settings: {{ include "madoguchi.settings" $root | sha256sum }}
  {{- with $values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "madoguchi.podBasics" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index . 2 -}}
serviceAccountName: {{ include "madoguchi.serviceAccount" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "madoguchi.podSecurity" $root | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Spread over zones and nodes. Takes (list root component). */}}
{{- define "madoguchi.spread" -}}
topologySpreadConstraints:
  {{- $arguments := . }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "madoguchi.selector" $arguments | nindent 8 }}
  {{- end }}
{{- end -}}
