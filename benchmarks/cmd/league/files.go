package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

func writeFile(dir, name string, write func(w io.Writer) error) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
