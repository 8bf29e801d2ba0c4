package objects

import (
	"maps"
	"testing"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func app(spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "core.spinkube.dev/v1alpha1", "kind": "SpinApp",
		"metadata": map[string]any{"name": "hello", "namespace": "shop", "uid": "1"}, "spec": spec,
	}}
}

func made(t *testing.T, spec map[string]any) (core.PodTemplateSpec, *int32, *core.Service) {
	t.Helper()
	class := "shimyard-spin"
	var executor Executor
	executor.DeploymentConfig.RuntimeClassName = &class
	var known Spec
	if err := Of(app(spec), &known); err != nil {
		t.Fatal(err)
	}
	deployment, err := Deployment(app(spec), known, executor)
	if err != nil {
		t.Fatal(err)
	}
	return deployment.Spec.Template, deployment.Spec.Replicas, Service(app(spec), known)
}

func TestAServiceLeadsToThePodsOfItsApplication(t *testing.T) {
	pod, replicas, service := made(t, map[string]any{"image": "a", "replicas": int64(2)})
	if *replicas != 2 || *pod.Spec.RuntimeClassName != "shimyard-spin" {
		t.Errorf("%d pods of class %s", *replicas, *pod.Spec.RuntimeClassName)
	}
	for key, value := range maps.All(service.Spec.Selector) {
		if pod.Labels[key] != value {
			t.Errorf("the Service selects %s=%s, the pods have %v", key, value, pod.Labels)
		}
	}
	port := pod.Spec.Containers[0].Ports[0]
	if service.Spec.Ports[0].TargetPort.StrVal != port.Name || port.ContainerPort != 80 {
		t.Errorf("the Service leads to %v, the pod listens at %v", service.Spec.Ports, port)
	}
}

func TestAnAutoscalerHasTheNumberOfPodsForItself(t *testing.T) {
	if _, replicas, _ := made(t, map[string]any{"image": "a", "enableAutoscaling": true}); replicas != nil {
		t.Errorf("the Deployment states %d", *replicas)
	}
}

func TestAVariableAndTheConfigurationReachThePod(t *testing.T) {
	pod, _, _ := made(t, map[string]any{
		"image":         "a",
		"replicas":      int64(1),
		"variables":     []any{map[string]any{"name": "api_token", "value": "x"}},
		"runtimeConfig": map[string]any{"loadFromSecret": "made"},
		"podLabels":     map[string]any{"tier": "front"},
		"checks":        map[string]any{"readiness": map[string]any{"httpGet": map[string]any{"path": "/ready"}}},
	})
	container := pod.Spec.Containers[0]
	if container.Env[0].Name != "SPIN_VARIABLE_API_TOKEN" || pod.Labels["tier"] != "front" {
		t.Errorf("%v, %v", container.Env, pod.Labels)
	}
	if container.VolumeMounts[0].MountPath != "/runtime-config.toml" || pod.Spec.Volumes[0].Secret.SecretName != "made" {
		t.Errorf("%v of %v", container.VolumeMounts, pod.Spec.Volumes)
	}
	if container.ReadinessProbe.HTTPGet.Port.IntVal != 80 {
		t.Errorf("%v", container.ReadinessProbe)
	}
}
