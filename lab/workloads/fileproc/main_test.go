package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fileproc/summary"
)

func TestASummaryOfNestedFilesIsWritten(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	write(t, filepath.Join(in, "b.txt"), "two words\n")
	write(t, filepath.Join(in, "a", "c.txt"), "x")
	code, stdout, stderr := process("-in", in, "-out", out)
	if code != exitDone || !strings.Contains(stdout, "2 files, 11 bytes") {
		t.Fatalf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, summary.FileName))
	if err != nil {
		t.Fatal(err)
	}
	var report summary.Report
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if report.Files[0].Path != "a/c.txt" || report.Files[1].Path != "b.txt" {
		t.Errorf("files are not sorted by path: %+v", report.Files)
	}
	if want := (summary.Counts{Lines: 2, Words: 3, Bytes: 11}); report.Total != want {
		t.Errorf("total %+v, want %+v", report.Total, want)
	}
}

func TestAMissingInputVolumeIsNamed(t *testing.T) {
	code, _, stderr := process("-in", filepath.Join(t.TempDir(), "absent"))
	if code != exitInput || !strings.Contains(stderr, "absent") {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
}

func TestAnInputThatIsAFileIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	if code, _, stderr := process("-in", file); code != exitInput {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
}

func TestAMissingOutputVolumeIsNamedAndNothingIsCreated(t *testing.T) {
	out := filepath.Join(t.TempDir(), "absent")
	code, _, stderr := process("-in", t.TempDir(), "-out", out)
	if code != exitOutput || !strings.Contains(stderr, out) {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the output folder was created: its volume would hide that it is missing")
	}
}

func TestWrongUsageIsToldFromFailure(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"stray"}} {
		if code, _, stderr := process(args...); code != exitUsage || stderr == "" {
			t.Errorf("%v: exit %d, stderr %q", args, code, stderr)
		}
	}
}

func process(args ...string) (int, string, string) {
	var stdout, stderr bytes.Buffer
	code := run(args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
