package controllers

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func node(address string, ready corev1.ConditionStatus) corev1.Node {
	return corev1.Node{Status: corev1.NodeStatus{
		Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}},
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}},
	}}
}

func TestANodeAnswersUntilNothingIsHeardOfIt(t *testing.T) {
	nodes := []corev1.Node{
		node("10.0.0.3", corev1.ConditionUnknown),
		node("10.0.0.2", corev1.ConditionFalse),
		node("10.0.0.1", corev1.ConditionTrue),
		{Status: corev1.NodeStatus{Addresses: node("10.0.0.4", "").Status.Addresses}},
	}
	if got, want := balancing(nodes), []string{"10.0.0.1", "10.0.0.2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
