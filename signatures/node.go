package signatures

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

type nodeKind uint8

const (
	scalar nodeKind = iota
	mapping
	sequence
)

func (k nodeKind) String() string { return [...]string{"a value", "a mapping", "a list"}[k] }

type scalarStyle uint8

const (
	plain scalarStyle = iota
	quotedScalar
	literal // |
	folded  // >
)

// node is a YAML node with its place. Scalars are kept as they are written: it
// is the file's keys that know their types.
type node struct {
	kind      nodeKind
	style     scalarStyle
	line, col int // of the node; for | and > of the indicator
	text      string
	keys      []*node
	items     []*node // values of a mapping, elements of a sequence
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for i, k := range n.keys {
		if k.text == key {
			return n.items[i]
		}
	}
	return nil
}

// readYAML parses one document.
func readYAML(file string, src []byte) (*node, *Error) {
	if n := readSubset(string(src)); n != nil {
		return n, nil
	}
	return readGeneral(file, src)
}

// readGeneral parses one document of any YAML.
func readGeneral(file string, src []byte) (*node, *Error) {
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, yamlError(file, err)
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		return nil, &Error{File: file, Line: 1, Msg: "one YAML document is wanted"}
	}
	c := converter{file: file}
	n := c.convert(f.Docs[0].Body)
	return n, c.err
}

func yamlError(file string, err error) *Error {
	out := &Error{File: file, Msg: err.Error()}
	var ye yaml.Error
	if errors.As(err, &ye) {
		out.Msg = ye.GetMessage()
		if t := ye.GetToken(); t != nil && t.Position != nil {
			out.Line, out.Column = t.Position.Line, t.Position.Column
		}
	}
	return out
}

type converter struct {
	file string
	err  *Error
}

func (c *converter) convert(n ast.Node) *node {
	out := &node{}
	if t := n.GetToken(); t != nil && t.Position != nil {
		out.line, out.col = t.Position.Line, t.Position.Column
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.kind = mapping
		for _, v := range n.Values {
			c.entry(out, v)
		}
		if len(out.keys) > 0 && !n.IsFlowStyle {
			out.line, out.col = out.keys[0].line, out.keys[0].col
		}
	case *ast.MappingValueNode:
		out.kind = mapping
		c.entry(out, n)
		out.line, out.col = out.keys[0].line, out.keys[0].col
	case *ast.SequenceNode:
		out.kind = sequence
		for _, v := range n.Values {
			out.items = append(out.items, c.convert(v))
		}
	case *ast.StringNode:
		out.text = n.Value
		if n.Token.Type == token.DoubleQuoteType || n.Token.Type == token.SingleQuoteType {
			out.style = quotedScalar
		}
	case *ast.LiteralNode:
		out.text = n.Value.Value
		out.style = literal
		if strings.HasPrefix(n.Start.Value, ">") {
			out.style = folded
		}
		out.line, out.col = n.Start.Position.Line, n.Start.Position.Column
	case *ast.NullNode:
	case ast.ScalarNode:
		out.text = n.GetToken().Value
	default:
		if c.err == nil {
			c.err = &Error{c.file, out.line, out.col, "anchors, aliases and tags are not used in signature files"}
		}
	}
	return out
}

func (c *converter) entry(out *node, v *ast.MappingValueNode) {
	out.keys = append(out.keys, c.convert(v.Key))
	out.items = append(out.items, c.convert(v.Value))
}
