package compat

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// parseRest puts each of a function's optional arguments where its type belongs.
func parseRest(function string, rest []any, into ...any) error {
	for _, value := range rest {
		if !assign(value, into) {
			return fmt.Errorf("rtm: %s takes no argument of type %T", function, value)
		}
	}
	return nil
}

// assign puts value into the variable of its type among those pointed to.
func assign(value any, into []any) bool {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return false
	}
	for _, p := range into {
		variable := reflect.ValueOf(p).Elem()
		if v.Type().AssignableTo(variable.Type()) {
			variable.Set(v)
			return true
		}
	}
	return false
}

// run makes a call: at once, or if there is a callback in a goroutine of its own.
func run[T any](client *RTMServerClient, timeout time.Duration,
	call func(ctx context.Context, c *rtm.Client) (T, error), callback func(t T, errorCode int, errInfo string),
) (T, error) {
	do := func() (T, error) {
		c, usual, err := client.ready()
		if err != nil {
			var none T
			return none, err
		}
		if timeout <= 0 {
			timeout = usual
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		return call(ctx, c)
	}
	if callback == nil {
		return do()
	}
	go func() {
		defer client.recovered("callback")
		t, err := do()
		callback(t, fpnn.Code(err), errorText(err))
	}()
	var none T
	return none, nil
}

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
