// Package objects has what the operator reads and what it makes of it.
package objects

import (
	"errors"
	"maps"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	port      = 80
	portName  = "http-app"
	nameLabel = "core.spinkube.dev/app-name"
	// What the application's runtime configuration is called, in its Secret and in the pod.
	runtimeConfig = "runtime-config.toml"
)

// Version is the API's group and version.
var Version = schema.GroupVersion{Group: "core.spinkube.dev", Version: "v1alpha1"}

// Spec is what this stand-in knows of a SpinApp.
type Spec struct {
	Executor              string                      `json:"executor"`
	Image                 string                      `json:"image"`
	Replicas              int32                       `json:"replicas,omitempty"`
	EnableAutoscaling     bool                        `json:"enableAutoscaling,omitempty"`
	Variables             []core.EnvVar               `json:"variables,omitempty"`
	RuntimeConfig         RuntimeConfig               `json:"runtimeConfig,omitempty"`
	Volumes               []core.Volume               `json:"volumes,omitempty"`
	VolumeMounts          []core.VolumeMount          `json:"volumeMounts,omitempty"`
	Resources             core.ResourceRequirements   `json:"resources,omitempty"`
	Checks                Checks                      `json:"checks,omitempty"`
	Components            []string                    `json:"components,omitempty"`
	ImagePullSecrets      []core.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	ServiceAccountName    string                      `json:"serviceAccountName,omitempty"`
	DeploymentAnnotations map[string]string           `json:"deploymentAnnotations,omitempty"`
	ServiceAnnotations    map[string]string           `json:"serviceAnnotations,omitempty"`
	PodAnnotations        map[string]string           `json:"podAnnotations,omitempty"`
	PodLabels             map[string]string           `json:"podLabels,omitempty"`
}

// RuntimeConfig of a SpinApp; the stand-in makes none itself.
type RuntimeConfig struct {
	LoadFromSecret string `json:"loadFromSecret,omitempty"`
}

// Checks of a SpinApp.
type Checks struct {
	Readiness *core.Probe `json:"readiness,omitempty"`
	Liveness  *core.Probe `json:"liveness,omitempty"`
}

// Executor is what this stand-in knows of a SpinAppExecutor's spec.
type Executor struct {
	CreateDeployment bool `json:"createDeployment"`
	DeploymentConfig struct {
		RuntimeClassName *string `json:"runtimeClassName,omitempty"`
	} `json:"deploymentConfig"`
}

// Of reads an object's spec into one of the two above.
func Of(object *unstructured.Unstructured, spec any) error {
	found, _, err := unstructured.NestedMap(object.Object, "spec")
	if err != nil {
		return err
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(found, spec)
}

// Deployment is what runs an application.
func Deployment(app *unstructured.Unstructured, spec Spec, executor Executor) (*apps.Deployment, error) {
	class := executor.DeploymentConfig.RuntimeClassName
	if class == nil {
		return nil, errors.New("the executor has no runtimeClassName, without which this stand-in runs nothing")
	}
	labels := map[string]string{nameLabel: app.GetName(), statusLabel(app): "ready"}
	of := map[string]string{}
	maps.Copy(of, spec.PodLabels)
	maps.Copy(of, labels)
	volumes, mounts := spec.Volumes, spec.VolumeMounts
	if secret := spec.RuntimeConfig.LoadFromSecret; secret != "" {
		volume, mount := configuration(secret)
		volumes, mounts = append(volumes, volume), append(mounts, mount)
	}
	account := spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	made := &apps.Deployment{
		TypeMeta:   meta.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: named(app, spec.DeploymentAnnotations),
		Spec: apps.DeploymentSpec{
			Selector: &meta.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{
				ObjectMeta: meta.ObjectMeta{Labels: of, Annotations: spec.PodAnnotations},
				Spec: core.PodSpec{
					RuntimeClassName:   class,
					ServiceAccountName: account,
					ImagePullSecrets:   spec.ImagePullSecrets,
					Volumes:            volumes,
					Containers: []core.Container{{
						Name:           app.GetName(),
						Image:          spec.Image,
						Command:        []string{"/"},
						Ports:          []core.ContainerPort{{Name: portName, ContainerPort: port}},
						Env:            environment(spec),
						VolumeMounts:   mounts,
						Resources:      spec.Resources,
						ReadinessProbe: probe(spec.Checks.Readiness),
						LivenessProbe:  probe(spec.Checks.Liveness),
					}},
				},
			},
		},
	}
	if !spec.EnableAutoscaling {
		made.Spec.Replicas = &spec.Replicas
	}
	return made, nil
}

// Service is how an application is reached.
func Service(app *unstructured.Unstructured, spec Spec) *core.Service {
	return &core.Service{
		TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: named(app, spec.ServiceAnnotations),
		Spec: core.ServiceSpec{
			Type:     core.ServiceTypeClusterIP,
			Selector: map[string]string{statusLabel(app): "ready"},
			Ports: []core.ServicePort{{
				Protocol: core.ProtocolTCP, Port: port, TargetPort: intstr.FromString(portName),
			}},
		},
	}
}

func named(app *unstructured.Unstructured, annotations map[string]string) meta.ObjectMeta {
	return meta.ObjectMeta{
		Name:        app.GetName(),
		Namespace:   app.GetNamespace(),
		Labels:      map[string]string{nameLabel: app.GetName()},
		Annotations: annotations,
		OwnerReferences: []meta.OwnerReference{
			*meta.NewControllerRef(app, app.GroupVersionKind()),
		},
	}
}

func statusLabel(app *unstructured.Unstructured) string {
	return "core.spinkube.dev/app." + app.GetName() + ".status"
}

func environment(spec Spec) []core.EnvVar {
	found := make([]core.EnvVar, 0, len(spec.Variables)+1)
	for _, variable := range spec.Variables {
		variable.Name = "SPIN_VARIABLE_" + strings.ToUpper(variable.Name)
		found = append(found, variable)
	}
	if len(spec.Components) > 0 {
		retained := core.EnvVar{Name: "SPIN_COMPONENTS_TO_RETAIN", Value: strings.Join(spec.Components, ",")}
		found = append(found, retained)
	}
	return found
}

func configuration(secret string) (core.Volume, core.VolumeMount) {
	name, optional := "spin-runtime-config", true
	source := core.VolumeSource{Secret: &core.SecretVolumeSource{
		SecretName: secret,
		Optional:   &optional,
		Items:      []core.KeyToPath{{Key: runtimeConfig, Path: runtimeConfig}},
	}}
	mount := core.VolumeMount{Name: name, ReadOnly: true, MountPath: "/" + runtimeConfig, SubPath: runtimeConfig}
	return core.Volume{Name: name, VolumeSource: source}, mount
}

func probe(check *core.Probe) *core.Probe {
	if check == nil || check.HTTPGet == nil {
		return nil
	}
	asked := check.DeepCopy()
	asked.HTTPGet.Port = intstr.FromInt32(port)
	return asked
}
