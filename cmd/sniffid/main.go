// Command sniffid says what a port really is: it listens to the wire and
// confronts what it hears with the registry and the operating system.
package main

import (
	"os"

	"github.com/sniffid/sniffid/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
