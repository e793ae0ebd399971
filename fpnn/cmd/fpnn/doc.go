// Command fpnn is for FPNN what curl is for HTTP: it calls servers, measures and
// reads what passes.
//
//	fpnn serve                                                         an echo server on 127.0.0.1:9876
//	fpnn call 127.0.0.1:9876 'two way demo' '{"n":9007199254740993}'   prints the answer, {"n":9007199254740993}
//	fpnn call tls://gate.example.com:13321 '*ping'                     over TLS
//	fpnn ping -n 10 127.0.0.1:9876                                     round trips, with percentiles
//	fpnn proxy 127.0.0.1:9877 127.0.0.1:9876                           shows what passes between the two
//	fpnn decode capture.bin                                            shows packages that were recorded
//
// Packages are shown one a line, here a quest and its answer as decode prints
// them, with the offset of each in the stream:
//
//	$ echo '46504e4e 01 80 01 0c 0b000000 07000000 74776f207761792064656d6f 81a57175657374a36f6e65
//	        46504e4e 01 80 02 00 01000000 07000000 80' | fpnn decode
//	0  twoway  "two way demo"  seq 7  version 1  flags 0x80 msgpack  {"quest":"one"}
//	39  answer  status 0  seq 7  version 1  flags 0x80 msgpack  {}
//
// # Payloads
//
// Arguments are JSON, and so are answers, whether msgpack or JSON travels. Nothing
// is lost on the way: what msgpack has and JSON has not is written in a notation
// that is read and printed alike.
//
//	42, -1, 18446744073709551615   integers of up to 64 bits, exact
//	1.0, 1e9                       floats
//	{"$bin":"AP/+"}                binary, in base64
//	{"$str":"/w=="}                text that is not UTF-8, in base64
//	{"$ext":[5,"AA=="]}            an ext: its type and its bytes
//	{"$float":"NaN"}               NaN, +Inf or -Inf
//	{"$map":[[1,"a"],[2,"b"]]}     a map whose keys are not all text, or not all
//	                               different, or that looks like one of these
//
// So a file is sent with
//
//	printf '{"data":{"$bin":"%s"}}' "$(base64 -w0 FILE)" | fpnn call ADDR upload -
//
// How many bytes a number or a length takes is not kept, and with -json 1.0 travels
// as 1. The payloads of JSON packages are shown by decode and proxy as they came.
//
// # Scripts
//
// Results, and help that is asked for, go to the standard output, all else to the
// standard error. 'fpnn help' lists the exit codes: 1 is an error answer, of which the standard error has
// code and text; 3 and 4 are no connection and no answer in time.
package main
