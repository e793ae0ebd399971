// Package browsertest shows the page of rtmfake to a browser. It is a module of
// its own, so that what drives the browser is no dependency of the others'.
//
// Its tests are skipped where there is no Chromium. With
//
//	go test -count=1 -screenshots DIR
//
// they leave pictures of the page, narrow and wide, light and dark.
package browsertest
