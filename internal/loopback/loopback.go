// SPDX-License-Identifier: MPL-2.0

// Package loopback tells whether a host is this machine, where plain http gives
// nothing away.
package loopback

import (
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
