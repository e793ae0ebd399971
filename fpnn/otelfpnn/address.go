package otelfpnn

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// appendServer appends where an endpoint is. Of endpoints that only a dialer of the
// program's understands nothing is told: they may hold a password.
func appendServer(attrs []attribute.KeyValue, endpoint string) []attribute.KeyValue {
	host, port := hostOf(endpoint)
	if host != "" {
		attrs = append(attrs, semconv.ServerAddress(host))
	}
	if host != "" && port != 0 {
		attrs = append(attrs, semconv.ServerPort(port))
	}
	return attrs
}

// hostOf returns "" for what it does not know, and 0 where there is no port.
func hostOf(endpoint string) (host string, port int) {
	endpoint = strings.TrimPrefix(endpoint, "tls://")
	if path, ok := strings.CutPrefix(endpoint, "unix:"); ok {
		return path, 0
	}
	if strings.Contains(endpoint, "://") {
		u, err := url.Parse(endpoint)
		if err != nil {
			return "", 0
		}
		port, _ = strconv.Atoi(u.Port())
		return u.Hostname(), port
	}
	host, digits, err := net.SplitHostPort(endpoint)
	if err != nil || strings.ContainsAny(host, "@/?") {
		return "", 0
	}
	if port, err = strconv.Atoi(digits); err != nil {
		return "", 0
	}
	return host, port
}

// appendAddr appends an end of a connection.
func appendAddr(attrs []attribute.KeyValue, addr net.Addr, address, port attribute.Key) []attribute.KeyValue {
	if addr == nil {
		return attrs
	}
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return append(attrs, address.String(text(addr.String())))
	}
	return append(attrs, address.String(at.Addr().Unmap().String()), port.Int(int(at.Port())))
}

// appendTransport appends what an address is of, if there is a name for it.
func appendTransport(attrs []attribute.KeyValue, addr net.Addr) []attribute.KeyValue {
	if addr == nil {
		return attrs
	}
	switch addr.Network() {
	case "tcp", "tcp4", "tcp6":
		return append(attrs, semconv.NetworkTransportTCP)
	case "unix":
		return append(attrs, semconv.NetworkTransportUnix)
	default:
		return attrs
	}
}
