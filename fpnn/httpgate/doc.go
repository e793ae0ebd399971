// Package httpgate serves HTTP and WebSocket on the port of an FPNN server, as
// the vendor's C++ server does if told to. Here it is a listener around the
// server's:
//
//	l, err := net.Listen("tcp", ":13325")
//	err = srv.Serve(httpgate.NewListener(l, httpgate.Config{}))
//
// What a connection speaks is told from its first bytes. All three reach the same
// handler:
//
//	FPNN                            as it is
//	GET /service/ANY, upgraded      WebSocket, see package ws
//	POST /service/METHOD            a quest: the body is its argument, a JSON object
//	GET /service/METHOD?fpnn=JSON   a quest: the argument is {} if there is none
//
// An answer is 200 with a JSON object, an error answer 500 with
// {"code":20004, "ex":"..."}. To the server each HTTP connection is an FPNN
// connection with the HTTP client's address, made when the first quest comes. So
// quests pass middleware, limits and counters as all others do, and handlers
// cannot tell them from a JSON client's. A handler that calls its client back
// gets error 20004; oneway quests to it are dropped. When the HTTP client goes,
// the handler's ctx ends.
//
// # Limits
//
// A connection that does not tell its protocol within [Config].SniffTimeout is
// taken for FPNN, and so is the oldest of more than MaxSniffed of them: from there
// on the server's own time-outs hold. Nothing waits for a slow connection but its
// own goroutine. Of HTTP connections there are at most MaxHTTP, and what they hold
// of request bodies is together at most MaxBodies; [Listener.Stats] counts what
// that has refused. The options of the server that bound connections
// (fpnn.WithAllowedPeers, WithMaxConns) look at an HTTP connection when it sends its
// first quest.
//
// A request's header must come within 10 s and be no longer than 64 KiB, the whole
// request within 30 s; an idle HTTP connection is closed after 60 s, one whose
// client does not take its answer after 10 s. A quest may take as long as its
// client waits; a server that closes connections on which it receives nothing
// (fpnn.WithIdleTimeout) ends it with 500 and code 20002.
//
// All methods of a [Listener] may be called concurrently.
//
// # Encryption
//
// TLS lies underneath, and is then for all three protocols:
//
//	err = srv.Serve(httpgate.NewListener(tls.NewListener(l, cfg), httpgate.Config{}))
//
// So does FPNN's own encryption, of package secure. It is for FPNN alone: HTTP and
// WebSocket pass it in the clear, and are refused where fpnn.RequireEncryption is
// given, unless there is TLS too.
//
// # Differences from the C++ server
//
// It answers by closing the connection in most of these cases; [net/http] is what
// answers here.
//
//	request                         C++ server          here
//	-------                         ----------          ----
//	path is not /service/METHOD     closed              404
//	empty segments in the path,     ignored             404
//	as in //service/METHOD/
//	METHOD with %20 and the like    not decoded         decoded
//	header names                    have case           have none
//	POST without a body, or with    closed              400, code 10004 or 10006
//	malformed JSON, or no object
//	malformed %zz in fpnn=          closed              400, code 20010
//	field of the query or cookie    closed              ignored
//	without =, or with two of them
//	fpnn={"a":"x&y=z"}, encoded     closed: split       served: split before it is
//	                                after decoding      decoded
//	PUT, HEAD and others            closed              405 with Allow
//	no Host                         served              400, in plain text, as all that
//	                                                    net/http itself refuses
//	request before the last one     lost                served in its turn
//	has its answer
//	OPTIONS                         closed              204, so that web pages may
//	                                                    send application/json
//	body over the limit             closed              413, code 20009
//	server is stopping              closed              503, code 20014
//	peer is not allowed             closed              403, code 20013
//	too many connections, or        closed              503, code 20011
//	no memory left for the body
//	quest that closes connections   closed              500, code 20002
//	(*key, *tune without a key)
//	Origin not in Config.Origins    there is none       403, code 20013
//	Content-Type of an answer       none                application/json
//	Connection: Keep-Alive          in all answers      as HTTP/1.1 has it
//	WebSocket                                           see package ws
//
// The same are: a plus sign in fpnn= is no space, of several fpnn= the last counts,
// Content-Type of a request does not matter, and a request with an Origin gets
// Access-Control-Allow-Origin *, -Credentials true and -Methods GET, POST (with
// Config.Origins, its own origin).
package httpgate
