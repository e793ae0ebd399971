// Package fakeserver is an RTM gate in process: for tests without the hosted
// service, and for programs in other languages through the command rtmfake.
//
//	srv := fakeserver.New(t)
//	client, err := rtm.Dial(ctx, srv.Addr(), srv.Project(), rtm.WithDialer(srv.Dialer()))
//
// It checks signatures, stores messages and serves their history, and behaves on
// the wire as the vendor's C++ framework does. FIDELITY.md says, method by method,
// what it does, what it does not and how that is known.
//
// Without options it listens in memory: no port, nothing shared between servers,
// and it works inside testing/synctest, where its clock is the bubble's. There is
// one clock only: a bubble's, or the real one.
//
// # What a test can do with it
//
// The examples are recipes: a unit test, the injection of errors, an outage, and
// pushes. The recipe for programs in other languages is the example of the command
// rtmfake, cmd/rtmfake/example_test.go: they reach it over TCP, TLS, WebSocket, HTTP
// or FPNN's own encryption, as its flags say, and a test reads the state and the
// journal it leaves.
//
//   - Rules ([Server.On]) decide what becomes of quests, to any method: an answer,
//     an error, silence, the end of the connection, a delay, an answer that cannot be
//     read, or what a function does. They can be counted, waited for and required.
//   - The network ([Server.Network]) refuses, cuts, pauses and delays connections,
//     all or one of them, in both directions or one, and restarts the server with its
//     state kept.
//   - State is read ([Server.Messages], [Server.State], [Server.Dump]), put in
//     ([Server.SeedMessages], [WithState]) and kept in files ([State.Save]).
//   - What users do is done without a client: [Server.Send], [Server.PushMessage],
//     [Server.PushEvent].
//   - The journal ([Server.Journal]) has every package in both directions, to look at,
//     to wait for, to write to a file and to replay ([Server.Replay]). Of a test that
//     fails it is logged.
//   - Expectations ([Server.Expect]) fail a test and show the difference.
//
// # Concurrency and ownership
//
// All methods may be called concurrently, by rules and while clients are served, but for
// those that say otherwise. What they return is a copy, except for the Bytes of a
// [Record], which are not to be changed, nor is the Data of a message that they have
// been given. Times of messages are Unix milliseconds.
//
// # What it costs
//
// A conversation needs 70 bytes at most for each message, besides its text: a
// million messages 70 MB. A page costs the same however long the conversation is,
// wherever in it its rows are, and whatever types are looked for or were deleted.
// Quests about one conversation are served one after the other, about others at
// the same time, unless there is a limit to all quests a second ([Limits].Rate),
// which is one for all. An idle connection over TCP needs about 20 KiB on both ends
// together.
//
// The journal keeps 10,000 records and 16 MiB ([WithJournal]). It is one for all
// connections, with one mutex, held for as long as it takes to append a record:
// each package takes it once, an answer and a quest that is served once more. Where
// that is too much it can be off.
package fakeserver
