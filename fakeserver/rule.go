package fakeserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gofpnn/gofpnn/fpnn"
)

// Rule is what the server does with some of the quests it gets, see [Server.On].
// All methods may be called concurrently.
type Rule struct {
	rules    *rules
	method   string
	action   Action
	where    []func(q *fpnn.Quest) bool
	times    int // 0: always
	required bool

	mu      sync.Mutex
	calls   int
	changed notice
}

// Condition says when a rule applies.
type Condition func(r *Rule)

// Where has a rule apply only to quests for which pred is true. It may be called
// concurrently, and must not keep the quest.
func Where(pred func(q *fpnn.Quest) bool) Condition {
	return func(r *Rule) { r.where = append(r.where, pred) }
}

// Times has a rule apply n times, and then never again. Less than 1 is always.
func Times(n int) Condition { return func(r *Rule) { r.times = max(n, 0) } }

// Required fails the test that has made the server with [New], unless the rule is
// applied, with [Times] as often as that says.
func Required() Condition { return func(r *Rule) { r.required = true } }

// AnyMethod stands for all methods in [Server.On].
const AnyMethod = ""

// On makes a rule: quests to a method get an action instead of what the server
// would do. It may be any method, one the server does not have or a built-in one
// such as "*ping" too, or [AnyMethod]. Rules are tried in the order they were
// made; the first to apply decides, unless its action passes the quest on. Rules
// last until they are removed, or their [Times] are over. They come before
// signatures are looked at.
func (s *Server) On(method string, action Action, conditions ...Condition) *Rule {
	r := &Rule{rules: &s.rules, method: method, action: action}
	for _, c := range conditions {
		c(r)
	}
	s.rules.replace(func(list []*Rule) []*Rule { return append(list, r) })
	return r
}

// Calls returns how often the rule has been applied.
func (r *Rule) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// Wait waits until the rule has been applied n times, counted from the beginning,
// or until ctx ends, and then returns its error.
func (r *Rule) Wait(ctx context.Context, n int) error {
	for {
		r.mu.Lock()
		if r.calls >= n {
			r.mu.Unlock()
			return nil
		}
		if r.changed == nil {
			r.changed = make(notice)
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Remove ends the rule. Quests it is being applied to are not affected. It is no
// longer [Required].
func (r *Rule) Remove() {
	r.rules.replace(func(list []*Rule) []*Rule {
		return slices.DeleteFunc(list, func(other *Rule) bool { return other == r })
	})
}

// apply counts a call, if the rule applies.
func (r *Rule) apply(q *fpnn.Quest) bool {
	if r.method != AnyMethod && r.method != q.Method() {
		return false
	}
	for _, pred := range r.where {
		if !pred(q) {
			return false
		}
	}
	r.mu.Lock()
	if r.times > 0 && r.calls == r.times {
		r.mu.Unlock()
		return false
	}
	r.calls++
	changed := r.changed
	r.changed = nil
	r.mu.Unlock()
	changed.send()
	return true
}

// String says what the rule is about.
func (r *Rule) String() string {
	return fmt.Sprintf("rule on %s: applied %d times", named(r.method), r.Calls())
}

// named is a method, or all of them, for people to read.
func named(method string) string {
	if method == AnyMethod {
		return "any method"
	}
	return printable(method)
}

// rules are all there are, in the order they are tried. The list is never changed
// but replaced.
type rules struct {
	mu   sync.Mutex // of who replaces the list
	list atomic.Pointer[[]*Rule]
}

func (r *rules) all() []*Rule {
	if list := r.list.Load(); list != nil {
		return *list
	}
	return nil
}

// replace has change make another list of the one there is.
func (r *rules) replace(change func(list []*Rule) []*Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := change(slices.Clone(r.all()))
	r.list.Store(&list)
}

// unmet returns an error for each rule that was required and not applied.
func (r *rules) unmet() (errs []error) {
	for _, rule := range r.all() {
		if want := max(rule.times, 1); rule.required && rule.Calls() < want {
			errs = append(errs, fmt.Errorf("%v, required %d", rule, want))
		}
	}
	return errs
}

// ruled has quests go through the rules before they are served.
func (s *Server) ruled(next fpnn.Handler) fpnn.Handler {
	return fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		list := s.rules.all()
		if len(list) == 0 {
			return next.ServeQuest(ctx, q)
		}
		v, err := s.follow(ctx, list, next, q)
		if errors.Is(err, ErrDropped) {
			q.Later().Drop()
		}
		return v, err
	})
}

// follow applies the first rule of the list that does.
func (s *Server) follow(ctx context.Context, list []*Rule, next fpnn.Handler, q *fpnn.Quest) (any, error) {
	for i, r := range list {
		if !r.apply(q) {
			continue
		}
		c := &Ctx{Quest: q, ctx: ctx, server: s, following: func() (any, error) { return s.follow(ctx, list[i+1:], next, q) }}
		c.ending = func() (any, error) { return next.ServeQuest(ctx, q) }
		r.action(c)
		if !c.decided {
			return c.Next()
		}
		return c.answer, c.err
	}
	return next.ServeQuest(ctx, q)
}
