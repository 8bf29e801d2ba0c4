package summary

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// FileName is the name of the summary in the output folder.
const FileName = "summary.json"

// WriteTo puts the report into folder, which must exist, and returns its path. A reader sees
// the former summary or the whole new one.
func (r Report) WriteTo(folder string) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, FileName)
	part := path + ".part"
	if err := os.WriteFile(part, append(text, '\n'), 0o644); err != nil {
		return "", err
	}
	return path, os.Rename(part, path)
}
