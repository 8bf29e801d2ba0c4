package await

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	content, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(content); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestADeploymentWaitsForItsControllerAndForItsPods(t *testing.T) {
	head := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, generation: 2}\nspec: {replicas: 1}\n"
	for name, one := range map[string]struct {
		status        string
		ready, failed bool
		says          string
	}{
		"not seen yet":      {"{observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1, conditions: [{type: Available, status: 'True'}]}", false, false, ""},
		"rolled out":        {"{observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1, conditions: [{type: Available, status: 'True'}]}", true, false, ""},
		"old pods":          {"{observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 2, readyReplicas: 2, conditions: [{type: Available, status: 'True'}]}", false, false, ""},
		"past its deadline": {"{observedGeneration: 2, replicas: 1, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: too slow}]}", false, true, "too slow"},
		"refused":           {"{observedGeneration: 2, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: 'RuntimeClass \"x\" not found'}]}", false, false, `RuntimeClass "x" not found`},
	} {
		found := deployment(context.Background(), parse(t, head+"status: "+one.status))
		if found.ready != one.ready || found.failed != one.failed {
			t.Errorf("%s: %+v", name, found)
		}
		if !strings.Contains(strings.Join(found.reasons, " "), one.says) {
			t.Errorf("%s: says %v", name, found.reasons)
		}
	}
}

func TestAJobIsReadyWhenItIsComplete(t *testing.T) {
	head := "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nstatus: "
	if found := job(context.Background(), parse(t, head+"{active: 1}")); found.ready || found.failed {
		t.Errorf("running: %+v", found)
	}
	if found := job(context.Background(), parse(t, head+"{conditions: [{type: Complete, status: 'True'}]}")); !found.ready {
		t.Errorf("complete: %+v", found)
	}
	found := job(context.Background(), parse(t, head+"{conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: tried}]}"))
	if !found.failed || !strings.Contains(found.reasons[0], "BackoffLimitExceeded") {
		t.Errorf("failed: %+v", found)
	}
}

func TestAPodThatHasEndedWellIsReady(t *testing.T) {
	head := "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: "
	for status, want := range map[string]bool{
		"{phase: Succeeded}": true,
		"{phase: Running, conditions: [{type: Ready, status: 'True'}]}":  true,
		"{phase: Running, conditions: [{type: Ready, status: 'False'}]}": false,
		"{}": false,
	} {
		if found := pod(context.Background(), parse(t, head+status)); found.ready != want {
			t.Errorf("%s: %+v", status, found)
		}
	}
}

func TestAPodTellsItsContainersAndItsScheduling(t *testing.T) {
	said := strings.Join(podReasons(&corev1.Pod{Status: corev1.PodStatus{
		Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/2 nodes",
		}},
		ContainerStatuses: []corev1.ContainerStatus{
			{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
				Reason: "CrashLoopBackOff", Message: "back-off"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					Reason: "Error", ExitCode: 137}}},
			{Name: "slow", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
				Reason: "ContainerCreating"}}},
		},
	}}), "\n")
	for _, part := range []string{
		"[Unschedulable] 0/2 nodes", "container app: [CrashLoopBackOff] back-off",
		"container app: [Error] exited with code 137",
	} {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not in %q", part, said)
		}
	}
	if strings.Contains(said, "slow") {
		t.Errorf("a container that is only starting is a reason: %q", said)
	}
}

func TestWaitForReadsKubectlsSpelling(t *testing.T) {
	object := parse(t, "apiVersion: x/v1\nkind: W\nmetadata: {name: w}\nstatus: {phase: Done, conditions: [{type: Good, status: 'True'}]}")
	for text, want := range map[string]bool{
		"condition=Good": true, "condition=Good=False": false, "condition=Other": false,
		"jsonpath={.status.phase}=Done": true, "jsonpath={.status.phase}": true,
		"jsonpath={.status.none}": false, "jsonpath={.status.phase}=Other": false,
		`["condition=Good", "jsonpath={.status.phase}=Done"]`:  true,
		`["condition=Good", "jsonpath={.status.phase}=Other"]`: false,
	} {
		judge, err := waitFor(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if found := judge(context.Background(), object); found.ready != want {
			t.Errorf("%s: %+v", text, found)
		}
	}
	for _, text := range []string{"ready", "[1]", "jsonpath={.a"} {
		if _, err := waitFor(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
