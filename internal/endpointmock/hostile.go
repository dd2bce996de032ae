// SPDX-License-Identifier: MPL-2.0

package endpointmock

import (
	"bytes"
	"compress/gzip"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Nothing in this file outlives the client or [Server.Close]: whoever writes stops
// when the connection is closed, and whoever waits uses [exchange.wait]. Only a client
// that has sent more than one request before it leaves is waited for until Close.

// rightAnswer sends the head of the right answer and leaves its body to body.
func rightAnswer(x *exchange, body func(text string)) {
	text, ok := x.sealed(http.StatusMisdirectedRequest)
	if !ok {
		return
	}
	x.w.Header().Set("Content-Type", textPlain)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.head(http.StatusOK)
	body(text)
}

// send writes to the client at once.
func (x *exchange) send(b []byte) bool {
	_, err := x.w.Write(b) //nolint:gosec // G705: no answer contains text of the request unencrypted
	return err == nil && http.NewResponseController(x.w).Flush() == nil
}

func slow(x *exchange) {
	if !x.wait(x.opts.Delay) {
		hangUp()
	}
	normal(x)
}

func drip(x *exchange) {
	rightAnswer(x, func(text string) {
		for i := range len(text) {
			if !x.wait(x.opts.Interval) || !x.send([]byte(text[i:i+1])) {
				hangUp()
			}
		}
	})
}

func hang(x *exchange) {
	x.wait(-1)
	hangUp()
}

func stall(x *exchange) {
	rightAnswer(x, func(text string) {
		_ = x.send([]byte(text[:len(text)/2]))
		hang(x)
	})
}

func half(x *exchange) {
	rightAnswer(x, func(text string) {
		_ = x.send([]byte(text[:len(text)/2]))
		hangUp()
	})
}

// reset also destroys what the client has not read yet, as the kernel of a crashed
// server does.
func reset(x *exchange) {
	conn := x.connection.Conn
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = wrapped.NetConn() // below TLS, so that no farewell is sent
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
	hangUp()
}

func garbage(x *exchange) {
	_, _ = x.connection.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n"))
	hangUp()
}

const (
	mebibyte = 1 << 20
	hugeSize = 1024 * mebibyte
)

func hugeBody(x *exchange) {
	x.w.Header().Set("Content-Length", strconv.Itoa(hugeSize))
	x.spaces(hugeSize / mebibyte)
}

func endlessBody(x *exchange) { x.spaces(-1) }

// spaces sends so many MiB, or sends for ever if the number is negative.
func (x *exchange) spaces(n int) {
	x.w.Header().Set("Content-Type", textPlain)
	x.head(http.StatusOK)
	chunk := bytes.Repeat([]byte(" "), mebibyte)
	for ; n != 0; n-- {
		if !x.send(chunk) {
			hangUp()
		}
	}
}

func hugeHeader(x *exchange) {
	x.w.Header().Set("X-Huge", strings.Repeat("x", 16*mebibyte))
	x.status(http.StatusOK)
}

// The server of net/http has no way to send what the next two do, so they write to the
// connection itself.

func endlessHeader(x *exchange) {
	x.endless("HTTP/1.1 200 OK\r\n", "X-Endless: "+strings.Repeat("x", 1000)+"\r\n")
}

func endlessInformational(x *exchange) {
	x.endless("", "HTTP/1.1 103 Early Hints\r\n\r\n")
}

func (x *exchange) endless(start, again string) {
	_, err := x.connection.Write([]byte(start))
	for chunk := []byte(again); err == nil; {
		_, err = x.connection.Write(chunk)
	}
	hangUp()
}

// bomb is 16 MiB of zeros, compressed. Such texts can be put one after another.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, 16*mebibyte))
	_ = w.Close()
	return b.Bytes()
})

func gzipBomb(x *exchange) {
	x.w.Header().Set("Content-Encoding", "gzip")
	x.w.Header().Set("Content-Type", textPlain)
	x.head(http.StatusOK)
	for range 1024 {
		if !x.send(bomb()) {
			hangUp()
		}
	}
}
