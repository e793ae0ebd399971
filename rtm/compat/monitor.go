package compat

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// The message types of chat and commands.
const (
	chatType    = 30
	commandType = 32
)

// RTMServerMonitor is told of what the gate pushes. [IRTMServerMonitor] is the
// newer form.
type RTMServerMonitor interface {
	P2PMessage(fromUid int64, toUid int64, mtype int8, mid int64, message string, attrs string, mtime int64)
	GroupMessage(fromUid int64, groupId int64, mtype int8, mid int64, message string, attrs string, mtime int64)
	RoomMessage(fromUid int64, roomIid int64, mtype int8, mid int64, message string, attrs string, mtime int64)
	Event(pid int32, event string, uid int64, time int32, endpoint string, data string)
	P2PChat(fromUid int64, toUid int64, mid int64, message string, attrs string, mtime int64)
	GroupChat(fromUid int64, groupId int64, mid int64, message string, attrs string, mtime int64)
	RoomChat(fromUid int64, roomIid int64, mid int64, message string, attrs string, mtime int64)
	P2PCmd(fromUid int64, toUid int64, mid int64, message string, attrs string, mtime int64)
	GroupCmd(fromUid int64, groupId int64, mid int64, message string, attrs string, mtime int64)
	RoomCmd(fromUid int64, roomIid int64, mid int64, message string, attrs string, mtime int64)
	P2PFile(fromUid int64, toUid int64, mtype int8, mid int64, message string, attrs string, mtime int64)
	GroupFile(fromUid int64, groupId int64, mtype int8, mid int64, message string, attrs string, mtime int64)
	RoomFile(fromUid int64, roomId int64, mtype int8, mid int64, message string, attrs string, mtime int64)
}

// IRTMServerMonitor is told of what the gate pushes: chat is message type 30,
// commands 32, files 40 to 50, messages are all others.
type IRTMServerMonitor interface {
	P2PMessage(messageInfo *RTMMessage)
	GroupMessage(messageInfo *RTMMessage)
	RoomMessage(messageInfo *RTMMessage)
	P2PChat(messageInfo *RTMMessage)
	GroupChat(messageInfo *RTMMessage)
	RoomChat(messageInfo *RTMMessage)
	P2PCmd(messageInfo *RTMMessage)
	GroupCmd(messageInfo *RTMMessage)
	RoomCmd(messageInfo *RTMMessage)
	P2PFile(messageInfo *RTMMessage)
	GroupFile(messageInfo *RTMMessage)
	RoomFile(messageInfo *RTMMessage)
	Event(pid int32, event string, uid int64, time int32, endpoint string, data string)
}

// SetMonitor sets who is told of pushes. While there is a monitor of this kind,
// one set by SetServerPushMonitor is not told.
func (client *RTMServerClient) SetMonitor(monitor RTMServerMonitor) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.oldMonitor = monitor
	client.listenLater()
}

// SetServerPushMonitor sets who is told of pushes. Without one they are answered
// with 20004.
func (client *RTMServerClient) SetServerPushMonitor(monitor IRTMServerMonitor) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.monitor = monitor
	client.listenLater()
}

// listenLater has a monitor that is set after the client was made hear too.
func (client *RTMServerClient) listenLater() {
	if client.client != nil && !client.listening {
		ctx, cancel := context.WithCancel(context.Background())
		stop := client.stop
		client.stop = func() {
			stop()
			cancel()
		}
		client.listen(ctx)
	}
}

// listen starts to tell the monitors of pushes, if there are any. client.mu is
// held.
func (client *RTMServerClient) listen(ctx context.Context) {
	if client.oldMonitor == nil && client.monitor == nil {
		return
	}
	client.listening = true
	pushes := client.client.Pushes(ctx)
	go func() {
		for p, err := range pushes {
			if err != nil {
				return
			}
			client.tell(p)
		}
	}()
}

// tell tells the monitor of a push.
func (client *RTMServerClient) tell(p rtm.Push) {
	defer client.recovered("monitor")
	client.mu.Lock()
	old, monitor := client.oldMonitor, client.monitor
	client.mu.Unlock()
	if old != nil {
		monitor = oldStyle{old}
	}
	if monitor == nil {
		return
	}
	if e := p.Event; e != nil {
		monitor.Event(e.ProjectID, e.Event, e.UID, e.Time, e.Endpoint, e.Data)
		return
	}
	m := client.message(&p.StoredMessage, p.Target.ID)
	if old != nil { // which is told of files as they came
		m.Attrs = p.Attrs
	}
	byKind := [...]struct{ p2p, group, room func(*RTMMessage) }{
		{monitor.P2PMessage, monitor.GroupMessage, monitor.RoomMessage},
		{monitor.P2PChat, monitor.GroupChat, monitor.RoomChat},
		{monitor.P2PCmd, monitor.GroupCmd, monitor.RoomCmd},
		{monitor.P2PFile, monitor.GroupFile, monitor.RoomFile},
	}
	methods := byKind[0]
	switch {
	case m.MessageType == chatType:
		methods = byKind[1]
	case m.MessageType == commandType:
		methods = byKind[2]
	case p.File != nil:
		methods = byKind[3]
	}
	switch p.Target.Kind {
	case rtm.InGroup:
		methods.group(&m)
	case rtm.InRoom:
		methods.room(&m)
	default:
		methods.p2p(&m)
	}
}

// oldStyle is an RTMServerMonitor as an IRTMServerMonitor.
type oldStyle struct{ RTMServerMonitor }

