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
// Nothing a peer sends is trusted before it has been scanned, and no buffer
// grows with a length that a peer merely claims. Every queue and every package
// has a limit, which is an option; what happens at the limit is said there.
//
// A malformed answer fails its own call with code 20006. A malformed quest, or
// bytes that are no FPNN, close the connection, as the vendor's C++ server does.
//
// Quests of one goroutine leave in the order of its calls; between goroutines
// [OnQueued] can make an order. A client handles the quests it gets in the order they
// came; a server does so with [WithConcurrency] 1.
//
// # Concurrency
//
// All methods of [Client], [Conn], [Server] and [Responder] may be called
// concurrently. A [Mux] is complete before it serves. A handler is called
// concurrently: for the quests of different connections always, for those of one as
// [WithConcurrency] says. A [Quest] and what is read from it are its handler's, an
// [Answer] is its caller's; several goroutines may read either. Options may be used
// for several clients and servers. Close and Shutdown wait for handlers and hooks,
// which must not call them, [Conn.Close] apart.
//
// # Errors
//
//	*RemoteError    the peer answered with an error: its code and text
//	*OpError        anything else that ends a call, a dial or Serve: what was done, whether
//	                the quest was sent, and as its cause one of
//	                  context.DeadlineExceeded, context.Canceled   ctx, or the default time-out
//	                  ErrDisconnected    the connection was lost; with *ProtocolError, because of
//	                                     what the peer sent
//	                  ErrClosed          this side closed it
//	                  ErrQueueFull       too many calls in flight, or waiting for a connection
//	                  ErrTooLarge        the package exceeds WithMaxPackage
//	                  an error of package codec or frame, or of the transport
//
// [Code] gives the FPNN number of any of them: 20003 for a time-out, 20002 for a lost
// connection. [SafeToRetry] tells whether the peer certainly has not acted.
//
// # Limits
//
//	option              default    what happens there
//	WithMaxPackage      8 MiB      a larger quest is ErrTooLarge, and not sent; a larger package from the
//	                               peer ends the connection when its header is there
//	WithMaxInFlight     65,536     one more call on the connection is ErrQueueFull
//	WithMaxWaiting      65,536     one more caller who would wait for a connection gets ErrQueueFull
//	WithWriteBuffer     512 KiB    callers wait for room, in turn, as long as their ctx lets them
//	WithInbox           1,024      one more quest is answered with 20011, a oneway one dropped; all are counted
//	WithConcurrency     1, 16      more quests wait in the inbox (clients 1, servers 16)
//	WithTimeout         5 s        a call without a deadline ends with context.DeadlineExceeded
//	WithDialTimeout     5 s        an attempt to connect fails
//	WithWriteTimeout    10 s       one Write that takes longer ends the connection
//	WithReadTimeout     30 s       a package begun and not complete by then ends the connection
//	WithIdleTimeout     60 s, 0    a silent connection is closed (servers 60 s, clients never)
//	WithLateTimeout     60 s       a quest kept by a Responder is answered with 20001
//	WithMaxBuffered     256 MiB    of incomplete packages, all connections of a server together: a
//	                               connection that needs more is closed
//	WithMaxConns        none       a server closes one more connection as soon as it is accepted
//	WithQuestRate       none       quests beyond it are answered with 20011, counted
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
// Client and server use the same [Conn]. The numbers are those of the buffers below.
//
//	callers --encode--> [1] --append, or stand in line--> [2] --one Write--> transport
//	   ^                 \______ a lone caller's own Write ____________________/   |
//	   |                                                    ^                     | Read
//	   | token                                   answers [6]|                     v
//	   |                                                 workers <-- inbox [5] -- reader [3]
//	   +------------------------------ answer [4] -----------------------------------+
//
// Callers encode outside of any lock, then append to the out buffer under the
// connection's mutex, which also guards the table of pending calls and the inbox and
// is held for nothing but memory. While one Write is under way, packages gather and
// leave together in the next; there is no timer and no waiting. What finds no room in
// the out buffer stands in line, and is moved there in turn.
//
// A lone caller on a TCP or Unix socket writes by itself. When its calls have
// followed each other within a quarter of a millisecond for a while, and no quest has
// come, it also reads by itself, and the reader stands by. What comes in when no call
// has followed is read 2 ms later at the latest, and so is the end of such a call's ctx
// noticed.
//
// The reader runs no user code and never waits for anything but the socket: it copies
// each answer into its call's buffer and wakes the caller, and hands quests to the
// workers, which run the handlers. A quest for which the inbox has no room it answers
// itself, straight into the out buffer. Whoever takes a call out of the table (reader,
// sweeper, its caller, or the end of the connection) owns its end; the rest follows
// from that.
//
//	goroutine     how many                  from when to when
//	reader        1                         as long as the connection is up; it waits while a lone caller reads
//	writer        0 or 1                    while there is something to write
//	worker        up to WithConcurrency     while quests wait; it runs the handler
//	sweeper       0 or 1                    while calls with the default time-out are in flight
//	keep-alive    1 with WithKeepAlive      as long as the connection is up
//	closer        1                         at the end, until the transport has closed
//	teller        1                         at the end; it runs the hook of WithOnState, and logs
//	dialer        0 or 1 of a Client        while a connection is being made, for all who wait
//	eager dialer  0 or 1 of a Client        through an outage, with Reconnect.Eager
//	Serve         1 for each listener       the caller's own
//	turning away  1 for each connection     that a Server does not serve, until it is closed
//
// Close of the client or server returns when all of them have ended; [Conn.Done] tells
// so for one connection.
//
//	buffer                size                                     who owns its bytes
//	1  a call's package   the package; up to 2 MiB kept for the    its caller, until the call ends; args are read
//	                      connection's next calls                  while it is encoded, and not kept
//	2  out buffer         as much as waits: WithWriteBuffer, or    the connection; the writer, while it is written.
//	                      one package; up to 8 KiB (of which       Packages are copied into it
//	                      there are up to 3) its own, above
//	                      that borrowed until written
//	3  read buffer        2 KiB, under load up to 64 KiB; more     who reads, the reader or a lone caller; nothing
//	                      only for a larger package, by the        refers to it beyond one turn of reading
//	                      bytes received, borrowed for so long
//	4  answer             the payload                              the Answer, so its caller: the reader copies into
//	                                                               it before it wakes the caller
//	5  quest              the payload; in the inbox together at    the Quest: its handler's until it returns, or the
//	                      most WithMaxPackage                      Responder's until it has replied
//	6  answer package     the package                              the worker; what the handler returned is encoded
//	                                                               into it and not kept
//
// A connection that has never had load holds buffer 3 with its 2 KiB, and no other.
package fpnn
