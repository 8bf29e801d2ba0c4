package client

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// clusterWide are the built-in kinds without a namespace, for previews without an API server.
var clusterWide = set(`Namespace Node PersistentVolume ClusterRole ClusterRoleBinding StorageClass
	CSIDriver CSINode VolumeAttachment VolumeAttributesClass PriorityClass RuntimeClass IngressClass
	CustomResourceDefinition APIService MutatingWebhookConfiguration
	ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
	MutatingAdmissionPolicy MutatingAdmissionPolicyBinding FlowSchema PriorityLevelConfiguration
	CertificateSigningRequest ClusterTrustBundle DeviceClass ResourceSlice IPAddress ServiceCIDR`)

func builtIn(kind schema.GroupVersionKind) (namespaced, known bool) {
	known = scheme.Scheme.Recognizes(kind) ||
		kind.Group == "apiextensions.k8s.io" || kind.Group == "apiregistration.k8s.io"
	return !known || !clusterWide[kind.Kind], known
}

func set(words string) map[string]bool {
	found := map[string]bool{}
	for _, word := range strings.Fields(words) {
		found[word] = true
	}
	return found
}
