// Package compat has the names and signatures of the vendor's Go SDK, over
// package rtm: a program written against the documented message API moves over
// by changing its import line to
//
//	import rtm "github.com/gofpnn/gofpnn/rtm/compat"
//
// New programs are better served by package rtm, which has contexts, typed errors
// and one method for all kinds of targets; [RTMServerClient.RTM] leads there.
//
// # Optional arguments
//
// The functions take optional arguments in any order after their fixed ones, told
// apart by their types: attrs as a string, a time-out as a [time.Duration],
// message types as []int8, a callback as one of the function types documented
// with the function. A value of any other type is an error that names the
// function and the type, and nothing is sent.
//
// Without a callback a function waits for the answer. With one it returns at
// once; if it returned nil, the callback runs exactly once, in a goroutine of its
// own, with error code 0 or with the code and text of the failure; if it returned
// an error, never. A panic in a callback is logged.
//
// The time-out of a call is the one given with it, else the client's
// ([RTMServerClient.SetQuestTimeOut]), else that of [Config]. 0 counts as not
// given.
//
// # Differences
//
// From the published SDK (0.9.20), which differs from its own documentation:
//
//   - CleanGroupMessage and CleanRoomMessage take fromUid first, as documented.
//   - MessageType is an int, as documented. The constants have the values of the
//     wire, 1 to 4, which the documentation lists as 0 to 3.
//   - SetOnConnectedCallback and SetOnClosedCallback take functions of the
//     published SDK's types.
//   - EnableEncryptor is not there; SetDialer makes connections through TLS.
//   - Only the message document's functions are there, with those about members,
//     tokens and listening; RTM's error codes have their names in package rtm.
//
// In behaviour:
//
//   - Time-outs are kept to the millisecond; the SDK counts whole seconds.
//   - An odd answer of the gate is an error; the SDK panics.
//   - The duration and sample rate of voice messages are what the sender said; the
//     SDK always reports 0. File messages that cannot be read keep their text.
//   - Arguments the gate would refuse are refused before they are sent:
//     see [rtm.ArgumentError].
//   - Pushes reach the monitor one after the other, in order; the SDK starts a
//     goroutine for each.
//   - Nothing is logged unless something is wrong.
//   - A send whose answer is lost is attempted again as [rtm.WithResend] says; the
//     SDK does so once, after some error codes.
//   - GetMsgCount returns 0 and 0 with an error; the SDK -1 and -1. The ToId of
//     messages in histories is filled in. Custom attributes of files that are
//     neither an object nor a text are shown as JSON; the SDK leaves them out.
package compat
