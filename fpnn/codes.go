package fpnn

// Error codes of the FPNN framework, as fpnn/base/FpnnError.h of the vendor's
// C++ framework numbers them. Applications use numbers of their own beside
// these; RTM's begin at 200001 (package rtm).
const (
	CodeProtoUnknown        = 10001 // unknown protocol error
	CodeProtoNotSupported   = 10002 // not supported
	CodeProtoInvalidPackage = 10003 // invalid package or payload
	CodeProtoJSON           = 10004 // conversion between msgpack and JSON failed
	CodeProtoStringKey      = 10005 // a map key is not a string
	CodeProtoMapValue       = 10006 // a value is not a map
	CodeProtoMethodType     = 10007 // wrong method type
	CodeProtoProtoType      = 10008 // wrong protocol type
	CodeProtoKeyNotFound    = 10009 // a wanted key is missing
	CodeProtoTypeConvert    = 10010 // a value is of the wrong type
	CodeProtoFileSign       = 10011 // wrong file signature
	CodeProtoFileNotExist   = 10012 // file does not exist

	CodeCoreUnknown           = 20001 // unknown error
	CodeCoreConnectionClosed  = 20002 // connection closed
	CodeCoreTimeout           = 20003 // timed out
	CodeCoreUnknownMethod     = 20004 // unknown method
	CodeCoreEncoding          = 20005 // encoding failed
	CodeCoreDecoding          = 20006 // decoding failed
	CodeCoreSend              = 20007 // sending failed
	CodeCoreReceive           = 20008 // receiving failed
	CodeCoreInvalidPackage    = 20009 // invalid package
	CodeCoreHTTP              = 20010 // HTTP error
	CodeCoreWorkQueueFull     = 20011 // work queue full: not executed
	CodeCoreInvalidConnection = 20012 // invalid connection
	CodeCoreForbidden         = 20013 // forbidden
	CodeCoreServerStopping    = 20014 // server stopping: not executed
	CodeCoreCanceled          = 20015 // cancelled

	CodeZipCompress   = 30001 // compression failed
	CodeZipDecompress = 30002 // decompression failed
)

var codeNames = map[int]string{
	CodeProtoUnknown:          "unknown protocol error",
	CodeProtoNotSupported:     "not supported",
	CodeProtoInvalidPackage:   "invalid package",
	CodeProtoJSON:             "JSON conversion failed",
	CodeProtoStringKey:        "map key is not a string",
	CodeProtoMapValue:         "value is not a map",
	CodeProtoMethodType:       "wrong method type",
	CodeProtoProtoType:        "wrong protocol type",
	CodeProtoKeyNotFound:      "key not found",
	CodeProtoTypeConvert:      "value of the wrong type",
	CodeProtoFileSign:         "wrong file signature",
	CodeProtoFileNotExist:     "file does not exist",
	CodeCoreUnknown:           "unknown error",
	CodeCoreConnectionClosed:  "connection closed",
	CodeCoreTimeout:           "timed out",
	CodeCoreUnknownMethod:     "unknown method",
	CodeCoreEncoding:          "encoding failed",
	CodeCoreDecoding:          "decoding failed",
	CodeCoreSend:              "sending failed",
	CodeCoreReceive:           "receiving failed",
	CodeCoreInvalidPackage:    "invalid package",
	CodeCoreHTTP:              "HTTP error",
	CodeCoreWorkQueueFull:     "work queue full",
	CodeCoreInvalidConnection: "invalid connection",
	CodeCoreForbidden:         "forbidden",
	CodeCoreServerStopping:    "server stopping",
	CodeCoreCanceled:          "cancelled",
	CodeZipCompress:           "compression failed",
	CodeZipDecompress:         "decompression failed",
}

// CodeText returns a few words for an FPNN error code, or "" for a number that
// is not one of the framework's.
func CodeText(code int) string { return codeNames[code] }
