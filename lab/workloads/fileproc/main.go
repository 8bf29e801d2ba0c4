// Fileproc summarises the files of an input folder: lines, words, bytes and SHA-256 of each.
// It is the lab's batch workload, built for GOOS=wasip1 and run with volumes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"fileproc/summary"
)

// The exit codes, also printed by -help.
const (
	exitDone   = 0
	exitUsage  = 2
	exitInput  = 3
	exitOutput = 4
)

const usage = `usage: fileproc [-in FOLDER] [-out FOLDER]
Writes FOLDER/summary.json about every file below the input folder.
exit codes: 0 done, 2 wrong usage, 3 input unreadable, 4 output not writable
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fileproc", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	in := flags.String("in", "/data/in", "the `folder` to read")
	out := flags.String("out", "/data/out", "the existing `folder` to write to")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitDone
		}
		return exitUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "fileproc: unexpected argument %q\n%s", flags.Arg(0), usage)
		return exitUsage
	}

	report, err := summary.Of(*in)
	if err != nil {
		fmt.Fprintf(stderr, "fileproc: reading %s: %v\n", *in, err)
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintln(stderr, "fileproc: is the input volume mounted?")
		}
		return exitInput
	}
	path, err := report.WriteTo(*out)
	if err != nil {
		fmt.Fprintf(stderr, "fileproc: writing to %s: %v\n", *out, err)
		fmt.Fprintln(stderr, "fileproc: is the output volume mounted, and writable?")
		return exitOutput
	}
	fmt.Fprintf(stdout, "fileproc: %d files, %d bytes -> %s\n",
		len(report.Files), report.Total.Bytes, path)
	return exitDone
}
