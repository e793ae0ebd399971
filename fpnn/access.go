package fpnn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// Who may use a server, and how much.

// Errors of connections that are not served; compare with errors.Is.
var (
	// ErrNotAllowed: the peer's address is not on the list of [WithAllowedPeers].
	ErrNotAllowed = errors.New("fpnn: peer is not allowed")
	// ErrTooManyConns: the server has as many connections as [WithMaxConns] allows.
	ErrTooManyConns = errors.New("fpnn: too many connections")
)

// WithAllowedPeers serves peers only whose IP address is within one of the
// prefixes; a single address is its own prefix, of /32 or /128. Connections of
// others are closed as soon as they are accepted, and counted
// ([ServerStats].NotAllowed). Peers without an IP address, as those on Unix sockets
// and in memory, are served. IPv4 addresses in IPv6 form count as IPv4. Default:
// everybody; at least one prefix.
func WithAllowedPeers(prefixes ...netip.Prefix) ServerOption {
	return serverOption(func(s *Server) error {
		if len(prefixes) == 0 {
			return errors.New("fpnn: WithAllowedPeers without a prefix")
		}
		for _, p := range prefixes {
			if !p.IsValid() {
				return fmt.Errorf("fpnn: WithAllowedPeers(%v): not a prefix", p)
			}
		}
		s.allowed = prefixes
		return nil
	})
}

// WithMaxConns sets how many connections a server has at a time. One more is
// closed as soon as it is accepted, and counted ([ServerStats].TooMany). Default:
// no bound; at least 1.
func WithMaxConns(n int) ServerOption {
	return serverOption(func(s *Server) error {
		if n < 1 {
			return fmt.Errorf("fpnn: WithMaxConns(%d): must be at least 1", n)
		}
		s.maxConns = n
		return nil
	})
}

// WithPrivateBuiltins serves `*status`, `*infos` and `*tune` to peers with private,
// loopback or link-local addresses only, and to those without an IP address, much
// as C++ servers do; others get 20013, and are counted ([ServerStats].Forbidden).
// It is of no use behind a proxy, whose own address is what the server sees.
// `*ping` is for everybody. Default: all are.
func WithPrivateBuiltins() ServerOption {
	return serverOption(func(s *Server) error {
		s.privateBuiltins = true
		return nil
	})
}

// WithQuestRate sets how many quests a second one connection may send, on average,
// and how many at once. Twoway quests beyond that are answered with 20011, oneway
// quests dropped, and both counted ([ConnStats].Limited). Default: no bound; both
// at least 1.
func WithQuestRate(perSecond, burst int) Option {
	return connOption(func(c *connConfig) error {
		if perSecond < 1 || burst < 1 {
			return fmt.Errorf("fpnn: WithQuestRate(%d, %d): must be at least 1", perSecond, burst)
		}
		each := time.Second / time.Duration(min(perSecond, int(time.Second)))
		c.questRate = questRate{each, each * min(time.Duration(burst), maxPeriod/each)}
		return nil
	})
}

// questRate is a quest each so often, and as many at once as come in a time.
type questRate struct {
	each, burst time.Duration // 0: no bound
}

func (r *questRate) limited() bool { return r.each > 0 }

// allowance is what a connection may still send: quests that come too early are
// put on account, no more than a burst.
type allowance struct {
	paid time.Duration // since Conn.born: until when the quests so far have paid
}

// take reports whether a quest at time now may pass, and puts it on account.
func (a *allowance) take(r *questRate, now time.Duration) bool {
	paid := max(a.paid, now) + r.each
	if paid-now > r.burst {
		return false
	}
	a.paid = paid
	return true
}

// admit returns why a new connection is not served, if so. s.mu is held.
func (s *Server) admit(nc net.Conn) error {
	switch {
	case s.closed:
		return ErrClosed
	case !s.allows(nc.RemoteAddr()):
		s.notAllowed++
		return ErrNotAllowed
	case s.maxConns > 0 && len(s.conns) >= s.maxConns:
		s.tooMany++
		return ErrTooManyConns
	}
	return nil
}

func (s *Server) allows(peer net.Addr) bool {
	ip, ok := ipOf(peer)
	return !ok || s.allowed == nil ||
		slices.ContainsFunc(s.allowed, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// turnAway closes a connection that is not served. Some transports wait for their
// peer then: WebSocket for a second.
func turnAway(nc net.Conn, reason error) {
	if told, ok := nc.(interface{ CloseWithError(error) error }); ok {
		_ = told.CloseWithError(reason)
		return
	}
	_ = nc.Close()
}

// ipOf returns the IP address of a peer, if it has one.
func ipOf(addr net.Addr) (netip.Addr, bool) {
	if addr == nil {
		return netip.Addr{}, false
	}
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone(""), true
	}
	at, err := netip.ParseAddrPort(addr.String())
	return at.Addr().Unmap().WithZone(""), err == nil
}

// internal reports whether a connection's peer may call what is not for
// outsiders.
func internal(c *Conn) bool {
	ip, ok := ipOf(c.RemoteAddr())
	return !ok || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
}
