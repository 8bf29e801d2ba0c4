// Package logline writes this program's own lines of log in K3s's form. The standard logger won't
// do: the API server takes it for its own.
package logline

import (
	"fmt"
	"os"
	"time"
)

// Printf writes one line to standard error.
func Printf(format string, values ...any) { write("info", fmt.Sprintf(format, values...)) }

// Fatal writes an error's line and ends the process.
func Fatal(err error) {
	write("fatal", err.Error())
	os.Exit(1)
}

func write(level, message string) {
	at := time.Now().UTC().Format(time.RFC3339)
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", at, level, message)
}
