// Reads HCL as OpenTofu does: whether a file is formatted as `tofu fmt` has it, and what its blocks say, as JSON.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type block struct {
	Type       string                     `json:"type"`
	Labels     []string                   `json:"labels"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	References []string                   `json:"references"`
	Blocks     []block                    `json:"blocks"`
}

func nested(path []string, value cty.Value) cty.Value {
	if len(path) == 0 {
		return value
	}
	return cty.ObjectVal(map[string]cty.Value{path[0]: nested(path[1:], value)})
}

func merge(a, b cty.Value) cty.Value {
	if !a.Type().IsObjectType() || !b.Type().IsObjectType() {
		return a
	}
	all := a.AsValueMap()
	for name, value := range b.AsValueMap() {
		if before, found := all[name]; found {
			value = merge(before, value)
		}
		all[name] = value
	}
	return cty.ObjectVal(all)
}

// A variable's type is written as a call.
func typeOf(kind string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "of", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(kind + "(" + args[0].AsString() + ")"), nil
		},
	})
}

// Of a network that is not known: the first host of documentation's.
var firstHost = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "host", Type: cty.Number}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal("2001:db8::" + args[1].AsBigFloat().String()), nil
	},
})

// Of a map's default, which is written as an object.
var length = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "of", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.NumberIntVal(int64(args[0].LengthInt())), nil
	},
})

var functions = map[string]function.Function{
	"jsonencode": stdlib.JSONEncodeFunc,
	"trimsuffix": stdlib.TrimSuffixFunc,
	"cidrhost":   firstHost,
	"length":     length,
	"list":       typeOf("list"),
	"map":        typeOf("map"),
}

// The variables' defaults, which stand for them.
func defaultsOf(body *hclsyntax.Body) (map[string]cty.Value, error) {
	defaults := map[string]cty.Value{}
	for _, one := range body.Blocks {
		attribute, found := one.Body.Attributes["default"]
		if one.Type != "variable" || !found {
			continue
		}
		value, diagnostics := attribute.Expr.Value(nil)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		defaults["var."+one.Labels[0]] = value
	}
	return defaults, nil
}

func textOf(traversal hcl.Traversal) (string, []string) {
	text, path := "", []string{}
	for _, step := range traversal {
		switch one := step.(type) {
		case hcl.TraverseRoot:
			path, text = append(path, one.Name), one.Name
		case hcl.TraverseAttr:
			path, text = append(path, one.Name), text+"."+one.Name
		}
	}
	return text, path
}

func read(body *hclsyntax.Body, defaults map[string]cty.Value) ([]block, map[string]json.RawMessage, []string, error) {
	attributes, references := map[string]json.RawMessage{}, []string{}
	for name, attribute := range body.Attributes {
		variables := map[string]cty.Value{}
		for _, traversal := range attribute.Expr.Variables() {
			text, path := textOf(traversal)
			references = append(references, text)
			leaf, found := defaults[text]
			if !found {
				leaf = cty.StringVal("${" + text + "}")
			}
			value := nested(path[1:], leaf)
			if before, found := variables[path[0]]; found {
				value = merge(before, value)
			}
			variables[path[0]] = value
		}
		context := &hcl.EvalContext{Variables: variables, Functions: functions}
		value, diagnostics := attribute.Expr.Value(context)
		if diagnostics.HasErrors() {
			return nil, nil, nil, fmt.Errorf("%s: %s", name, diagnostics.Error())
		}
		encoded, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return nil, nil, nil, err
		}
		attributes[name] = encoded
	}
	blocks := []block{}
	for _, one := range body.Blocks {
		inner, values, used, err := read(one.Body, defaults)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s %v: %w", one.Type, one.Labels, err)
		}
		blocks = append(blocks, block{one.Type, append([]string{}, one.Labels...), values, used, inner})
	}
	return blocks, attributes, references, nil
}

func main() {
	source, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = run(source)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(source []byte) error {
	file, diagnostics := hclsyntax.ParseConfig(source, "export.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		return diagnostics
	}
	body := file.Body.(*hclsyntax.Body)
	defaults, err := defaultsOf(body)
	if err != nil {
		return err
	}
	blocks, _, _, err := read(body, defaults)
	if err != nil {
		return err
	}
	formatted := hclwrite.Format(source)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"formatted": bytes.Equal(source, formatted),
		"as":        string(formatted),
		"blocks":    blocks,
	})
}
