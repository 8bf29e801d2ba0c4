package values

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
)

func TestPropertiesSurviveTheWayToTheEngineAndBack(t *testing.T) {
	given := map[string]any{
		"text": "a", "whole": int64(7), "half": 0.5, "yes": true,
		"list":    []any{"x", int64(1), map[string]any{"deep": Secret{"s"}}},
		"secret":  Secret{map[string]any{"a": "b"}},
		"unknown": Unknown{},
		"file":    Asset{Path: "values.yaml"},
		"content": Asset{Text: "a: 1"},
	}
	if found := Decode(Encode(given), DropNulls); !reflect.DeepEqual(found, given) {
		t.Errorf("got %#v, want %#v", found, given)
	}
}

func TestNullIsAnArgumentThatWasNotGivenUnlessItIsKept(t *testing.T) {
	sent, err := structpb.NewStruct(map[string]any{"gone": nil, "there": 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, present := Decode(sent, DropNulls)["gone"]; present {
		t.Error("null stayed")
	}
	if _, present := Decode(sent, KeepNulls)["gone"]; !present {
		t.Error("null went")
	}
}

func TestOutputsOfTheEngineAreTheirValue(t *testing.T) {
	output := func(fields map[string]any) any {
		fields[signature] = outputSignature
		return Decode(Encode(map[string]any{"it": fields}), DropNulls)["it"]
	}
	for name, one := range map[string]struct{ found, want any }{
		"known":   {output(map[string]any{"value": "a"}), "a"},
		"unknown": {output(map[string]any{}), Unknown{}},
		"secret":  {output(map[string]any{"value": "a", "secret": true}), Secret{"a"}},
	} {
		if !reflect.DeepEqual(one.found, one.want) {
			t.Errorf("%s: got %#v, want %#v", name, one.found, one.want)
		}
	}
}

func TestLargeNumbersAreNotBent(t *testing.T) {
	if found := number(1e300); found != 1e300 {
		t.Errorf("got %v", found)
	}
	if found := number(1 << 40); found != int64(1<<40) {
		t.Errorf("got %v", found)
	}
}

func TestSecretsAreCarriedKeyByKeyAndListsAsAWhole(t *testing.T) {
	from := map[string]any{
		"spec": map[string]any{"token": Secret{"x"}, "plain": "1"},
		"list": []any{"a", Secret{"b"}},
	}
	plain := map[string]any{
		"spec":   map[string]any{"token": "new", "plain": "1", "added": "2"},
		"list":   []any{"b", "a"},
		"status": "up",
	}
	want := map[string]any{
		"spec":   map[string]any{"token": Secret{"new"}, "plain": "1", "added": "2"},
		"list":   Secret{[]any{"b", "a"}},
		"status": "up",
	}
	if found := CarrySecrets(plain, from); !reflect.DeepEqual(found, want) {
		t.Errorf("got %#v", found)
	}
}

func TestTheDataOfASecretIsHiddenWhateverTheProgramSays(t *testing.T) {
	object := map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"a": "b"}, "type": "Opaque"}
	hidden := HideSecretData(object)
	if _, is := hidden["data"].(Secret); !is || hidden["type"] != "Opaque" {
		t.Errorf("got %#v", hidden)
	}
	if again := HideSecretData(hidden); !reflect.DeepEqual(again, hidden) {
		t.Errorf("hidden twice: %#v", again)
	}
	other := map[string]any{"apiVersion": "example.com/v1", "kind": "Secret", "data": "a"}
	if !reflect.DeepEqual(HideSecretData(other), other) {
		t.Error("another group's kind was hidden")
	}
}

func TestRevealTakesEveryMarkAway(t *testing.T) {
	value := map[string]any{"a": Secret{[]any{Secret{"b"}}}}
	if found := Reveal(value); !reflect.DeepEqual(found, map[string]any{"a": []any{"b"}}) {
		t.Errorf("got %#v", found)
	}
	if HasSecret(Reveal(value)) || !HasSecret(value) {
		t.Error("HasSecret is wrong")
	}
}

func TestKeysOfSchemasChangeTheirSpellingBothWays(t *testing.T) {
	program := map[string]any{"schema": []any{map[string]any{"x_kubernetes_list_map_keys": []any{"a_b"}}}}
	api := map[string]any{"schema": []any{map[string]any{"x-kubernetes-list-map-keys": []any{"a_b"}}}}
	if found := Dashed(program); !reflect.DeepEqual(found, api) {
		t.Errorf("got %#v", found)
	}
	if found := Underscored(api); !reflect.DeepEqual(found, program) {
		t.Errorf("got %#v", found)
	}
}
