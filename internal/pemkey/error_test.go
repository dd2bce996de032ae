// SPDX-License-Identifier: MPL-2.0

package pemkey_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/pemkey"
)

func checkError(t *testing.T, key pemkey.PublicKey, err error, kind pemkey.Kind, says string) {
	t.Helper()
	if !key.IsZero() {
		t.Error("a key is returned")
	}
	var problem *pemkey.Error
	if !errors.As(err, &problem) {
		t.Fatalf("error is %T, want *pemkey.Error", err)
	}
	if problem.Kind != kind {
		t.Errorf("kind is %s, want %s: %v", problem.Kind, kind, err)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("error does not say %q: %v", says, err)
	}
}

// TestErrorWording also fails when a kind is added to error.go without an input
// in badInputs or in underivable.
func TestErrorWording(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[pemkey.Kind]bool{}
	for _, kind := range regexp.MustCompile(`Kind += "(\w+)"`).FindAllSubmatch(source, -1) {
		missing[pemkey.Kind(kind[1])] = true
	}
	if len(missing) < 30 {
		t.Fatalf("%d kinds found in error.go", len(missing))
	}

	kinds := map[string]pemkey.Kind{}
	problems := map[string]error{}
	for _, test := range badInputs(t) {
		_, problems["Parse: "+test.name] = pemkey.Parse(test.text)
	}
	for _, test := range underivable(t) {
		_, problems["Derive: "+test.name] = pemkey.Derive(test.text, test.passphrase...)
	}
	for name, err := range problems {
		var problem *pemkey.Error
		if !errors.As(err, &problem) {
			t.Fatalf("%s: error is %T", name, err)
		}
		delete(missing, problem.Kind)
		if kind, ok := kinds[problem.Problem]; ok && kind != problem.Kind {
			t.Errorf("%s and %s have the same problem", kind, problem.Kind)
		}
		kinds[problem.Problem] = problem.Kind
		for _, sentence := range []string{problem.Problem, problem.Remedy} {
			if !regexp.MustCompile(`^[A-Z][^\n]*[.]$`).MatchString(sentence) {
				t.Errorf("%s: not a whole sentence: %q", name, sentence)
			}
		}
		if got, want := problem.Error(), problem.Problem+" "+problem.Remedy; got != want {
			t.Errorf("%s: Error is %q, want %q", name, got, want)
		}
	}
	for kind := range missing {
		t.Errorf("no input gives %s", kind)
	}
}

const leakLength = 12

var (
	// ownWords are long words of the messages, which may also occur in an
	// input.
	ownWords   = regexp.MustCompile(`base64decode|certificates|SubjectPublicKeyInfo|rsaEncryption`)
	base64Runs = regexp.MustCompile(fmt.Sprintf(`[A-Za-z0-9+/=]{%d,}`, leakLength))
)

// checkLeak fails if err has twelve consecutive characters of base64 in common
// with text.
func checkLeak(tb testing.TB, text string, err error) {
	tb.Helper()
	message := ownWords.ReplaceAllString(fmt.Sprintf("%v\n%+v\n%#v", err, err, err), "~")
	for _, run := range base64Runs.FindAllString(message, -1) {
		for i := range len(run) - leakLength + 1 {
			if part := run[i : i+leakLength]; strings.Contains(text, part) {
				tb.Errorf("the error quotes %q of the input", part)
			}
		}
	}
}

func TestCheckLeak(t *testing.T) {
	t.Parallel()
	text := fixture(t, "rsa2048_a.private_pkcs1.pem")
	var recorder recorder
	checkLeak(&recorder, text, &pemkey.Error{Problem: "Bad: " + body(text)[100:112] + "."})
	if !recorder.failed {
		t.Error("twelve characters of a private key go unnoticed")
	}
}

type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
