// Evaluates CEL as an API server's admission does: with the strings, lists and optional values that Kubernetes adds.
//
// The first line of its input is JSON {"expression": "…", "variables": ["a", "b"]}, each further line one object with
// the variables' values. Each is answered by a line of JSON: {"value": …} or {"error": "…"}. After the first line
// {"each": true} each further line has an expression of its own, {"expression": "…", "variables": {"a": …}}, and one that
// does not compile is answered by {"invalid": "…"}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"google.golang.org/protobuf/types/known/structpb"
)

type program struct {
	Expression string   `json:"expression"`
	Variables  []string `json:"variables"`
	Each       bool     `json:"each"`
}

type question struct {
	Expression string         `json:"expression"`
	Variables  map[string]any `json:"variables"`
}

type answer struct {
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
	// Invalid says why an expression does not compile.
	Invalid string `json:"invalid,omitempty"`
}

func compile(wish program) (cel.Program, error) {
	options := []cel.EnvOption{cel.OptionalTypes(), ext.Strings(), ext.Lists()}
	for _, name := range wish.Variables {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(wish.Expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(ast)
}

func evaluate(compiled cel.Program, line []byte) answer {
	values := map[string]any{}
	if err := json.Unmarshal(line, &values); err != nil {
		return answer{Error: err.Error()}
	}
	return evaluated(compiled, values)
}

func evaluated(compiled cel.Program, values map[string]any) answer {
	result, _, err := compiled.Eval(integers(values).(map[string]any))
	if err != nil {
		return answer{Error: err.Error()}
	}
	native, err := result.ConvertToNative(reflect.TypeOf(&structpb.Value{}))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Value: native.(*structpb.Value).AsInterface()}
}

// JSON's numbers are whole ones in all that our policies read.
func integers(value any) any {
	switch one := value.(type) {
	case float64:
		return int64(one)
	case map[string]any:
		for key, member := range one {
			one[key] = integers(member)
		}
	case []any:
		for index, member := range one {
			one[index] = integers(member)
		}
	}
	return value
}

// asked answers a line that has an expression of its own.
func asked(line []byte) answer {
	var one question
	if err := json.Unmarshal(line, &one); err != nil {
		return answer{Error: err.Error()}
	}
	names := []string{}
	for name := range one.Variables {
		names = append(names, name)
	}
	compiled, err := compile(program{Expression: one.Expression, Variables: names})
	if err != nil {
		return answer{Invalid: err.Error()}
	}
	return evaluated(compiled, one.Variables)
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(make([]byte, 1<<20), 1<<26)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	var wish program
	if !input.Scan() || json.Unmarshal(input.Bytes(), &wish) != nil {
		fmt.Fprintln(os.Stderr, "the first line is no program")
		os.Exit(2)
	}
	answered := asked
	if !wish.Each {
		compiled, err := compile(wish)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answered = func(line []byte) answer { return evaluate(compiled, line) }
	}
	encoder := json.NewEncoder(output)
	for input.Scan() {
		if err := encoder.Encode(answered(input.Bytes())); err != nil {
			os.Exit(1)
		}
	}
}
