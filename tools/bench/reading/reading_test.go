// SPDX-License-Identifier: MPL-2.0

package reading_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

func TestWhatIsAppendedIsLoaded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "readings")
	want := []reading.Reading{
		{Program: "provider", Plugin: true, Wall: 2 * time.Second, CPU: time.Second, Own: time.Millisecond, PeakKiB: 20480},
		{Program: "terraform", Wall: 3 * time.Second},
	}
	for _, r := range want {
		if err := r.Append(file); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := reading.Load(file); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %+v", err, got)
	}
	if err := os.WriteFile(file, []byte("{}\nno JSON\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reading.Load(file); err == nil {
		t.Error("a damaged file was accepted")
	}
}

func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	rest, peak := reading.Memory(os.Getpid(), "VmRSS"), reading.Memory(os.Getpid(), "VmHWM")
	if rest < 1<<10 || peak < rest {
		t.Errorf("%d KiB at rest, %d KiB at most", rest, peak)
	}
	if n := reading.Memory(os.Getpid(), "VmNothing"); n != 0 {
		t.Errorf("an unknown field has the value %d", n)
	}
}
