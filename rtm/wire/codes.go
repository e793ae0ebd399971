package wire

// Error codes of RTM, as the vendor's SDKs number them (rtmErrorCode.go).
const (
	CodeBadProject        = 200001 // bad pid or uid
	CodeBadSign           = 200002 // bad pid or sign
	CodeBadFileToken      = 200003 // bad file sign/token
	CodeBadFileAttrs      = 200004 // attrs lack sign/ext
	CodeBadType           = 200005 // message type out of 1..127
	CodeReplayed          = 200006 // signature used before (replay)
	CodeBadFileType       = 200007 // bad file mtype
	CodeBadTime           = 200008 // bad server time
	CodeFrequencyLimit    = 200010 // frequency limit
	CodeFloodLimit        = 200011 // flood limit
	CodeKickoutSelf       = 200012 // kickout self
	CodeMethodForbidden   = 200020 // method forbidden
	CodePermissionDenied  = 200021 // permission denied
	CodeUnauthorized      = 200022 // unauthorized
	CodeAlreadyAuthorized = 200023 // already authorised
	CodeAuthDenied        = 200024 // auth denied
	CodeAdminLogin        = 200025 // admin may not log in
	CodeAdminOnly         = 200026 // admin only
	CodeMessageTooLarge   = 200030 // msg/attrs too large
	CodeFileTooLarge      = 200031 // file too large
	CodeTooManyItems      = 200032 // too many list items
	CodeNoItems           = 200033 // empty list
	CodeNotInRoom         = 200040 // not in room
	CodeNotInGroup        = 200041 // not a group member
	CodeGroupFull         = 200042 // group full
	CodeNotFriend         = 200043 // not a friend
	CodeBannedInGroup     = 200044 // banned in group
	CodeBannedInRoom      = 200045 // banned in room
	CodeEmptyGroup        = 200046 // group empty
	CodeTooManyRooms      = 200047 // too many rooms
	CodeTooManyFriends    = 200048 // too many friends
	CodeBadLanguage       = 200050 // language
	CodeEmptyTranslation  = 200051 // empty translation
	CodeSendToSelf        = 200052 // send to self
	CodeDuplicateID       = 200053 // duplicate mid
	CodeSensitiveWords    = 200054 // sensitive words
	CodeNotOnline         = 200055 // not online
	CodeTranslationFailed = 200056 // translation error
	CodeProfanityStop     = 200057 // profanity stop
	CodeNotEnabled        = 200060 // not enabled in console
	CodeBadTranscribeType = 200061 // transcribe type
	CodeNotFound          = 200070 // message not found
	CodeUnknown           = 200999 // unknown error
)

var codeTexts = map[int]string{
	CodeBadProject:        "bad pid or uid",
	CodeBadSign:           "bad pid or sign",
	CodeBadFileToken:      "bad file sign/token",
	CodeBadFileAttrs:      "attrs lack sign/ext",
	CodeBadType:           "message type out of 1..127",
	CodeReplayed:          "signature used before (replay)",
	CodeBadFileType:       "bad file mtype",
	CodeBadTime:           "bad server time",
	CodeFrequencyLimit:    "frequency limit",
	CodeFloodLimit:        "flood limit",
	CodeKickoutSelf:       "kickout self",
	CodeMethodForbidden:   "method forbidden",
	CodePermissionDenied:  "permission denied",
	CodeUnauthorized:      "unauthorized",
	CodeAlreadyAuthorized: "already authorised",
	CodeAuthDenied:        "auth denied",
	CodeAdminLogin:        "admin may not log in",
	CodeAdminOnly:         "admin only",
	CodeMessageTooLarge:   "msg/attrs too large",
	CodeFileTooLarge:      "file too large",
	CodeTooManyItems:      "too many list items",
	CodeNoItems:           "empty list",
	CodeNotInRoom:         "not in room",
	CodeNotInGroup:        "not a group member",
	CodeGroupFull:         "group full",
	CodeNotFriend:         "not a friend",
	CodeBannedInGroup:     "banned in group",
	CodeBannedInRoom:      "banned in room",
	CodeEmptyGroup:        "group empty",
	CodeTooManyRooms:      "too many rooms",
	CodeTooManyFriends:    "too many friends",
	CodeBadLanguage:       "language",
	CodeEmptyTranslation:  "empty translation",
	CodeSendToSelf:        "send to self",
	CodeDuplicateID:       "duplicate mid",
	CodeSensitiveWords:    "sensitive words",
	CodeNotOnline:         "not online",
	CodeTranslationFailed: "translation error",
	CodeProfanityStop:     "profanity stop",
	CodeNotEnabled:        "not enabled in console",
	CodeBadTranscribeType: "transcribe type",
	CodeNotFound:          "message not found",
	CodeUnknown:           "unknown error",
}

// CodeText returns a few words for an RTM error code, or "" for a number that is
// not one of them.
func CodeText(code int) string { return codeTexts[code] }
