// Package values translates between the protocol's property values and plain Go values.
//
// A decoded value is nil, bool, int64, float64, string, []any, map[string]any, Secret, Unknown or
// Asset. Whole numbers become int64, as in objects of the Kubernetes API. The signatures are those
// of github.com/pulumi/pulumi/sdk/v3/go/common/resource/{sig,plugin}.
package values

import (
	"math"

	"google.golang.org/protobuf/types/known/structpb"
)

// Secret is a value that the engine keeps encrypted.
type Secret struct{ Value any }

// Unknown is a value that is not known before an update.
type Unknown struct{}

// Asset is a text, or a file by its path or URI.
type Asset struct{ Text, Path, URI string }

const (
	signature       = "4dabf18193072939515e22adb298388d"
	secretSignature = "1b47061264138c4ac30d75fd1eb44270"
	assetSignature  = "c44067f5952c0a294b673a41bacd8c17"
	outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	unknownText     = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
)

var unknowns = map[string]bool{
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": true, // bool
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421": true, // number
	unknownText:                            true, // string
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": true, // array
	"030794c1-ac77-496b-92df-f27374a8bd58": true, // asset
	"e48ece36-62e2-4504-bad9-02848725956a": true, // archive
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff": true, // object
}

// Nulls says what becomes of null in a map.
type Nulls int

const (
	// DropNulls leaves the key out: in most programs null is an argument that was not given.
	DropNulls Nulls = iota
	// KeepNulls keeps it: in a chart's values null takes a default away.
	KeepNulls
)

// Decode reads the properties of a request; never nil.
func Decode(properties *structpb.Struct, nulls Nulls) map[string]any {
	decoded := map[string]any{}
	for key, value := range properties.GetFields() {
		one := decode(value, nulls)
		if one == nil && nulls == DropNulls {
			continue
		}
		decoded[key] = one
	}
	return decoded
}

func decode(value *structpb.Value, nulls Nulls) any {
	switch kind := value.GetKind().(type) {
	case *structpb.Value_BoolValue:
		return kind.BoolValue
	case *structpb.Value_NumberValue:
		return number(kind.NumberValue)
	case *structpb.Value_StringValue:
		if unknowns[kind.StringValue] {
			return Unknown{}
		}
		return kind.StringValue
	case *structpb.Value_ListValue:
		list := make([]any, 0, len(kind.ListValue.GetValues()))
		for _, element := range kind.ListValue.GetValues() {
			list = append(list, decode(element, nulls))
		}
		return list
	case *structpb.Value_StructValue:
		return decodeStruct(kind.StructValue, nulls)
	}
	return nil
}

func decodeStruct(object *structpb.Struct, nulls Nulls) any {
	fields := object.GetFields()
	text := func(key string) string { return fields[key].GetStringValue() }
	switch text(signature) {
	case secretSignature:
		return Secret{decode(fields["value"], nulls)}
	case assetSignature:
		return Asset{Text: text("text"), Path: text("path"), URI: text("uri")}
	case outputSignature:
		value, known := fields["value"]
		var inner any = Unknown{}
		if known {
			inner = decode(value, nulls)
		}
		if fields["secret"].GetBoolValue() {
			return Secret{inner}
		}
		return inner
	}
	return Decode(object, nulls)
}

func number(value float64) any {
	// Beyond this a float64 is not exact, and neither would the integer be.
	const exact = 1 << 53
	if value == math.Trunc(value) && math.Abs(value) <= exact {
		return int64(value)
	}
	return value
}

// Encode writes properties for a response.
func Encode(properties map[string]any) *structpb.Struct {
	fields := make(map[string]*structpb.Value, len(properties))
	for key, value := range properties {
		fields[key] = encode(value)
	}
	return &structpb.Struct{Fields: fields}
}

func encode(value any) *structpb.Value {
	switch typed := value.(type) {
	case bool:
		return structpb.NewBoolValue(typed)
	case int:
		return structpb.NewNumberValue(float64(typed))
	case int32:
		return structpb.NewNumberValue(float64(typed))
	case int64:
		return structpb.NewNumberValue(float64(typed))
	case float64:
		return structpb.NewNumberValue(typed)
	case string:
		return structpb.NewStringValue(typed)
	case []any:
		list := make([]*structpb.Value, 0, len(typed))
		for _, element := range typed {
			list = append(list, encode(element))
		}
		return structpb.NewListValue(&structpb.ListValue{Values: list})
	case []string:
		list := make([]any, 0, len(typed))
		for _, element := range typed {
			list = append(list, element)
		}
		return encode(list)
	case map[string]any:
		return structpb.NewStructValue(Encode(typed))
	case Secret:
		return structpb.NewStructValue(Encode(map[string]any{
			signature: secretSignature, "value": typed.Value,
		}))
	case Unknown:
		return structpb.NewStringValue(unknownText)
	case Asset:
		return structpb.NewStructValue(encodeAsset(typed))
	}
	return structpb.NewNullValue()
}

func encodeAsset(asset Asset) *structpb.Struct {
	fields := map[string]any{signature: assetSignature}
	switch {
	case asset.Path != "":
		fields["path"] = asset.Path
	case asset.URI != "":
		fields["uri"] = asset.URI
	default:
		fields["text"] = asset.Text
	}
	return Encode(fields)
}
