package signatures

import (
	_ "embed"
	"slices"
)

//go:embed schema.json
var schemaJSON []byte

// Schema returns the JSON Schema of signature files, for editors. A test keeps
// it equal to what Load reads.
func Schema() []byte { return slices.Clone(schemaJSON) }

// schema is a JSON Schema fragment.
type schema map[string]any

// The fragments for values. YAML makes a number of what looks like one, so that
// text may be either.
var (
	text      = schema{"type": []any{"string", "number"}}
	boolean   = schema{"type": "boolean"}
	integer   = schema{"type": "integer", "minimum": 0}
	list      = schema{"type": "array", "items": text}
	texts     = schema{"oneOf": []any{text, list}}
	textMap   = schema{"type": "object", "additionalProperties": text}
	byteCount = schema{"type": []any{"integer", "string"}, "pattern": "^[0-9]+ ?([KM]iB)?$"}
	tableMap  = schema{"type": "object", "additionalProperties": textMap}
	transport = schema{"type": "string", "pattern": "^(tcp|udp|sctp|(eth|llc|snap|ppp|ip)/[0-9A-Fa-fx]+)$"}
	message   = schema{"oneOf": []any{text, schema{
		"type": "object", "additionalProperties": false, "required": []any{"file"}, "properties": schema{"file": text},
	}}}
	exchange = schema{"type": "array", "minItems": 1, "items": schema{
		"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
		"properties": schema{"client": message, "server": message},
	}}
)

func oneOf(values ...any) schema { return schema{"enum": values} }
