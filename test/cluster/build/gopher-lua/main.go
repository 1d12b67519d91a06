// Runs a health check of Argo CD's with the Lua that Argo CD has.
//
//	argo-health SCRIPT <object.json
//
// SCRIPT is a file. It sees the object as `obj` and returns a table with status and message, which go to standard output as
// JSON. As in Argo CD it has Lua's own functions, tables and texts, and no files or processes.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(script string) error {
	var object any
	if err := json.NewDecoder(os.Stdin).Decode(&object); err != nil {
		return err
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, open := range []lua.LGFunction{lua.OpenBase, lua.OpenTable, lua.OpenString, lua.OpenMath} {
		state.Push(state.NewFunction(open))
		state.Call(0, 0)
	}
	state.SetGlobal("obj", valueOf(state, object))
	if err := state.DoFile(script); err != nil {
		return err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return fmt.Errorf("the script returns %s and no table", state.Get(-1).Type())
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"status":  table.RawGetString("status").String(),
		"message": table.RawGetString("message").String(),
	})
}

func valueOf(state *lua.LState, value any) lua.LValue {
	switch given := value.(type) {
	case string:
		return lua.LString(given)
	case float64:
		return lua.LNumber(given)
	case bool:
		return lua.LBool(given)
	case []any:
		table := state.NewTable()
		for _, one := range given {
			table.Append(valueOf(state, one))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, one := range given {
			table.RawSetString(key, valueOf(state, one))
		}
		return table
	default:
		return lua.LNil
	}
}
