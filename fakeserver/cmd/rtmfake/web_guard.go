package main

import (
	"net"
	"net/http"
	"strings"
)

// policy has the page load nothing but its own script and style, and never parse
// text as HTML.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard refuses all that the page itself and simple clients do not ask for. Who
// asks for another host has been led here by a name that an attacker's page has
// changed the address of: it would read what the gate holds.
func (w *web) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch {
		case !w.hosts[strings.ToLower(r.Host)]:
			http.Error(rw, "this host is not served here", http.StatusForbidden)
		case foreign(r):
			http.Error(rw, "not for the pages of others", http.StatusForbidden)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(rw, "only to be read", http.StatusMethodNotAllowed)
		default:
			next.ServeHTTP(rw, r)
		}
	})
}

// foreign reports whether a browser asks for what it is not to have: the page
// anywhere but in a window of its own or, led by another site, anything but the
// page. That site could not read an answer, but would take the places of those who
// can. A browser that does not say what it asks for is trusted.
func foreign(r *http.Request) bool {
	if r.URL.Path == "/" {
		dest := r.Header.Get("Sec-Fetch-Dest")
		return dest != "" && dest != "document"
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "none" && site != "same-origin"
}

// hostsOf returns the hosts that stand for this machine, or were named to listen
// on, with the port.
func hostsOf(named, actual string) map[string]bool {
	_, port, _ := net.SplitHostPort(actual)
	host, _, _ := net.SplitHostPort(named)
	hosts := map[string]bool{strings.ToLower(actual): true}
	for _, h := range []string{"localhost", "127.0.0.1", "::1", host} {
		hosts[strings.ToLower(net.JoinHostPort(h, port))] = true
	}
	for h := range hosts {
		if short, ok := strings.CutSuffix(h, ":80"); ok { // which browsers leave out
			hosts[short] = true
		}
	}
	return hosts
}
