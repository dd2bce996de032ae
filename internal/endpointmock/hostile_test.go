// SPDX-License-Identifier: MPL-2.0

package endpointmock_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/endpointmock"
)

// reads wants status 200 and so many bytes, and leaves. It returns the Content-Length.
func (w wire) reads(n int64) (length int64) {
	w.Helper()
	resp, err := fresh(w.s).Do(w.request(encrypt(&keyA().PublicKey, ping).body))
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got, err := io.CopyN(io.Discard, resp.Body, n); err != nil || resp.StatusCode != http.StatusOK {
		w.Errorf("status %d, %d bytes, %v", resp.StatusCode, got, err)
	}
	return resp.ContentLength
}

func hugeBody(w wire) {
	if length := w.reads(8 << 20); length != 1<<30 {
		w.Errorf("the length is %d", length)
	}
}

func endlessBody(w wire) {
	if length := w.reads(32 << 20); length != -1 {
		w.Errorf("the length is %d", length)
	}
}

func hugeHeader(w wire) {
	c := fresh(w.s)
	if _, err := try(c, w.request("{}")); err == nil || !strings.Contains(err.Error(), "server response headers exceeded") {
		w.Errorf("with the usual limit: %v", err)
	}
	c.Transport = &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 32 << 20}
	if res, err := try(c, w.request("{}")); err != nil || res.status != 200 || len(res.header.Get("X-Huge")) != 16<<20 {
		w.Errorf("status %d, %d bytes, %v", res.status, len(res.header.Get("X-Huge")), err)
	}
}

func endlessHeader(w wire) {
	c := fresh(w.s)
	c.Transport = &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 32 << 20}
	if _, err := try(c, w.request("{}")); err == nil || !strings.Contains(err.Error(), "server response headers exceeded") {
		w.Errorf("%v", err)
	}
}

func endlessInformational(w wire) {
	_, err := try(fresh(w.s), w.request("{}"))
	if err == nil || strings.Contains(err.Error(), "Timeout") {
		w.Errorf("%v", err) // the client gives up by itself
	}
}

func gzipBomb(w wire) {
	// Go's client asks for gzip and unpacks, unless it is told not to.
	w.reads(20 << 20)

	c := fresh(w.s)
	c.Transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	resp, err := c.Do(w.request("{}"))
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got := resp.Header.Get("Content-Encoding"); got != "gzip" {
		w.Errorf("the encoding is %q", got)
	}
	if got := w.last().Header.Get("Accept-Encoding"); got != "" {
		w.Errorf("the client asked for %q", got)
	}
	counted := &counter{r: resp.Body}
	unpacked, err := gzip.NewReader(counted)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, unpacked, 20<<20); err != nil || counted.n > 1<<20 {
		w.Errorf("20 MiB came from %d bytes, %v", counted.n, err)
	}
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

var lasting = []endpointmock.Behaviour{
	endpointmock.Slow, endpointmock.Drip, endpointmock.Hang, endpointmock.Stall, endpointmock.HugeBody, endpointmock.EndlessBody,
	endpointmock.EndlessHeader, endpointmock.EndlessInformational, endpointmock.GzipBomb,
}

// hold sends a request with each lasting behaviour and reads nothing of the answer.
func hold(t *testing.T, o endpointmock.Options) (s *endpointmock.Server, leave func()) {
	t.Helper()
	o.Delay, o.Interval = time.Hour, 10*time.Millisecond
	s = start(t, o, keyA())
	s.Script(lasting...)
	s.Script(endpointmock.Drip)
	var conns []io.Closer
	for range len(lasting) + 1 {
		conn := dial(t, s)
		conns = append(conns, conn)
		if err := request(t, s, encrypt(&keyA().PublicKey, ping).body).Write(conn); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all requests have arrived", func() bool { return len(s.Requests()) == len(lasting)+1 })
	time.Sleep(50 * time.Millisecond) // so that the buffers are full
	if got := s.InFlight(); got < len(lasting)-2 {
		t.Fatalf("only %d requests are being answered", got)
	}
	return s, func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}
}

func TestNothingOutlivesTheClient(t *testing.T) {
	for _, c := range []endpointmock.Certificate{endpointmock.NoTLS, endpointmock.ValidCertificate} {
		s, leave := hold(t, endpointmock.Options{Certificate: c})
		leave()
		eventually(t, "nothing is being answered any more", func() bool { return s.InFlight() == 0 })
	}
}

// The server of net/http notices that the client has left only while nothing is unread.
func TestCloseEndsARequestWithMoreBehindIt(t *testing.T) {
	s := start(t, endpointmock.Options{Behaviour: endpointmock.Hang})
	conn := dial(t, s)
	r := request(t, s, "{}")
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the request was read", func() bool { got := s.Requests(); return len(got) == 1 && got[0].Body != nil })
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // so that what came behind it was seen, too
	s.Close()
	eventually(t, "nothing is being answered any more", func() bool { return s.InFlight() == 0 })
}

func TestNothingOutlivesTheServer(t *testing.T) {
	for _, c := range []endpointmock.Certificate{endpointmock.NoTLS, endpointmock.ValidCertificate} {
		s, leave := hold(t, endpointmock.Options{Certificate: c})
		defer leave()
		s.Close()
		eventually(t, "nothing is being answered any more", func() bool { return s.InFlight() == 0 })
	}
}
