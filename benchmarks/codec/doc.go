// Package codec measures what other codecs need for the payloads of RTM, next to
// this project's. There are only tests:
//
//	go test -run '^$' -bench . -count 6 ./codec | tee new.txt
//	go tool -modfile=../.ci/tools.mod benchstat -col /codec new.txt
//
// The codecs are:
//
//	gofpnn                  package codec: appending, and reading without decoding
//	gofpnn-shared           the same with the texts of a page sharing one string
//	gofpnn-struct           package codec with a struct, by reflection
//	gofpnn-rtm              what package rtm makes of a page: larger rows, whose texts share one string
//	msgp                    tinylib/msgp, generated
//	vmihailenco-map         vmihailenco/msgpack with maps
//	vmihailenco-struct      with structs
//	vmihailenco-low-level   with a pooled encoder or decoder, field by field
//	ugorji                  ugorji/go/codec, as the vendor's Go SDK uses it
//
// Each has to give what the others do before it is measured. What they do for it
// differs: gofpnn checks the structure of all of a payload before it reads any of
// it, msgp what it comes by; gofpnn is called through codec.Append, as for any
// call, msgp's generated methods directly, with keys that are encoded beforehand.
package codec
