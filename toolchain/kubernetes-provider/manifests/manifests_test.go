package manifests

import "testing"

func TestDocumentsAndListsBecomeObjectsInOrder(t *testing.T) {
	objects, err := Decode("# nothing\n---\n" +
		"apiVersion: v1\nkind: A\nmetadata: {name: one, namespace: shop}\n---\n" +
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: B}\n- {apiVersion: v1, kind: C}\n")
	if err != nil || len(objects) != 3 {
		t.Fatalf("got %v, %v", objects, err)
	}
	for index, want := range []string{"A", "B", "C"} {
		if objects[index]["kind"] != want {
			t.Errorf("%d is %v", index, objects[index])
		}
	}
	if kind, name := Named(objects[0]); kind != "A/v1" || name != "shop/one" {
		t.Errorf("named %s %s", kind, name)
	}
}

func TestWhatIsNoObjectIsAnErrorWithItsPlace(t *testing.T) {
	for _, text := range []string{"just text", "a: 1", "a: [", "kind: A"} {
		if objects, err := Decode(text); err == nil {
			t.Errorf("%q gave %v", text, objects)
		}
	}
}
