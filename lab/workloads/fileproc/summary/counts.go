// Package summary counts what is in the files of a folder.
package summary

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// Counts says how much a file holds. A last line without a newline counts as a line;
// a word is a run of bytes other than ASCII white space.
type Counts struct {
	Lines int64 `json:"lines"`
	Words int64 `json:"words"`
	Bytes int64 `json:"bytes"`
}

func (c *Counts) add(other Counts) {
	c.Lines += other.Lines
	c.Words += other.Words
	c.Bytes += other.Bytes
}

// count reads to the end in constant memory, so that a file may be larger than a guest's.
func count(content io.Reader) (Counts, string, error) {
	var counts Counts
	digest := sha256.New()
	chunk := make([]byte, 64<<10)
	inWord, openLine := false, false
	for {
		n, err := content.Read(chunk)
		digest.Write(chunk[:n])
		counts.Bytes += int64(n)
		for _, b := range chunk[:n] {
			openLine = b != '\n'
			if !openLine {
				counts.Lines++
			}
			space := b == ' ' || (b >= '\t' && b <= '\r')
			if !space && !inWord {
				counts.Words++
			}
			inWord = !space
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return Counts{}, "", err
		}
	}
	if openLine {
		counts.Lines++
	}
	return counts, hex.EncodeToString(digest.Sum(nil)), nil
}
