// Package measure counts and times calls.
//
// In a closed loop ([Closed]) so many callers each make one call after the other:
// it tells what a connection can carry, and how long a call takes when the callers
// wait for it. In an open loop ([Open]) calls are due at fixed times, whether those
// before are answered or not, and a call's time begins when it was due: it tells
// what users see who do not wait for each other.
//
// What is measured costs little: a histogram of atomic counters, and where there
// are many callers, one call in eight is timed.
package measure
