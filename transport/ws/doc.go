// Package ws carries FPNN over WebSocket, as the vendor's C++ server does on its
// HTTP port: each message is one package, header included.
//
// Both sides are a [net.Conn], a byte stream. What is written to it is cut into
// packages by their headers, and each leaves as one binary message; the rest of
// a package may follow in a later Write. A message that comes in, binary or text,
// in one frame or several, must be exactly one package of at most MaxPackage
// bytes.
//
//	client, err := fpnn.Dial(ctx, "wss://gate.example.com/service/fpnn", fpnn.WithDialer(new(ws.Dialer)))
//
//	l := ws.NewListener(addr, nil)
//	http.Handle("/service/fpnn", l)
//	err := srv.Serve(l)
//
// Package httpgate serves WebSocket, HTTP and FPNN on one port.
//
// # Ends
//
// Close sends a close frame, waits a second for the peer's and then closes what
// is underneath. It waits for the goroutine that does so: there is no other.
//
//	what came                                   Read returns      Close sends
//	----                                        ----              ----
//	close frame 1000, 1001 or without a code    io.EOF            the same, by then
//	close frame with another code               *CloseError       the same, by then
//	end of the stream without a close frame     io.EOF            -
//	the same inside a message                   io.ErrUnexpectedEOF
//	no package, a part, more than one, nothing  *ProtocolError    1003
//	a package that exceeds the limit            *ProtocolError    1009
//	what breaks WebSocket, as unmasked frames   *ProtocolError    1002
//	a ping that takes five seconds              *ProtocolError    1008
//
// A package reaches the reader complete only if nothing follows it in its
// message: of two in one message none is served. The limit is checked when the
// package's header is there; nothing is buffered here. Write leaves its caller's bytes
// alone, though masking changes what is sent.
//
// Pings are answered while somebody reads. They do not count as something
// received: FPNN has a ping of its own, which idle time-outs look at.
//
// # Deadlines
//
// A deadline that passes ends its direction for good, since it may leave a frame
// half done: after [os.ErrDeadlineExceeded] from Read or Write the only thing
// left is Close. A write deadline holds for Write only, not for the answers to
// pings.
//
// # Differences from the C++ server
//
// Sub-protocols are accepted whatever they are called: the first one requested is
// echoed, where the C++ server echoes the whole list. The Origin header of
// browsers is looked at, see [Upgrader], where the C++ server takes all. Pongs
// repeat what was in the ping, a close frame is answered, and header names and
// values have no case, all as RFC 6455 has it. Compression is not offered.
package ws
