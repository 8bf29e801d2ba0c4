package diff

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Patterns are the properties of a kind that cannot change in place, each as the names on its path;
// "*" stands for any position in a list.
type Patterns [][]string

// Match says whether a change at path touches one of the patterns: at it, below it, or above it.
func (p Patterns) Match(path []any) bool {
	for _, pattern := range p {
		if touches(pattern, path) {
			return true
		}
	}
	return false
}

func touches(pattern []string, path []any) bool {
	for index := range min(len(pattern), len(path)) {
		name, is := path[index].(string)
		if !is {
			name = "*"
		}
		if pattern[index] != name {
			return false
		}
	}
	return true
}

// Mutability lists which kinds may change in place although the default is to replace them.
type Mutability struct{ ConfigMaps, Secrets bool }

// Identity are the properties by which the API server knows an object.
func Identity() Patterns {
	return patterns("metadata.name", "metadata.namespace")
}

// Immutable lists what cannot change in place for this object.
//
// The kinds and properties are those of the vendor's provider (pulumi-kubernetes,
// provider/pkg/provider/diff.go), and RuntimeClass's handler, which the API server refuses to
// change as well.
func Immutable(kind schema.GroupVersionKind, object map[string]any, mutable Mutability) Patterns {
	all := Identity()
	core := kind.Group == ""
	if core && (kind.Kind == "ConfigMap" || kind.Kind == "Secret") {
		may := mutable.ConfigMaps
		if kind.Kind == "Secret" {
			may = mutable.Secrets
		}
		if may && object["immutable"] != true {
			return append(all, patterns("type")...)
		}
	}
	return append(all, patterns(immutable[kind.Group+"/"+kind.Kind]...)...)
}

func patterns(paths ...string) Patterns {
	var all Patterns
	for _, path := range paths {
		all = append(all, strings.Split(path, "."))
	}
	return all
}

var immutable = map[string][]string{
	"/ConfigMap":             {"binaryData", "data", "immutable"},
	"/Secret":                {"type", "stringData", "data", "immutable"},
	"/Service":               {"spec.clusterIP"},
	"/ResourceQuota":         {"spec.scopes"},
	"/PersistentVolumeClaim": {"spec"},
	"/PersistentVolume":      volumeSources(),
	"/Pod":                   podFields(),
	"apps/Deployment":        {"spec.selector"},
	"apps/DaemonSet":         {"spec.selector"},
	"apps/StatefulSet": {
		"spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector",
		"spec.serviceName", "spec.volumeClaimTemplates",
	},
	"batch/Job": {"spec.completions", "spec.parallelism", "spec.selector", "spec.template"},
	"rbac.authorization.k8s.io/ClusterRoleBinding": {"roleRef"},
	"rbac.authorization.k8s.io/RoleBinding":        {"roleRef"},
	"storage.k8s.io/StorageClass":                  {"parameters", "provisioner"},
	"node.k8s.io/RuntimeClass":                     {"handler"},
}

func volumeSources() []string {
	var paths []string
	for _, source := range strings.Fields(`awsElasticBlockStore azureDisk azureFile cephfs cinder csi
		fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi local nfs
		photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume`) {
		paths = append(paths, "spec."+source)
	}
	return paths
}

func podFields() []string {
	var paths []string
	for _, field := range strings.Fields(`affinity automountServiceAccountToken dnsConfig dnsPolicy
		enableServiceLinks hostAliases hostIPC hostNetwork hostPID hostname imagePullSecrets nodeName
		nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates
		restartPolicy runtimeClassName schedulerName securityContext serviceAccount
		serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes`) {
		paths = append(paths, "spec."+field)
	}
	for _, field := range strings.Fields(`args command env image imagePullPolicy lifecycle
		livenessProbe ports readinessProbe resources securityContext stdin stdinOnce
		terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir`) {
		paths = append(paths, "spec.containers.*."+field, "spec.initContainers.*."+field)
	}
	return paths
}
