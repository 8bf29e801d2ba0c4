package server

import (
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"shimyard.dev/toolchain/kubernetes-provider/naming"
	"shimyard.dev/toolchain/kubernetes-provider/values"
)

// What the state holds beside the live object. The names are the vendor's, so that a stack can
// change between its provider and this one.
const (
	keyInputs     = "__inputs"
	keyManager    = "__fieldManager"
	keyAPIVersion = "__initialApiVersion"
)

// state is what the engine keeps of a resource.
type state struct {
	live       map[string]any // as the API server told it last
	inputs     map[string]any // as the program gave it
	manager    string
	apiVersion string // at creation
}

// readState takes properties of the engine apart; secrets are revealed.
func readState(properties *structpb.Struct) state {
	plain := plainObject(values.Decode(properties, values.DropNulls))
	inputs, _ := plain[keyInputs].(map[string]any)
	manager, _ := plain[keyManager].(string)
	version, _ := plain[keyAPIVersion].(string)
	delete(plain, keyInputs)
	delete(plain, keyManager)
	delete(plain, keyAPIVersion)
	return state{live: plain, inputs: inputs, manager: manager, apiVersion: version}
}

// write puts it together for the engine; what is secret in from is secret in it.
func (s state) write(from map[string]any) *structpb.Struct {
	object := secretive(s.live, from)
	object[keyInputs] = secretive(s.inputs, from)
	object[keyManager] = s.manager
	object[keyAPIVersion] = s.apiVersion
	return values.Encode(object)
}

// secretive spells object for the engine and marks what is secret: in from, and a Secret's data.
func secretive(object, from map[string]any) map[string]any {
	spelled, _ := values.Underscored(object).(map[string]any)
	marked := values.HideSecretData(values.CarrySecrets(spelled, from))
	copied := make(map[string]any, len(marked)+3)
	for key, value := range marked {
		copied[key] = value
	}
	return copied
}

// plainObject is a program's object as the API spells it, secrets revealed.
func plainObject(properties map[string]any) map[string]any {
	object, _ := values.Dashed(values.RevealMap(properties)).(map[string]any)
	return object
}

func unstructuredOf(object map[string]any) *unstructured.Unstructured {
	return (&unstructured.Unstructured{Object: object}).DeepCopy()
}

func idOf(object *unstructured.Unstructured) string {
	return naming.ID(object.GetNamespace(), object.GetName())
}

// incomplete is the error for a resource that exists, but is not what it should be: the engine
// keeps its state, and tries to update it next time.
func incomplete(
	id string, reasons []string, properties, inputs *structpb.Struct,
) error {
	failed := status.New(codes.Unknown, reasons[0])
	detailed, err := failed.WithDetails(&pulumirpc.ErrorResourceInitFailed{
		Id: id, Properties: properties, Reasons: reasons, Inputs: inputs,
	})
	if err != nil {
		return fmt.Errorf("the state of %s cannot be told: %w", id, err)
	}
	return detailed.Err()
}
