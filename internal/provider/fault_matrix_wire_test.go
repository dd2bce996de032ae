// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/tls"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graph"
	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// wireFault is what happens between the provider and the mock server.
type wireFault struct {
	class   graph.Class // which the error names
	connect string      // see forwarder, for this and the next three
	serve   func(*forwarder, net.Conn)
	resolve string
	reset   func(client net.Conn, stream uint32)

	notProcessed bool // the server says so of a request that it has received
}

// wireFaults keep a request from being written, or end its stream.
func wireFaults() map[string]matrixFault {
	refuses := func(change func(*tls.Config)) func(*forwarder, net.Conn) {
		return func(f *forwarder, conn net.Conn) {
			config := f.server.Clone()
			change(config)
			_ = tls.Server(conn, config).Handshake()
		}
	}
	page := "\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
	resetsDial := func(_ *forwarder, conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }
	noTLS := func(_ *forwarder, conn net.Conn) { _, _ = io.WriteString(conn, "220 smtp.example.com ESMTP\r\n") }

	faults := map[string]matrixFault{}
	for name, f := range map[string]wireFault{
		"CONNECT 403":     {class: graph.ClassProxy, connect: "HTTP/1.1 403 Forbidden" + page},
		"CONNECT 407":     {class: graph.ClassProxy, connect: "HTTP/1.1 407 Proxy Authentication Required" + page},
		"CONNECT 502":     {class: graph.ClassNoConnection, connect: "HTTP/1.1 502 Bad Gateway" + page},
		"CONNECT a page":  {class: graph.ClassNoConnection, connect: "<html>"},
		"unknown host":    {class: graph.ClassNoConnection, resolve: "none"},
		"refused dial":    {class: graph.ClassNoConnection, resolve: "127.66.66.66"}, // where nothing listens
		"reset dial":      {class: graph.ClassNoConnection, serve: resetsDial},
		"no TLS":          {class: graph.ClassCertificate, serve: noTLS},
		"untrusted":       {class: graph.ClassCertificate, serve: (*forwarder).passOn},
		"alert, version":  {class: graph.ClassCertificate, serve: refuses(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })},
		"alert, protocol": {class: graph.ClassCertificate, serve: refuses(func(c *tls.Config) { c.NextProtos = []string{"spdy/1"} })},
	} {
		faults[name] = matrixFault{wire: &f}
	}
	faults["passes: CONNECT 502"] = matrixFault{wire: faults["CONNECT 502"].wire, retries: true}
	faults["passes: reset dial"] = matrixFault{wire: faults["reset dial"].wire, retries: true}

	// The mock server resets a stream, and what the provider gets to see differs.
	unread := graphmock.Fault{Drop: graphmock.DropOnRequest}
	read := graphmock.Fault{Drop: graphmock.DropAfterRequest}
	stored := graphmock.Fault{Drop: graphmock.DropAfterRequest, Apply: true}
	refused := &wireFault{class: graph.ClassTransient, notProcessed: true, reset: func(client net.Conn, stream uint32) {
		resetStream(client, stream, refusedStream)
	}}
	before := &wireFault{class: graph.ClassTransient, notProcessed: true, reset: func(client net.Conn, _ uint32) { goAway(client, 0) }}
	after := &wireFault{class: graph.ClassTransient, reset: func(client net.Conn, stream uint32) {
		goAway(client, stream)
		_ = client.Close()
	}}
	maps.Copy(faults, map[string]matrixFault{
		"REFUSED_STREAM":               {Fault: unread, wire: refused},
		"GOAWAY before":                {Fault: unread, wire: before},
		"GOAWAY after":                 {Fault: read, wire: after},
		"GOAWAY after, stored":         {Fault: stored, wire: after, only: http.MethodPost},
		"passes: REFUSED_STREAM":       {Fault: unread, wire: refused, only: http.MethodPost, retries: true},
		"passes: GOAWAY before":        {Fault: unread, wire: before, only: http.MethodPost, retries: true},
		"passes: GOAWAY after":         {Fault: read, wire: after, retries: true},
		"passes: GOAWAY after, stored": {Fault: stored, wire: after, only: http.MethodPost, retries: true},
	})
	return faults
}

// onTheWay is a run of the CLI whose requests pass the forwarder, as far as they
// do.
type onTheWay struct {
	*forwarder
	b        *bench
	op       operation
	requests []string // of a run without a fault
	position int
	fault    matrixFault
}

