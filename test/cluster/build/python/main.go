// Unpacks the Python that the module carries into a folder, for programs that want a newer one than Debian has:
//
//	python FOLDER
//
// and says the path of its interpreter.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/kluctl/go-embed-python/python"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: python FOLDER")
		os.Exit(2)
	}
	unpacked, err := python.NewEmbeddedPythonWithTmpDir(os.Args[1], false)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(filepath.Join(unpacked.GetExtractedPath(), "bin", "python3"))
}
