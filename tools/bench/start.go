// SPDX-License-Identifier: MPL-2.0

//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/wa-flows/terraform-provider-whatsapp/tools/bench/reading"
)

// startup is what one start of a provider took.
type startup struct {
	handshake, schema time.Duration
	restKiB           int64
	cpu               time.Duration
}

// start measures what a provider takes until it can be asked, as the CLI starts
// it: with a certificate for each side, and the schema as the first question.
func (b *bench) start(ctx context.Context) error {
	runs := max(b.runs, 5) * 4
	b.say("\n## Start of the provider\n\nLeast / median / most of %d starts: from exec to the handshake line, "+
		"the answer to GetProviderSchema after it with the set-up of the connection, "+
		"the memory right after that, and the CPU until the process was ended. The binaries are built as for a release.\n", runs)
	all := map[string][]startup{}
	for range runs {
		if err := b.place(); err != nil {
			return err
		}
		for _, provider := range providers {
			x, err := measureStart(ctx, b.program(hosts[0], provider))
			if err != nil {
				return fmt.Errorf("%s: %w", provider, err)
			}
			all[provider] = append(all[provider], x)
		}
	}
	b.say("| | handshake, ms | schema, ms | memory at rest, MiB | CPU, ms | binary, MiB |\n|---|---:|---:|---:|---:|---:|")
	for _, provider := range providers {
		info, err := os.Stat(b.binaries[provider])
		if err != nil {
			return err
		}
		column := func(value func(startup) float64) string {
			var values []float64
			for _, x := range all[provider] {
				values = append(values, value(x))
			}
			slices.SortFunc(values, cmp.Compare[float64])
			return fmt.Sprintf("%.1f / %.1f / %.1f", values[0], values[len(values)/2], values[len(values)-1])
		}
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.say("| %s | %s | %s | %s | %s | %.1f |", provider,
			column(func(x startup) float64 { return ms(x.handshake) }), column(func(x startup) float64 { return ms(x.schema) }),
			column(func(x startup) float64 { return float64(x.restKiB) / 1024 }), column(func(x startup) float64 { return ms(x.cpu) }),
			float64(info.Size())/(1<<20))
	}
	return nil
}

// handshake is what Terraform and OpenTofu agree on with a provider.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  6,
	MagicCookieKey:   "TF_PLUGIN_MAGIC_COOKIE",
	MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
}

// measureStart starts a provider, asks it for its schema, and ends it.
func measureStart(ctx context.Context, binary string) (x startup, err error) {
	var process *timedProcess
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake, Plugins: plugin.PluginSet{"provider": connection{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, AutoMTLS: true, SkipHostEnv: true, Logger: hclog.NewNullLogger(),
		RunnerFunc: func(_ hclog.Logger, prepared *exec.Cmd, _ string) (runner.Runner, error) {
			process, err = newTimedProcess(ctx, binary, prepared.Env)
			return process, err
		},
	})
	defer client.Kill()
	if _, err := client.Start(); err != nil {
		return x, err
	}
	handshaken := time.Now()
	x.handshake = handshaken.Sub(process.started)

	if err := askForSchema(ctx, client); err != nil {
		return x, err
	}
	x.schema = time.Since(handshaken)
	x.restKiB = reading.Memory(process.cmd.Process.Pid, "VmRSS")
	// Ended at once, the provider has no CPU time for an orderly shutdown.
	err = process.cmd.Process.Kill()
	client.Kill()
	x.cpu = process.cmd.ProcessState.UserTime() + process.cmd.ProcessState.SystemTime()
	return x, err
}

func askForSchema(ctx context.Context, client *plugin.Client) error {
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense("provider")
	if err != nil {
		return err
	}
	conn, ok := dispensed.(*grpc.ClientConn)
	if !ok {
		return fmt.Errorf("go-plugin made a %T", dispensed)
	}
	// The request has no fields. Those of the answer are unknown to an empty
	// message, which keeps their bytes.
	var schema emptypb.Empty
	if err := conn.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", &emptypb.Empty{}, &schema); err != nil {
		return err
	}
	if n := proto.Size(&schema); n < 100 {
		return fmt.Errorf("the schema has %d bytes", n)
	}
	return nil
}

// connection is a plugin that is asked over the bare connection.
type connection struct{ plugin.NetRPCUnsupportedPlugin }

func (connection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the bench is a client")
}

func (connection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// timedProcess notes the moment of exec: before it, go-plugin makes a certificate,
// which takes some milliseconds that are not the provider's.
type timedProcess struct {
	cmd            *exec.Cmd
	stdout, stderr io.ReadCloser
	started        time.Time
}

func newTimedProcess(ctx context.Context, binary string, env []string) (*timedProcess, error) {
	p := &timedProcess{cmd: exec.CommandContext(ctx, binary)}
	p.cmd.Env = slices.Concat(env, []string{silence})
	var outErr, errErr error
	p.stdout, outErr = p.cmd.StdoutPipe()
	p.stderr, errErr = p.cmd.StderrPipe()
	return p, errors.Join(outErr, errErr)
}

func (p *timedProcess) Start(context.Context) error {
	p.started = time.Now()
	return p.cmd.Start()
}

func (p *timedProcess) Wait(context.Context) error      { return p.cmd.Wait() }
func (p *timedProcess) Kill(context.Context) error      { return p.cmd.Process.Kill() }
func (p *timedProcess) Stdout() io.ReadCloser           { return p.stdout }
func (p *timedProcess) Stderr() io.ReadCloser           { return p.stderr }
func (p *timedProcess) Name() string                    { return p.cmd.Path }
func (p *timedProcess) ID() string                      { return strconv.Itoa(p.cmd.Process.Pid) }
func (p *timedProcess) Diagnose(context.Context) string { return "" }

func (p *timedProcess) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (p *timedProcess) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
