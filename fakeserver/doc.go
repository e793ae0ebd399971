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
// and it works inside testing/synctest, where its clock is the bubble's.
package fakeserver