func (o oldStyle) P2PMessage(m *RTMMessage) {
	o.RTMServerMonitor.P2PMessage(m.FromUid, m.ToId, m.MessageType, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) GroupMessage(m *RTMMessage) {
	o.RTMServerMonitor.GroupMessage(m.FromUid, m.ToId, m.MessageType, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) RoomMessage(m *RTMMessage) {
	o.RTMServerMonitor.RoomMessage(m.FromUid, m.ToId, m.MessageType, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) P2PChat(m *RTMMessage) {
	o.RTMServerMonitor.P2PChat(m.FromUid, m.ToId, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) GroupChat(m *RTMMessage) {
	o.RTMServerMonitor.GroupChat(m.FromUid, m.ToId, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) RoomChat(m *RTMMessage) {
	o.RTMServerMonitor.RoomChat(m.FromUid, m.ToId, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) P2PCmd(m *RTMMessage) {
	o.RTMServerMonitor.P2PCmd(m.FromUid, m.ToId, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) GroupCmd(m *RTMMessage) {
	o.RTMServerMonitor.GroupCmd(m.FromUid, m.ToId, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) RoomCmd(m *RTMMessage) {
	o.RTMServerMonitor.RoomCmd(m.FromUid, m.ToId, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) P2PFile(m *RTMMessage) {
	o.RTMServerMonitor.P2PFile(m.FromUid, m.ToId, m.MessageType, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) GroupFile(m *RTMMessage) {
	o.RTMServerMonitor.GroupFile(m.FromUid, m.ToId, m.MessageType, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

func (o oldStyle) RoomFile(m *RTMMessage) {
	o.RTMServerMonitor.RoomFile(m.FromUid, m.ToId, m.MessageType, m.MessageId, m.Message, m.Attrs, m.ModifiedTime)
}

// RtmRegressiveState says how connecting has gone.
type RtmRegressiveState struct {
	CurrentFailedCount         int   // failures since the last success
	ConnectSuccessMilliseconds int64 // of the last success, Unix milliseconds
}

// RTMClientConnectEventUserCallback is told of each attempt to connect.
type RTMClientConnectEventUserCallback func(connId uint64, endpoint string, connected bool, autoReconnect bool, connectState *RtmRegressiveState)

// RTMClientCloseEventUserCallback is told of the end of each connection.
type RTMClientCloseEventUserCallback func(connId uint64, endpoint string, autoReconnect bool, connectState *RtmRegressiveState)

// hooks tell of connections, in a goroutine of their own: one after the other,
// so that they may call the client.
type hooks struct {
	attempts atomic.Uint64

	mu          sync.Mutex
	onConnected RTMClientConnectEventUserCallback
	onClosed    RTMClientCloseEventUserCallback
	state       RtmRegressiveState
	ids         map[net.Conn]uint64 // numbers of the open connections
	closing     bool                // Close ends them
	queue       []func()
	running     bool
}

// SetOnConnectedCallback sets what is told of each attempt to connect.
func (client *RTMServerClient) SetOnConnectedCallback(onConnect RTMClientConnectEventUserCallback) {
	client.hooks.mu.Lock()
	defer client.hooks.mu.Unlock()
	client.hooks.onConnected = onConnect
}

// SetOnClosedCallback sets what is told of the end of each connection.
func (client *RTMServerClient) SetOnClosedCallback(onClosed RTMClientCloseEventUserCallback) {
	client.hooks.mu.Lock()
	defer client.hooks.mu.Unlock()
	client.hooks.onClosed = onClosed
}

func (client *RTMServerClient) autoReconnect() bool {
	client.mu.Lock()
	defer client.mu.Unlock()
	return client.autoConnect
}

// connected reports an attempt to connect.
func (client *RTMServerClient) connected(nc net.Conn, err error) {
	h, auto := &client.hooks, client.autoReconnect()
	id := h.attempts.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closing = false
	ok := err == nil
	if ok {
		if h.ids == nil {
			h.ids = make(map[net.Conn]uint64)
		}
		h.ids[nc] = id
		h.state = RtmRegressiveState{ConnectSuccessMilliseconds: time.Now().UnixMilli()}
	}
	if f, state := h.onConnected, h.state; f != nil {
		client.later(func() { f(id, client.endpoint, ok, auto, &state) })
	}
	if !ok { // the SDK counts it after it has told of it
		h.state.CurrentFailedCount++
	}
}

// disconnected reports the end of a connection.
func (client *RTMServerClient) disconnected(conn *fpnn.Conn, _ error) {
	h, auto := &client.hooks, client.autoReconnect()
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.ids[conn.NetConn()]
	delete(h.ids, conn.NetConn())
	auto = auto && !h.closing
	if f, state := h.onClosed, h.state; f != nil {
		client.later(func() { f(id, client.endpoint, auto, &state) })
	}
}

// later runs f after all that came before. hooks.mu is held.
func (client *RTMServerClient) later(f func()) {
	h := &client.hooks
	h.queue = append(h.queue, f)
	if h.running {
		return
	}
	h.running = true
	go func() {
		for {
			h.mu.Lock()
			if len(h.queue) == 0 {
				h.running = false
				h.mu.Unlock()
				return
			}
			next := h.queue[0]
			h.queue = h.queue[1:]
			h.mu.Unlock()
			func() {
				defer client.recovered("connection callback")
				next()
			}()
		}
	}()
}
