package summary

import (
	"io/fs"
	"os"
	"path/filepath"
)

// File is one file of the folder; Path is relative to it, with slashes.
type File struct {
	Path string `json:"path"`
	Counts
	SHA256 string `json:"sha256"`
}

// Report is the summary of one folder, its files sorted by path.
type Report struct {
	Files []File `json:"files"`
	Total Counts `json:"total"`
}

// Of summarises every regular file below folder. Links are not followed: what they lead to
// may be outside of the volume.
func Of(folder string) (Report, error) {
	report := Report{Files: []File{}}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == folder && !entry.IsDir() {
			return &fs.PathError{Op: "read folder", Path: path, Err: fs.ErrInvalid}
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		file, err := summarise(folder, path)
		if err != nil {
			return err
		}
		report.Files = append(report.Files, file)
		report.Total.add(file.Counts)
		return nil
	})
	return report, err
}

func summarise(folder, path string) (File, error) {
	relative, err := filepath.Rel(folder, path)
	if err != nil {
		return File{}, err
	}
	content, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer content.Close()
	counts, digest, err := count(content)
	if err != nil {
		return File{}, err
	}
	return File{Path: filepath.ToSlash(relative), Counts: counts, SHA256: digest}, nil
}
