// Package rtm is the server-side message API of RTM, a hosted real-time
// messaging service: send messages to users, groups, rooms and everyone, and
// read them back.
//
//	client, err := rtm.Dial(ctx, "127.0.0.1:13325", rtm.Project{ID: 80000071, Secret: rtm.Secret(key)})
//	receipt, err := client.Send(ctx, from, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
//	page, err := client.History(ctx, from, rtm.Group(7), rtm.HistoryQuery{Descending: true, Limit: 20})
//
// A conversation is named by a [Target]: [User], [Group], [Room] or [Everyone].
// All times are Unix milliseconds, as on the wire. User, group and room ids are
// the application's own numbers.
//
// # Errors
//
// What cannot be sent is an [*ArgumentError] that names the argument. An error
// answer of the gate is a [*fpnn.RemoteError] with one of the codes of this
// package, any other failure an [*fpnn.OpError]; [fpnn.Code] and
// [fpnn.SafeToRetry] work on all of them.
//
// # Concurrency
//
// All methods of a [Client] may be called concurrently; the calls share one
// connection. Every call ends with its ctx, or without a deadline there after
// the client's time-out ([WithTimeout]). A call that is given up leaves the
// connection and all other calls alone.
package rtm
