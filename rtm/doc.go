// Package rtm is the server-side message API of RTM, a hosted real-time
// messaging service: send messages to users, groups, rooms and everyone, and
// read them back; edit, delete and count them; see to who is in groups and rooms;
// and listen to what others send.
//
//	client, err := rtm.Dial(ctx, "127.0.0.1:13325", rtm.Project{ID: 80000071, Secret: rtm.Secret(key)})
//	receipt, err := client.Send(ctx, from, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
//	page, err := client.History(ctx, from, rtm.Group(7), rtm.HistoryQuery{Descending: true, Limit: 20})
//
// A conversation is named by a [Target]: [User], [Group], [Room] or [Everyone].
// All times are Unix milliseconds, as on the wire. User, group and room ids are
// the application's own numbers.
//
// # Errors
//
// What cannot be sent is an [*ArgumentError] that names the argument. An error
// answer of the gate is a [*fpnn.RemoteError] with one of the codes of this
// package, any other failure an [*fpnn.OpError]; [fpnn.Code] and
// [fpnn.SafeToRetry] work on all of them.
//
// # Concurrency
//
// All methods of a [Client] may be called concurrently; the calls share one
// connection. Every call ends with its ctx, or without a deadline there after
// the client's time-out ([WithTimeout]). A call that is given up leaves the
// connection and all other calls alone.
//
// # From the vendor's SDKs
//
// The functions of the Go SDK's message document (package compat has them under
// their own names), the method of [Client] that does the same, and the method on
// the wire:
//
//	SendMessage                    Send                sendmsg
//	SendMessageByBinary            Send                sendmsg
//	SendMessages                   SendMulti           sendmsgs
//	SendMessagesByBinary           SendMulti           sendmsgs
//	SendGroupMessage               Send                sendgroupmsg
//	SendGroupMessageByBinary       Send                sendgroupmsg
//	SendRoomMessage                Send                sendroommsg
//	SendRoomMessageByBinary        Send                sendroommsg
//	SendBroadcastMessage           Send                broadcastmsg
//	SendBroadcastMessageByBinary   Send                broadcastmsg
//	GetGroupMessage                History             getgroupmsg
//	GetRoomMessage                 History             getroommsg
//	GetBroadcastMessage            History             getbroadcastmsg
//	GetP2PMessage                  History             getp2pmsg
//	DelP2PMessage                  Delete              delmsg
//	DelGroupMessage                Delete              delmsg
//	DelRoomMessage                 Delete              delmsg
//	DelBroadcastMessage            Delete              delmsg
//	CleanP2PMessage                Clean               cleanmsg
//	CleanGroupMessage              Clean               cleanmsg
//	CleanRoomMessage               Clean               cleanmsg
//	CleanBroadcastMessage          Clean               cleanmsg
//	GetMsgCount                    Count               getmsgnum
//	EditMessage                    Edit                editmsg
//	DeleteConversationMessages     DeleteConversation  delconversationmsgs
//
// Those of the Python SDK's document. The message id that its send functions take
// and return is [Message].ID and [Receipt].ID; where that document says seconds or
// microseconds, or that a time is text, the wire has milliseconds, as integers.
//
//	send_message                   Send                sendmsg
//	send_messages                  SendMulti           sendmsgs
//	send_group_message             Send                sendgroupmsg
//	send_room_message              Send                sendroommsg
//	broadcast_message              Send                broadcastmsg
//	get_group_message              History             getgroupmsg
//	get_room_message               History             getroommsg
//	get_broadcast_message          History             getbroadcastmsg
//	get_p2p_message                History             getp2pmsg
//	delete_p2p_message             Delete              delmsg
//	delete_group_message           Delete              delmsg
//	delete_room_message            Delete              delmsg
//	delete_broadcast_message       Delete              delmsg
//	get_p2p_message_info           Get                 getmsg
//	get_group_message_info         Get                 getmsg
//	get_room_message_info          Get                 getmsg
//	get_broadcast_message_info     Get                 getmsg
//	get_message_num                Count               getmsgnum
package rtm
