// Package fault puts faults around any [net.Conn], for tests of programs that
// must survive bad networks.
//
// A [Faults] is the controller. Connections come under it with [Faults.Conn],
// [Faults.Dialer] or [Faults.Listener]; what it is told then holds for all of
// them, those of later too:
//
//	f := fault.New(1)
//	dialer := f.Dialer(new(net.Dialer)) // for the program under test
//	f.Latency(fault.Both, 50*time.Millisecond, 20*time.Millisecond)
//	f.CutAfter(fault.Out, 100)
//
// # The model
//
// A connection has two directions, seen from the wrapped side: [Out] is what it
// writes, [In] what it reads. Each is a line with a buffer of 1 MiB: bytes enter
// at one end and are delivered at the other, in order.
//
//   - Out: Write puts into the line and returns; a goroutine delivers to the
//     connection underneath.
//   - In: a goroutine reads the connection underneath into the line; Read
//     takes what is delivered.
//
// Latency is reckoned where a byte enters the line. All else happens where it is
// delivered: stall and partition keep it from that, corruption changes it and
// the count of a cut goes on. So what is in the line when a fault begins, because
// of latency or since nobody has read it yet, has the fault before it.
//
// A full line makes its writer wait: the wrapped side's Write, or by no longer
// being read the peer. Deadlines are the wrapper's, so they work whatever the
// line does, and also where the connection underneath has none. An error of
// the connection underneath arrives behind the bytes before it in Read, and in a
// later Write.
//
// A connection of the system, over TCP or a Unix socket, has buffers of its own. It
// gets its lines with the first fault of their directions, and keeps them then; until
// then it costs two mutexes a call. Calls that are under way go on in the line. What
// Write has given to the system by then is delivered.
//
// Dialling and accepting have no faults.
//
// # What is random
//
// Jitter and corruption depend on nothing but the seed, the number of the
// connection (they are counted as they are wrapped), the direction and the
// position in the stream: not on how bytes are cut into calls, nor on which
// goroutine runs when. With the same seed and the same bytes they are the same.
//
// # Goroutines
//
// Each line has one, and Close ends both of a connection before it returns. Nothing
// else runs. What blocks here is durably blocked for testing/synctest; a Faults
// belongs to the bubble its connections are in.
//
// All methods of a Faults and of its connections may be called concurrently. Write
// copies: the bytes given to it are the caller's again when it returns, whatever
// becomes of them later.
package fault
