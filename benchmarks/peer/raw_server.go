package peer

import (
	"context"
	"net"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// serveRaw starts a server that echoes the payload of each quest in its read loop,
// and all that one read brought with one write: the least an FPNN server can do.
func serveRaw(ctx context.Context) (*Served, error) { return serveConns(ctx, echoFrames) }

func echoFrames(nc net.Conn) {
	r := frame.NewReader(nc, frame.DefaultMaxPackage)
	var (
		out []byte
		pkg frame.Package
	)
	for {
		out = out[:0]
		for {
			ok, err := r.Next(&pkg)
			if err != nil {
				return
			}
			if !ok {
				break
			}
			if pkg.Kind != frame.Twoway {
				continue
			}
			start := len(out)
			out = frame.AppendAnswer(out, pkg.Version, pkg.Flags, 0, pkg.Seq)
			out = append(out, pkg.Payload...)
			if frame.Finish(out[start:], frame.DefaultMaxPackage) != nil {
				return
			}
		}
		if len(out) > 0 {
			if _, err := nc.Write(out); err != nil {
				return
			}
		}
		if err := r.Fill(); err != nil {
			return
		}
	}
}