// onTheWay puts the fault between the provider and the mock server. The number
// under test waits for the bystander, and the operations of the CLI come one after
// the other, so that the fault meets one request, and the same in each run.
func (b *bench) onTheWay(op operation, requests []string, position int, fault matrixFault) *onTheWay {
	b.t.Helper()
	file := filepath.Join(b.folder, "main.tf")
	config, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write("main.tf", strings.Replace(string(config), "  phone_number_id", "  depends_on = [whatsapp_business_encryption.bystander]\n  phone_number_id", 1))

	wire := fault.wire
	f := &forwarder{mock: b.Server, connect: wire.connect, serve: wire.serve, resolve: wire.resolve, reset: wire.reset}
	f.due = func() bool {
		passed := fault.retries && f.struck.Load() > 0
		return !passed && b.Count("", bystander) > 0 && b.Count("", testNumber) >= position
	}
	if wire.reset != nil {
		b.Script(fault.Fault)
	}
	b.env = slices.Concat(b.env, f.start(b.t), []string{"TF_CLI_ARGS_plan=-parallelism=1", "TF_CLI_ARGS_apply=-parallelism=1", "TF_CLI_ARGS_destroy=-parallelism=1"})
	return &onTheWay{f, b, op, requests, position, fault}
}

// resent reports whether net/http sends the request again on its own, because it
// has no effect and the server did not process it.
func (o *onTheWay) resent() bool {
	return o.fault.wire.notProcessed && o.requests[o.position] == http.MethodGet
}

// received is what the mock server has to receive for the number.
func (o *onTheWay) received() string {
	struck, rest := o.requests[:o.position+1], o.requests[o.position:]
	stored := o.fault.Apply
	method := o.requests[o.position]
	// A create looks at the number before each further try.
	var look []string
	if o.op.name == "create" && method == http.MethodPost {
		look = []string{http.MethodGet}
	}
	switch {
	case o.fault.wire.reset == nil && !o.fault.retries:
		return strings.Join(struck[:o.position], " ")
	case o.fault.wire.reset == nil:
		return strings.Join(slices.Concat(struck[:o.position], look, rest), " ")
	case o.resent(), o.fault.retries && (method == http.MethodGet || o.fault.wire.notProcessed):
		rest = slices.Concat(look, rest)
	case o.fault.retries && stored:
		rest = append([]string{http.MethodGet}, rest[1:]...)
	case o.fault.retries:
		rest = append([]string{http.MethodGet}, rest...)
	case o.op.name == "create" && o.position == 0:
		rest = rest[1:] // the plan warns, and the apply reads
	case o.op.name == "create" && o.position == 1:
		// The apply plans once more, and then reads itself.
	default:
		rest = nil
	}
	return strings.Join(slices.Concat(struck, rest), " ")
}

// check compares what was sent and what was said with what happened on the way.
func (o *onTheWay) check(output string, succeeded bool) {
	t := o.b.t
	t.Helper()
	if o.struck.Load() == 0 {
		t.Fatalf("the fault met no request:\n%s", output)
	}
	if n := o.struck.Load(); o.fault.wire.class == graph.ClassProxy && n != 1 {
		t.Errorf("the proxy was asked %d times after it had refused", n)
	}
	if got, want := o.b.requests(testNumber), o.received(); got != want {
		t.Errorf("the mock server received %q, not %q:\n%s", got, want, output)
	}

	var want, class string
	hasUploaded := slices.Contains(o.requests[:o.position], http.MethodPost)
	switch {
	case o.fault.retries || o.resent():
	case o.fault.wire.reset != nil && !o.fault.wire.notProcessed && o.requests[o.position] == http.MethodPost:
		want = saysNotKnown
	case hasUploaded:
		want = saysUploaded
	default:
		want = saysNotChanged
	}
	if want != "" {
		class = "Kind of error: " + string(o.fault.wire.class) + "."
	}
	said := inOneLine(output)
	for _, sentence := range []string{saysNotChanged, saysNotKnown, saysUploaded} {
		if strings.Contains(said, sentence) != (sentence == want) {
			t.Errorf("%q is to be said: %t:\n%s", sentence, sentence == want, output)
		}
	}
	if !strings.Contains(said, class) {
		t.Errorf("%q is not in:\n%s", class, output)
	}
	if !succeeded && want == "" {
		return // reported by the cell
	}
	if stored, _ := o.b.Key(testNumber); succeeded && o.op.name != "destroy" || hasUploaded {
		if !newPublicKeyValue(o.b.keyInState()).sameKey(newPublicKeyValue(stored)) {
			t.Errorf("the state does not have the key that is on the number:\n%s", output)
		}
	}
}
