// Package bundle unpacks the programs that the lab's build puts behind this program's own bytes:
// containerd, its shim, runc, ctr and the CNI plugins, as K3s brings them.
package bundle

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shimyard.dev/lab/k3s/layout"
)

// A bundle is a .tar.gz, its length as eight bytes (big endian), and these eight bytes.
const (
	magic       = "K3SLABv1"
	trailerSize = 8 + len(magic)
)

// plugins are the CNI plugins, which K3s also has in a folder of their own, data/cni.
var plugins = []string{"bandwidth", "bridge", "firewall", "host-local", "loopback", "portmap", "ptp"}

// ErrNone says that this program was built without a bundle.
var ErrNone = errors.New("this build of the stand-in brings no containerd and no CNI plugins")

// Unpack has the programs below data/current/bin, and the CNI plugins in data/cni too. It does
// nothing if they are there.
func Unpack(of layout.Layout) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	file, err := os.Open(self)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	content, err := find(file)
	if err != nil {
		return err
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, content); err != nil {
		return err
	}
	folder := of.Data(hex.EncodeToString(digest.Sum(nil)))
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		if _, err := content.Seek(0, io.SeekStart); err != nil {
			return err
		}
		part := folder + ".part"
		_ = os.RemoveAll(part)
		if err := extract(content, filepath.Join(part, "bin")); err != nil {
			return err
		}
		if err := os.Rename(part, folder); err != nil {
			return err
		}
	}
	if err := point(folder, of.Data("current")); err != nil {
		return err
	}
	for _, plugin := range plugins {
		if err := os.MkdirAll(of.Data("cni"), 0o755); err != nil {
			return err
		}
		if err := point(of.Data("current", "bin", plugin), of.Data("cni", plugin)); err != nil {
			return err
		}
	}
	return nil
}

func find(file *os.File) (*io.SectionReader, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	trailer := make([]byte, trailerSize)
	if _, err := file.ReadAt(trailer, info.Size()-int64(trailerSize)); err != nil {
		return nil, err
	}
	if string(trailer[8:]) != magic {
		return nil, ErrNone
	}
	size := int64(binary.BigEndian.Uint64(trailer[:8]))
	start := info.Size() - int64(trailerSize) - size
	if start < 0 {
		return nil, fmt.Errorf("the bundle's length %d is more than the file's", size)
	}
	return io.NewSectionReader(file, start, size), nil
}

func extract(content io.Reader, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	plain, err := gzip.NewReader(content)
	if err != nil {
		return err
	}
	archive := tar.NewReader(plain)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		path := filepath.Join(folder, filepath.Base(header.Name))
		file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, archive); err != nil {
			_ = file.Close()
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
}

// point makes a symbolic link, in one rename.
func point(target, link string) error {
	if found, err := os.Readlink(link); err == nil && found == target {
		return nil
	}
	part := link + ".part"
	_ = os.Remove(part)
	if err := os.Symlink(target, part); err != nil {
		return err
	}
	return os.Rename(part, link)
}
