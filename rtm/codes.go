package rtm

import "github.com/gofpnn/gofpnn/rtm/wire"

// Error codes of RTM, as the vendor's SDKs number them, in a
// [fpnn.RemoteError] of a gate. [fpnn.Code] reads them off any error.
const (
	CodeBadProject        = wire.CodeBadProject        // bad pid or uid
	CodeBadSign           = wire.CodeBadSign           // bad pid or sign
	CodeBadFileToken      = wire.CodeBadFileToken      // bad file sign/token
	CodeBadFileAttrs      = wire.CodeBadFileAttrs      // attrs lack sign/ext
	CodeBadType           = wire.CodeBadType           // message type out of 1..127
	CodeReplayed          = wire.CodeReplayed          // signature used before (replay)
	CodeBadFileType       = wire.CodeBadFileType       // bad file mtype
	CodeBadTime           = wire.CodeBadTime           // bad server time
	CodeFrequencyLimit    = wire.CodeFrequencyLimit    // frequency limit
	CodeFloodLimit        = wire.CodeFloodLimit        // flood limit
	CodeKickoutSelf       = wire.CodeKickoutSelf       // kickout self
	CodeMethodForbidden   = wire.CodeMethodForbidden   // method forbidden
	CodePermissionDenied  = wire.CodePermissionDenied  // permission denied
	CodeUnauthorized      = wire.CodeUnauthorized      // unauthorized
	CodeAlreadyAuthorized = wire.CodeAlreadyAuthorized // already authorised
	CodeAuthDenied        = wire.CodeAuthDenied        // auth denied
	CodeAdminLogin        = wire.CodeAdminLogin        // admin may not log in
	CodeAdminOnly         = wire.CodeAdminOnly         // admin only
	CodeMessageTooLarge   = wire.CodeMessageTooLarge   // msg/attrs too large
	CodeFileTooLarge      = wire.CodeFileTooLarge      // file too large
	CodeTooManyItems      = wire.CodeTooManyItems      // too many list items
	CodeNoItems           = wire.CodeNoItems           // empty list
	CodeNotInRoom         = wire.CodeNotInRoom         // not in room
	CodeNotInGroup        = wire.CodeNotInGroup        // not a group member
	CodeGroupFull         = wire.CodeGroupFull         // group full
	CodeNotFriend         = wire.CodeNotFriend         // not a friend
	CodeBannedInGroup     = wire.CodeBannedInGroup     // banned in group
	CodeBannedInRoom      = wire.CodeBannedInRoom      // banned in room
	CodeEmptyGroup        = wire.CodeEmptyGroup        // group empty
	CodeTooManyRooms      = wire.CodeTooManyRooms      // too many rooms
	CodeTooManyFriends    = wire.CodeTooManyFriends    // too many friends
	CodeBadLanguage       = wire.CodeBadLanguage       // language
	CodeEmptyTranslation  = wire.CodeEmptyTranslation  // empty translation
	CodeSendToSelf        = wire.CodeSendToSelf        // send to self
	CodeDuplicateID       = wire.CodeDuplicateID       // duplicate mid
	CodeSensitiveWords    = wire.CodeSensitiveWords    // sensitive words
	CodeNotOnline         = wire.CodeNotOnline         // not online
	CodeTranslationFailed = wire.CodeTranslationFailed // translation error
	CodeProfanityStop     = wire.CodeProfanityStop     // profanity stop
	CodeNotEnabled        = wire.CodeNotEnabled        // not enabled in console
	CodeBadTranscribeType = wire.CodeBadTranscribeType // transcribe type
	CodeNotFound          = wire.CodeNotFound          // message not found
	CodeUnknown           = wire.CodeUnknown           // unknown error
)

// CodeText returns a few words for an error code of RTM, or "" for a number that
// is none.
func CodeText(code int) string { return wire.CodeText(code) }
