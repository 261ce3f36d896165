package mapping

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateGolden = flag.Bool("update", false, "rewrite what is expected in testdata")

// languageFiles returns the mapping files of one kind, "good" or "bad". There
// must be many, so that a moved directory can't pass.
func languageFiles(t testing.TB, kind string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/parse/*." + kind + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	if least := map[string]int{"good": 15, "bad": 85}[kind]; len(files) < least {
		t.Fatalf("found %d %s files, want at least %d", len(files), kind, least)
	}
	return files
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestGoodMappings(t *testing.T) {
	for _, file := range languageFiles(t, "good") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			program, err := Load(filepath.Base(file), readFile(t, file))
			if err != nil {
				t.Fatalf("\n%v", err)
			}
			if program.Version() == "" || len(program.resources) == 0 {
				t.Errorf("version %q, %d resources", program.Version(), len(program.resources))
			}
		})
	}
}

// TestBadMappings compares everything that is said about a file.
func TestBadMappings(t *testing.T) {
	for _, file := range languageFiles(t, "bad") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			program, err := Load(filepath.Base(file), readFile(t, file))
			if err == nil {
				t.Fatal("the file loads")
			}
			if program != nil {
				t.Error("there is a program beside the error")
			}
			got, golden := err.Error()+"\n", strings.TrimSuffix(file, ".yaml")+".txt"
			if *updateGolden {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(readFile(t, golden)); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestEveryGoldenHasItsMapping finds expectations whose file is gone.
func TestEveryGoldenHasItsMapping(t *testing.T) {
	goldens, err := filepath.Glob("testdata/parse/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, golden := range goldens {
		if _, err := os.Stat(strings.TrimSuffix(golden, ".txt") + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}

// TestMistakesComeInOneOrder finds maps whose order gets into the messages.
func TestMistakesComeInOneOrder(t *testing.T) {
	for _, file := range languageFiles(t, "bad") {
		src := readFile(t, file)
		_, first := Load("m.yaml", src)
		for range 20 {
			if _, err := Load("m.yaml", src); err == nil || err.Error() != first.Error() {
				t.Fatalf("%s:\n%v\nand then:\n%v", file, first, err)
			}
		}
	}
}

// TestSecretsAreNotEchoed has a mapping with secrets in it, which do not belong
// there.
func TestSecretsAreNotEchoed(t *testing.T) {
	_, err := Load("m.yaml", readFile(t, "testdata/parse/secrets.bad.yaml"))
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got:\n%v", err)
	}
}
