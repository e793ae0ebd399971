// Package secure is FPNN's own encryption: an exchange of elliptic curve keys
// with the quest `*key`, then AES-CFB. It is here for peers that have nothing
// better; where both sides can speak TLS, use TLS.
//
//	dialer, err := secure.NewDialer(new(net.Dialer), secure.ClientConfig{Key: serversPublicKey})
//	client, err := fpnn.Dial(ctx, "127.0.0.1:9876", fpnn.WithDialer(dialer))
//
//	listener, err = secure.NewListener(listener, secure.ServerConfig{Key: privateKey})
//	err = server.Serve(listener)
//
// Plain clients may use the same port; fpnn.RequireEncryption keeps them from
// all but the built-in methods.
//
// # What it gives
//
// Who only listens does not learn what is said, only how much and when; in
// package mode also where packages begin. The server proves with its answer that
// it has the private key, to a client that has the public one from a source it
// trusts. Points that are not on the curve, which would give the private key away
// bit by bit, are refused; C++ servers do not check them.
//
// # What it does not give
//
//   - Integrity. CFB does not notice changes. Who sits on the line can flip any
//     bit of any package at the price of garbling the next 16 bytes, cut
//     packages out and, in package mode, send them again.
//   - Authentication of the server, if the client's copy of the public key came
//     on a way others could change. There are no certificates.
//   - Authentication of the client: anyone can make a key pair.
//   - Forward secrecy. The server's key is always the same: who gets hold of it
//     can read all that was ever recorded.
//   - Secrecy of beginnings. All streams of a connection begin with the same 16
//     bytes of key stream, and the answer to `*key` gives them away. So the first
//     16 bytes of the client's first package can be read, and in package mode
//     those of every package: kind, lengths and sequence number. Packages that
//     are alike from their beginning on are alike in their ciphertext, up to the
//     first block of 16 bytes that differs.
//   - Constant time on all curves. Multiplications on Secp192r1 and Secp256k1
//     take a time that depends on the private key.
//
// Prefer Secp256r1, 256 bits and stream mode, where the peer has them. With
// fips140=only in GODEBUG there is no encryption: the standard library forbids CFB.
//
// # How it works
//
// A [Conn] is a [net.Conn] around another. It has no goroutine, and a timer only
// while the handshake lasts. It holds a read buffer of 4 KiB and in package mode
// an incomplete header at most: units are cut and checked by the headers inside
// and go through as they come, so that memory depends on no length a peer claims.
// Write encrypts into a buffer of its own and leaves its caller's bytes alone; Read
// decrypts in its caller's.
//
// Functions, keys and configurations may be used concurrently; a Conn as it says.
package secure
