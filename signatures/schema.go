package signatures

// schema is a JSON Schema fragment.
type schema map[string]any

var (
	text      = schema{"type": []any{"string", "number"}}
	boolean   = schema{"type": "boolean"}
	integer   = schema{"type": "integer", "minimum": 1}
	texts     = schema{"oneOf": []any{text, schema{"type": "array", "items": text}}}
	textMap   = schema{"type": "object", "additionalProperties": text}
	byteCount = schema{"type": []any{"integer", "string"}, "pattern": "^[0-9]+ ?([KM]iB)?$"}
	tableMap  = schema{"type": "object", "additionalProperties": schema{"type": "object", "additionalProperties": text}}
)

func oneOf(values ...any) schema { return schema{"enum": values} }

var (
	list     = schema{"type": "array", "items": text}
	exchange = schema{"type": "array", "minItems": 1, "items": schema{
		"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
		"properties": schema{"client": message, "server": message},
	}}
	message = schema{"oneOf": []any{text, schema{
		"type": "object", "additionalProperties": false, "required": []any{"file"}, "properties": schema{"file": text},
	}}}
)
