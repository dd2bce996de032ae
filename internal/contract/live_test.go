// SPDX-License-Identifier: MPL-2.0

package contract

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The environment of "make test-live". CONTRIBUTING.md explains it.
const (
	envToken        = "WHATSAPP_ACCESS_TOKEN"
	envNumber       = "WHATSAPP_TEST_PHONE_NUMBER_ID"
	envFlow         = "WHATSAPP_TEST_FLOW_ID"
	envIsTestNumber = "WHATSAPP_TEST_NUMBER_IS_FOR_TESTS"
	envMayLeaveKey  = "WHATSAPP_TEST_MAY_LEAVE_KEY"
	envAppSecret    = "WHATSAPP_APP_SECRET"
	envAPIVersion   = "WHATSAPP_API_VERSION"
	envBaseURL      = "WHATSAPP_BASE_URL"
)

var live = flag.String("live", "", "the file that TestLive writes; without it, TestLive does not run")

// fromEnvironment reads which number to use. Errors name variables, and never
// their values.
func fromEnvironment(getenv func(string) string) (account, error) {
	a := account{
		token: getenv(envToken), number: getenv(envNumber), flow: getenv(envFlow), appSecret: getenv(envAppSecret),
		apiVersion: getenv(envAPIVersion), baseURL: getenv(envBaseURL), mayLeaveKey: getenv(envMayLeaveKey) == "yes",
	}
	var err error
	if a.token == "" || a.number == "" {
		err = errors.Join(err, fmt.Errorf("set %s and %s", envToken, envNumber))
	}
	if strings.Trim(a.number, "0123456789") != "" {
		err = errors.Join(err, fmt.Errorf("%s has something other than digits", envNumber))
	}
	if strings.Trim(a.flow, "0123456789") != "" {
		err = errors.Join(err, fmt.Errorf("%s has something other than digits", envFlow))
	}
	if getenv(envIsTestNumber) != "yes" {
		err = errors.Join(err, fmt.Errorf("the test replaces the key of the number several times, and what is encrypted with its keys cannot be read. "+
			"Set %s=yes if nobody depends on the Flows of this number", envIsTestNumber))
	}
	return a, err
}

// TestLive runs the steps against Meta.
func TestLive(t *testing.T) {
	if *live == "" {
		t.Skip("uses a real number: see make test-live in CONTRIBUTING.md")
	}
	a, err := fromEnvironment(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	a.rescue = filepath.Join(filepath.Dir(*live), "key-of-the-test-number.pem")
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// What is left of the time limit of make test-live is for restoring the key.
	ctx, cancel := context.WithTimeout(ctx, 12*time.Minute)
	defer cancel()

	rec := newRecorder(a)
	t.Run("steps", func(t *testing.T) { try(ctx, t, a, newKeys(t), rec) })
	if err := rec.write(*live); err != nil {
		t.Fatal(err)
	}
	t.Logf("What the server answered is in %s.", *live)
	if len(rec.steps) == 1 {
		return // nothing was uploaded
	}
	for _, difference := range differences(rec.record(), runMock(t, rec.before != "", nil).record()) {
		t.Logf("Not as the mock: %s", difference)
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	complete := map[string]string{envToken: mockToken, envNumber: mockNumber, envIsTestNumber: "yes"}
	with := func(name, value string) map[string]string {
		changed := map[string]string{name: value}
		for n, v := range complete {
			if n != name {
				changed[n] = v
			}
		}
		return changed
	}
	for name, test := range map[string]struct {
		environment map[string]string
		names       string // what the error names
	}{
		"complete":          {complete, ""},
		"no token":          {with(envToken, ""), envToken},
		"no number":         {with(envNumber, ""), envNumber},
		"a phone number":    {with(envNumber, "+1 631 555 0100"), envNumber},
		"the URL of a Flow": {with(envFlow, "https://business.facebook.com/631"), envFlow},
		"not a test number": {with(envIsTestNumber, ""), envIsTestNumber},
		"another word":      {with(envIsTestNumber, "no"), envIsTestNumber},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := fromEnvironment(func(name string) string { return test.environment[name] })
			if test.names == "" {
				if err != nil || a.token != mockToken || a.number != mockNumber || a.flow != "" || a.mayLeaveKey {
					t.Errorf("%+v, %v", a, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.names) {
				t.Fatalf("the error is %v", err)
			}
			if strings.Contains(err.Error(), mockToken) || strings.Contains(err.Error(), mockNumber) || strings.Contains(err.Error(), "631") {
				t.Errorf("the error has a value: %v", err)
			}
		})
	}
	if a, err := fromEnvironment(func(name string) string { return with(envMayLeaveKey, "yes")[name] }); err != nil || !a.mayLeaveKey {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := fromEnvironment(func(name string) string { return with(envFlow, mockFlow)[name] }); err != nil || a.flow != mockFlow {
		t.Errorf("%+v, %v", a, err)
	}
}
