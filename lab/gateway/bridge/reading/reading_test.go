package reading

import "testing"

func TestWhatSensorsPublishIsReadInBothForms(t *testing.T) {
	for _, each := range []struct {
		payload string
		value   any
		unit    string
	}{
		{"21.5", 21.5, ""},
		{"true", true, ""},
		{`{"value": -3, "unit": "°C", "more": 1}`, -3.0, "°C"},
	} {
		found, err := FromMessage("raw", "raw/hall/temperature", []byte(each.payload))
		if err != nil {
			t.Fatal(err)
		}
		if found.Value != each.value || found.Unit != each.unit || found.Time == "" {
			t.Errorf("%s: %+v", each.payload, found)
		}
		if found.Device != "hall" || found.Sensor != "temperature" {
			t.Errorf("%s: %+v", each.payload, found)
		}
	}
	found, err := FromMessage("raw", "raw/a/b", []byte(`{"value": 1, "time": "2026-01-01T00:00:00Z"}`))
	if err != nil || found.Time != "2026-01-01T00:00:00Z" {
		t.Errorf("%+v %v", found, err)
	}
}

func TestWhatIsNoReadingIsRefused(t *testing.T) {
	for _, each := range []struct{ topic, payload string }{
		{"raw/a/b", "warm"},
		{"raw/a/b", `"warm"`},
		{"raw/a/b", `{"unit": "°C"}`},
		{"raw/a/b", `{"value": 1, "unit": 2}`},
		{"raw/a/b", "null"},
		{"raw/a", "1"},
		{"raw/a/b/c", "1"},
		{"raw//b", "1"},
	} {
		if found, err := FromMessage("raw", each.topic, []byte(each.payload)); err == nil {
			t.Errorf("%s %s: %+v", each.topic, each.payload, found)
		}
	}
}
