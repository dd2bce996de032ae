// SPDX-License-Identifier: MPL-2.0

package childprocess_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/childprocess"
)

const roleEnv = "CHILDPROCESS_TEST_ROLE"

// TestMain lets the test binary stand in for a parent, which starts a child and
// tells its process ID, and for the child. Both wait for an interrupt.
func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	if role == "parent" {
		command := exec.Command(os.Args[0])
		command.Env, command.Stdout = append(os.Environ(), roleEnv+"=child"), os.Stdout
		if err := command.Start(); err != nil {
			panic(err)
		}
		fmt.Println(command.Process.Pid)
	}
	select {
	case <-interrupted:
		fmt.Println("interrupted")
		os.Exit(3)
	case <-time.After(time.Minute):
		os.Exit(4)
	}
}

type family struct {
	*exec.Cmd
	output *bufio.Reader
	child  int
}

func start(t *testing.T) family {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), roleEnv+"=parent")
	childprocess.InNewGroup(command)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = childprocess.KillGroup(command.Process.Pid) })
	f := family{Cmd: command, output: bufio.NewReader(output)}
	line, err := f.output.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if f.child, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f family) children(t *testing.T, prefix string) []int {
	t.Helper()
	children, err := childprocess.Children(f.Process.Pid, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return children
}

func TestInterrupt(t *testing.T) {
	f := start(t)
	if err := childprocess.Interrupt(f.Process.Pid); err != nil {
		t.Fatal(err)
	}
	line, _ := f.output.ReadString('\n')
	if err := f.Wait(); strings.TrimSpace(line) != "interrupted" || f.ProcessState.ExitCode() != 3 {
		t.Errorf("the process ended with %v after %q", err, line)
	}
}

func TestChildren(t *testing.T) {
	f := start(t)
	name := filepath.Base(os.Args[0])
	if got := f.children(t, name[:10]); !slices.Equal(got, []int{f.child}) {
		t.Errorf("the children are %v, not %d", got, f.child)
	}
	if got := f.children(t, "another"); len(got) > 0 {
		t.Errorf("%v have another name", got)
	}
}

func TestKill(t *testing.T) {
	f := start(t)
	if err := childprocess.Kill(f.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := f.Wait(); err == nil || f.ProcessState.ExitCode() == 3 {
		t.Errorf("the process ended with %v", err)
	}
}

func TestKillGroup(t *testing.T) {
	for _, first := range []string{"", "parent"} {
		f := start(t)
		if first == "parent" {
			if err := childprocess.Kill(f.Process.Pid); err != nil {
				t.Fatal(err)
			}
			_ = f.Wait()
		}
		_ = childprocess.KillGroup(f.Process.Pid)
		// The output ends when neither of the two holds it open.
		if rest, _ := f.output.ReadString('\n'); rest != "" {
			t.Errorf("printed %q", rest)
		}
		_ = f.Wait()
	}
}
