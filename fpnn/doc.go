// Package fpnn speaks FPNN, a binary RPC protocol: quests and answers with
// msgpack or JSON payloads, any number of them under way on one connection, in
// both directions.
//
//	client, err := fpnn.Dial(ctx, "127.0.0.1:9876")
//	answer, err := client.Call(ctx, "two way demo", args)
//	n, err := answer.Int64("Simple2")
//
//	mux := fpnn.NewMux()
//	mux.Handle("two way demo", fpnn.HandlerFunc(handle))
//	srv, err := fpnn.NewServer(mux)
//	err = srv.Serve(listener)
//
// # Guarantees
//
// A call ends exactly once: with its answer, an error answer, its caller's ctx,
// the default time-out, or the end of the connection. A caller that gives up
// leaves the connection and all other calls untouched; a late answer is counted
// and dropped. A sequence number is not used again while its call is in flight.
//
// An error says whether the peer may have seen the quest ([OpError], [SafeToRetry]).
//
// Nothing a peer sends is trusted before it has been scanned, and no buffer
// grows with a length that a peer merely claims. Every queue and every package
// has a limit, which is an option; what happens at the limit is said there.
//
// A malformed answer fails its own call with code 20006. A malformed quest, or
// bytes that are no FPNN, close the connection, as the vendor's C++ server does.
//
// # Outages
//
// A [Client] connects when first used, once for all who call. In an outage, while it
// has lost its connection, calls wait for another one as long as their ctx or the
// time-out allows, or fail fast; attempts are made one at a time after random pauses
// that grow, to the endpoints in turn ([Reconnect]). [Client.State] and the hooks
// ([WithOnConnect], [WithOnDisconnect], [WithOnState]) show it. No quest is kept for
// a connection to come.
//
// With [WithKeepAlive] an idle connection is pinged and a peer that is gone found
// within a bound that it states; by default it is not. Servers close connections
// that are idle for 60 s ([WithIdleTimeout]).
//
// # Observing
//
// A [Tracer] sees calls, quests and dials begin and end; package otelfpnn, a module
// of its own, has one for OpenTelemetry. Stats of clients, servers and connections
// count, and cost nothing ([ConnStats]); [AppendMetrics] makes them readable for
// Prometheus. A logger is told of what goes wrong ([WithLogger]). By default nobody
// is told anything.
//
// # How a connection works
//
// Client and server use the same [Conn].
//
//	callers --encode--> [ out buffer ] --flush, or a lone caller--> socket
//	   ^                      ^                                       |
//	   | token                | answers                               v
//	   |                   workers <-- [ inbox ] <-- quests ------- reader
//	   +-------------------------------------------- answers ---------+
//
// Callers encode outside of any lock, then append to the out buffer under the
// connection's mutex, which also guards the table of pending calls and the inbox
// and is held for nothing but memory. While one Write is under way, packages
// gather and leave together in the next; there is no timer and no waiting. The
// goroutine that writes is started when there is something to write and ends
// when there is not.
//
// A lone caller on a TCP or Unix socket writes by itself. When its calls have
// followed each other within a quarter of a millisecond for a while, it also reads
// by itself, and the reader stands by. What comes in when no call has followed is
// read 2 ms later at the latest, and so is the end of such a call's ctx noticed.
//
// The reader runs no user code and never waits for anything but the socket: it
// copies each answer into its call's buffer and wakes the caller, and hands
// quests to the workers, which run the handlers. Whoever takes a call out of the
// table owns its end; the rest follows from that.
//
// Buffers: an idle connection holds 2 KiB. The caller owns the bytes of an
// [Answer]; a handler may use those of a [Quest] until it returns.
package fpnn
