package compat

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// parseRest puts each of a function's optional arguments where its type belongs.
func parseRest(function string, rest []any, into ...any) error {
	callbacks := 0
	for _, value := range rest {
		if !assign(value, into) {
			return fmt.Errorf("rtm: %s takes no argument of type %T", function, value)
		}
		if v := reflect.ValueOf(value); v.Kind() == reflect.Func && !v.IsNil() {
			callbacks++
		}
	}
	if callbacks > 1 {
		return fmt.Errorf("rtm: %s takes one callback, not %d", function, callbacks)
	}
	return nil
}

// assign puts value into the variable of its type among those pointed to; a nil
// callback counts as none.
func assign(value any, into []any) bool {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return false
	}
	for _, p := range into {
		variable := reflect.ValueOf(p).Elem()
		if v.Type().AssignableTo(variable.Type()) {
			if v.Kind() != reflect.Func || !v.IsNil() {
				variable.Set(v)
			}
			return true
		}
	}
	return false
}

// run makes a call: at once, or if there is a callback in a goroutine of its own.
func run[T any](client *RTMServerClient, timeout time.Duration,
	call func(ctx context.Context, c *rtm.Client) (T, error), callback func(t T, errorCode int, errInfo string),
) (T, error) {
	var none T
	c, usual, err := client.ready()
	if timeout <= 0 {
		timeout = usual
	}
	if callback == nil {
		if err != nil {
			return none, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		return call(ctx, c)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	before, queued := client.turn()
	go func() {
		defer client.recovered("callback")
		defer cancel()
		defer queued()
		t := none
		if err == nil {
			<-before
			t, err = call(fpnn.OnQueued(ctx, queued), c)
		}
		queued()
		callback(t, fpnn.Code(err), errorText(err))
	}()
	return none, nil
}

// turn keeps asynchronous calls in order: each begins when before is closed, and
// calls queued, once or more often, when it is under way.
func (client *RTMServerClient) turn() (before <-chan struct{}, queued func()) {
	client.order.Lock()
	defer client.order.Unlock()
	before = client.last
	if before == nil {
		before = closedChannel
	}
	mine := make(chan struct{})
	client.last = mine
	return before, sync.OnceFunc(func() { close(mine) })
}

var closedChannel = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// errorText is what a callback is told of an error.
func errorText(err error) string {
	var remote *fpnn.RemoteError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &remote):
		return remote.Message
	}
	return err.Error()
}

// recovered keeps a panic in the program's code from ending the process.
func (client *RTMServerClient) recovered(what string) {
	if r := recover(); r != nil {
		client.log("%s panicked: %v", what, r)
	}
}

// do makes a call that has no result, with the optional arguments of such.
func (client *RTMServerClient) do(function string, rest []any, call func(ctx context.Context, c *rtm.Client) error) error {
	var timeout time.Duration
	var callback func(errorCode int, errInfo string)
	if err := parseRest(function, rest, &timeout, &callback); err != nil {
		return err
	}
	var done func(struct{}, int, string)
	if callback != nil {
		done = func(_ struct{}, errorCode int, errInfo string) { callback(errorCode, errInfo) }
	}
	_, err := run(client, timeout, func(ctx context.Context, c *rtm.Client) (struct{}, error) {
		return struct{}{}, call(ctx, c)
	}, done)
	return err
}

// ask makes a call with one result, with the optional arguments of such.
func ask[T any](client *RTMServerClient, function string, rest []any,
	call func(ctx context.Context, c *rtm.Client) (T, error),
) (T, error) {
	var timeout time.Duration
	var callback func(t T, errorCode int, errInfo string)
	if err := parseRest(function, rest, &timeout, &callback); err != nil {
		var none T
		return none, err
	}
	return run(client, timeout, call, callback)
}
