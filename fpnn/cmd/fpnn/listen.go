package main

import (
	"context"
	"net"
)

// listen listens on HOST:PORT or unix:PATH.
func listen(ctx context.Context, endpoint string) (net.Listener, error) {
	network, address, err := splitAddress(endpoint)
	if err != nil {
		return nil, err
	}
	return new(net.ListenConfig).Listen(ctx, network, address)
}

// shown is where a listener can be reached.
func shown(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return "unix:" + l.Addr().String()
	}
	return l.Addr().String()
}
