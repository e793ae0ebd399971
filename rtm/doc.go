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
// the application's own numbers. [Message], [Target], [StoredMessage] and others are
// types of package rtm/wire under a second name: their fields and methods are
// documented there (go doc github.com/gofpnn/gofpnn/rtm/wire.Message).
//
// # Errors
//
// What cannot be sent is an [*ArgumentError] that names the argument. An error
// answer of the gate is a [*fpnn.RemoteError] with one of the codes of this
// package, any other failure an [*fpnn.OpError]; [fpnn.Code] and
// [fpnn.SafeToRetry] work on all of them.
//
// # Bytes and limits
//
// A message's Data, and every slice a call is given, is only read, and only until the
// call returns. What calls return and pushes bring is the caller's: nothing else refers
// to it, but that all texts of a history page share one string.
//
// What a gate would refuse is refused before it is sent ([DocumentedLimits]): 20,480
// bytes of text or data, 2,048 of attributes, 2,000 receivers, 100 members; [WithLimits]
// says otherwise. A page has [MaxPage] messages at most, a package 8 MiB
// (fpnn.WithMaxPackage through [WithFPNN]). Pushes that wait for their handler are
// bounded by number ([WithPushInbox]) and together at 64 MiB.
//
// # Concurrency
//
// All methods of a [Client] may be called concurrently; the calls share one
// connection. Every call ends with its ctx, or without a deadline there after
// the client's time-out ([WithTimeout]); a send, which may be several calls, after
// the time of [WithResend] and two time-outs at most. A call that is given up
// leaves the connection and all other calls alone.
//
// # Connection
//
// A client connects when it is first used, keeps the connection alive, and makes
// another when it is lost, though nobody calls ([WithKeepAlive], [WithReconnect]).
// A gate that is gone is found within 25 s, unless the options say otherwise. Calls
// made in an outage wait for its end, as long as their ctx or the time-out allows;
// sends, as long as their ctx or [WithResend] does.
//
// # Delivery
//
// A send is attempted until its outcome is known, or until [WithResend] allows no
// more, under one id, so that a gate that knows its ids stores the message once.
//
//	never sent ──────────> maybe sent ──────────> delivered: an answer, or 200053
//	  │ ^ │                  │ ^ │
//	  │ └─┘ not executed     │ └─┘ lost again
//	  │                      │
//	  ├──> refused           ├──> unknown: any other refusal, or no attempts left
//	  └──> not sent          └──> refused: 200053, but under the chosen id is another message
//
// What the end of an attempt says:
//
//	an answer                        delivered; if it cannot be read there is an AnswerError all the same
//	20011, 20014, 200006,            not executed: attempted again after a pause; only the time counts
//	  no connection
//	20001, 20002, 20003, 20012,      maybe executed: attempted again
//	  connection lost, time-out
//	200053, after a maybe            delivered: the gate has the id. With an id the caller has chosen, if the
//	                                 message under it has the same type and body; refused if it has not, and
//	                                 unknown if that cannot be told
//	any other code, after a maybe    unknown: an UnknownOutcomeError that wraps the refusal
//	any other code                   refused: not stored
//	too large, cannot be encoded     not sent: no attempt would fare better
//	the caller's ctx, Close          unknown after a maybe, or if this quest has left; else not sent
//
// What is not sent or not executed in the end has an error with [fpnn.SafeToRetry],
// but for 200006, a code of RTM's. A client that fails fast ([WithReconnect]) does so
// with sends too. Edit, Clean, Delete and DeleteConversation are attempted once, unless
// [WithResendChanges] is given.
//
// # Pushes
//
// A client listens with a handler ([WithHandler]) or a loop ([Client.Pushes]), to
// what [Client.Listen] and its like say. That is remembered and said again to each
// new connection, before pushes of it are handled. A gate that refuses it is told
// again, after a second and up to a minute; calls and pushes do not wait for that.
//
// A push is queued, then acknowledged, then handled. Pushes are handled one at a
// time, in the order they came: those of a conversation in the gate's order, among
// the ones accepted. A message that comes again, with the same target, sender and
// id, is acknowledged and left out as long as it is remembered ([WithDedup]), also
// after a long outage. When the inbox is full ([WithPushInbox]) the gate gets 20011;
// whether it pushes again is not documented. What was acknowledged and not handled
// when the client is closed is counted ([PushStats]).
//
// # Observing
//
// The client underneath is observed as package fpnn says: [WithFPNN] gives it a tracer
// (fpnn.WithTracer; package otelfpnn has one) and hooks (fpnn.WithOnState), and
// [Client.FPNN] has its Stats, for expvar, Prometheus or OpenTelemetry.
// [Client.PushStats] counts pushes, as metrics of the same kind ([PushStats.Metrics]).
// A logger is told of what goes wrong ([WithLogger]). By default nobody is told
// anything.
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
