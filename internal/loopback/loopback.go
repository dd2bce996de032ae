// SPDX-License-Identifier: MPL-2.0

// Package loopback tells whether a host is this machine, where plain http gives
// nothing away.
package loopback

import (
	"net"
	"net/netip"
	"strings"
)

// IsHost reports whether a host, without a port, is this machine: the name
// "localhost" in any case (RFC 6761), or a loopback address. No name is looked up.
func IsHost(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// IsHostPort is [IsHost] for a host with or without a port, as in the Host header
// of a request.
func IsHostPort(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return IsHost(host)
}
