package signatures

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write schema.json anew")

// object is the schema of a mapping with the given keys.
func object[T any](keys []key[T], values map[string]schema) schema {
	properties := schema{}
	required := []any{}
	for _, k := range keys {
		p := schema{"description": k.about}
		maps.Copy(p, k.schema)
		maps.Copy(p, values[k.name])
		properties[k.name] = p
		if k.required {
			required = append(required, k.name)
		}
	}
	return schema{"type": "object", "additionalProperties": false, "required": required, "properties": properties}
}

func model() schema {
	examples := schema{"type": "array", "minItems": 1, "items": object(exampleKeys, nil)}
	s := object(fileKeys, map[string]schema{
		"messages":        {"type": "object", "minProperties": 1, "additionalProperties": object(messageKeys, nil)},
		"rows":            {"type": "array", "minItems": 1, "items": object(rowKeys, nil)},
		"examples":        examples,
		"counterexamples": examples,
	})
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "sniffid signature"
	s["description"] = "One protocol; see docs/signature-language.md."
	s["oneOf"] = []any{schema{"required": []any{"messages"}}, schema{"required": []any{"native", "rows"}}}
	return s
}

// The schema for editors is that of the keys that Load reads.
func TestSchema(t *testing.T) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(model()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(buf.String(), string(Schema())); diff != "" && !*update {
		t.Errorf("schema.json differs from the model; go test ./signatures -run TestSchema -update writes it:\n%s", diff)
	}
}
