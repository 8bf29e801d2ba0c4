package summary

import (
	"strings"
	"testing"
	"testing/iotest"
)

func TestLinesWordsAndBytesAreCountedAsTheDocumentationSays(t *testing.T) {
	cases := map[string]Counts{
		"":                       {0, 0, 0},
		"one":                    {1, 1, 3},
		"one two\nthree\n":       {2, 3, 14},
		"\n\n":                   {2, 0, 2},
		"a\tb\r\nü":              {2, 3, 7},
		strings.Repeat("ab ", 9): {1, 9, 27},
	}
	for text, want := range cases {
		got, _, err := count(iotest.OneByteReader(strings.NewReader(text)))
		if err != nil || got != want {
			t.Errorf("count(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestTheDigestIsThatOfTheWholeFile(t *testing.T) {
	_, digest, err := count(strings.NewReader("abc"))
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if err != nil || digest != want {
		t.Errorf("digest %s, %v; want %s", digest, err, want)
	}
}

func TestAFileThatBreaksOffIsAnErrorAndNotAShortCount(t *testing.T) {
	_, _, err := count(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))))
	if err == nil {
		t.Error("a read error was taken for the end of the file")
	}
}
