"""A chart of policy-controller: a stand-in for sigstore's own, which can't be had here.

It keeps the contract of that chart that Shimyard counts on: the CRDs, the webhooks' names, a
Deployment that is ready when the webhook answers, and the values `webhook.replicaCount`,
`webhook.failurePolicy`, `webhook.configData`, `webhook.extraArgs` and `webhook.image`. Its objects
are upstream's own manifests of the pinned version, read when the chart is packed, but for the
Deployment and what has values. The controller has the network of its node, for the lab's pods have
no way out of the cluster, and it must reach the lab's registry.
"""

from __future__ import annotations

from typing import Final

from lab.charts import Chart
from lab.sigstore.recipe import controller_manifests, controller_version

NAME: Final = "policy-controller"

# What is left out: the namespace, which whoever installs the chart makes, and what has values.
_UPSTREAM: Final = (
    "200-clusterrole.yaml",
    "200-role.yaml",
    "200-serviceaccount.yaml",
    "201-clusterrolebinding.yaml",
    "201-rolebinding.yaml",
    "300-clusterimagepolicy.yaml",
    "300-trustroot.yaml",
    "400-webhook-service.yaml",
    "500-webhook-configuration.yaml",
    "501-policy-webhook-configurations.yaml",
    "config-image-policies.yaml",
    "config-leader-election.yaml",
    "config-logging.yaml",
    "config-observability.yaml",
    "config-sigstore-keys.yaml",
)
_FAILURE_POLICY: Final = "failurePolicy: Fail"

_VALUES: Final = """\
webhook:
  replicaCount: 1
  failurePolicy: Fail
  configData: {}
  extraArgs: {}
  image:
    repository: registry.lab/policy-controller
    version: native
"""

_CONFIG: Final = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: config-policy-controller
  namespace: {{ .Release.Namespace }}
data: {{ toJson .Values.webhook.configData }}
"""

_DEPLOYMENT: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-webhook
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.webhook.replicaCount }}
  selector:
    matchLabels: {role: webhook}
  template:
    metadata:
      labels: {role: webhook}
    spec:
      hostNetwork: true
      dnsPolicy: Default
      serviceAccountName: webhook
      containers:
        - name: webhook
          image: "{{ .Values.webhook.image.repository }}:{{ .Values.webhook.image.version }}"
          args:
            {{- range $name, $value := .Values.webhook.extraArgs }}
            - "-{{ $name }}={{ $value }}"
            {{- end }}
          env:
            - name: SYSTEM_NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            - {name: CONFIG_LOGGING_NAME, value: config-logging}
            - {name: CONFIG_OBSERVABILITY_NAME, value: config-observability}
            - {name: METRICS_DOMAIN, value: sigstore.dev/policy}
            - {name: WEBHOOK_NAME, value: webhook}
            - {name: HOME, value: /home/nonroot}
          ports: [{name: https, containerPort: 8443}]
          readinessProbe:
            periodSeconds: 1
            httpGet:
              scheme: HTTPS
              port: 8443
              httpHeaders: [{name: k-kubelet-probe, value: webhook}]
          resources:
            requests: {cpu: 20m, memory: 64Mi}
            limits: {memory: 512Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            runAsUser: 65532
            capabilities: {drop: [ALL]}
          volumeMounts: [{name: home, mountPath: /home/nonroot}]
      terminationGracePeriodSeconds: 5
      volumes: [{name: home, emptyDir: {}}]
"""


def controller_chart() -> Chart:
    """The chart of the pinned version. Errors: ``BuildError`` without Go; ``CommandError``."""
    manifests = controller_manifests()
    upstream = "\n---\n".join((manifests / name).read_text() for name in _UPSTREAM)
    return Chart(
        NAME,
        controller_version(),
        {
            "values.yaml": _VALUES,
            "templates/upstream.yaml": upstream.replace(
                _FAILURE_POLICY, "failurePolicy: {{ .Values.webhook.failurePolicy }}"
            ),
            "templates/config.yaml": _CONFIG,
            "templates/deployment.yaml": _DEPLOYMENT,
        },
    )
