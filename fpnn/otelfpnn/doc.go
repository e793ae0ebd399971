// Package otelfpnn makes spans and metrics of OpenTelemetry of what package fpnn does.
//
//	tracer, err := otelfpnn.NewTracer(nil, nil) // nil: the global providers
//	client, err := fpnn.NewClient(endpoints, fpnn.WithTracer(tracer))
//	server, err := fpnn.NewServer(mux, fpnn.WithTracer(tracer))
//	_, err = otelfpnn.ObserveClient(nil, client)
//
// It is a module of its own, so that programs without it do not depend on
// OpenTelemetry. Names are those of version 1.43.0 of the semantic conventions for
// RPC. These are a release candidate there and stable in later documents; names may
// change with them.
//
// # Spans
//
// Calls and notices are spans of the kind client, quests being served of the kind
// server; they are named for the method. A dial is an internal span "fpnn.dial", without
// a parent, since it is made for all callers.
//
//	rpc.system.name             "fpnn"
//	rpc.method                  the method; "_OTHER" if a server does not know it, see below
//	rpc.method_original         then, the method
//	rpc.response.status_code    the FPNN code of an error, sent, received or found here
//	error.type                  the same; of dials too
//	server.address, .port       of the endpoint of clients, no more than host and port of it
//	network.peer.address, .port of the connection, and network.local.address, .port
//	network.transport           "tcp" or "unix" if the peer's address is of such a network
//	fpnn.seq                    the quest's sequence number
//	fpnn.oneway                 true of a quest without an answer
//	fpnn.request.size           of the quest's payload, in bytes
//	fpnn.response.size          of the answer's payload, in bytes
//
// Any code but 0 is an error, and its name ([fpnn.CodeText]) the description of the
// span's status. Payloads, and the texts of errors, which may quote them, are not in
// spans or metrics.
//
// # Propagation
//
// There is none: FPNN has no headers, so a trace cannot be carried to the peer. The
// span of a call and that of the peer who served it belong to different traces. They
// have the same fpnn.seq, and the addresses of one are those of the other, swapped; a
// number is used again on its connection when four billion others have been.
// What a handler calls with its ctx is a child of the handler's span.
//
// # Metrics
//
// The histograms rpc.client.call.duration and rpc.server.call.duration are in seconds,
// with the attributes rpc.system.name, rpc.method, rpc.response.status_code and
// error.type, and those of clients with server.address and server.port. Dials are
// not among them. [ObserveClient] and [ObserveServer] add the counters of Stats, and
// [Observe] those of anything else.
//
// A method is "_OTHER" if it was answered with 20004, as a [fpnn.Mux] answers those it
// does not have. A server with another handler that takes any name has as many values
// of rpc.method, and histograms, as its peers invent: such a handler should answer what
// it does not know with [fpnn.UnknownMethod], or a view of the SDK drop the attribute.
package otelfpnn
