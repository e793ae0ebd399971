package compat

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport"
)

// Versions of the SDK and API whose names this package has.
const (
	SDKVersion = "0.9.20"
	APIVersion = "2.7.7"
)

var errNotConnected = errors.New("rtm: not connected, and automatic connecting is off")

// RTMServerClient calls an RTM gate. All methods may be called concurrently.
type RTMServerClient struct {
	project  rtm.Project
	endpoint string
	hooks    hooks

	mu             sync.Mutex
	client         *rtm.Client // made when first needed
	stop           context.CancelFunc
	autoConnect    bool
	questTimeout   time.Duration
	connectTimeout time.Duration
	keepAlive      bool
	keepAliveHow   fpnn.KeepAlive
	logger         RTMLogger
	oldMonitor     RTMServerMonitor
	monitor        IRTMServerMonitor
	listening      bool // the goroutine that serves the monitors is there
	dialer         transport.Dialer
	strategy       *RTMRegressiveConnectStrategy
	heard          rtm.ListenSet // what was listened to before Close
	heardAll       rtm.ListenAll

	order sync.Mutex
	last  chan struct{} // closed when the last asynchronous call has its place among those sent
}

// NewRTMServerClient returns a client of a project at the gate at endpoint,
// "host:port". It connects when first used, or by Connect.
func NewRTMServerClient(pid int32, secretKey string, endpoint string) *RTMServerClient {
	return &RTMServerClient{
		project:      rtm.Project{ID: pid, Secret: rtm.Secret(secretKey)},
		endpoint:     endpoint,
		autoConnect:  true,
		keepAliveHow: fpnn.DefaultKeepAlive,
		dialer:       new(net.Dialer),
		strategy:     DefaultRegressiveStrategy,
	}
}

// SetAutoReconnect says whether the client connects by itself, when a call needs
// it and when the connection is lost. Default true; with false, set before the
// first connection, Connect or Dial must be called first and after each loss.
func (client *RTMServerClient) SetAutoReconnect(autoReconnect bool) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.autoConnect = autoReconnect
}

// SetConnectTimeOut sets the time-out of connecting. 0 leaves it to [Config].
func (client *RTMServerClient) SetConnectTimeOut(timeout time.Duration) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.connectTimeout = timeout
}

// SetQuestTimeOut sets the time-out of calls that are given none. 0 leaves it to
// [Config].
func (client *RTMServerClient) SetQuestTimeOut(timeout time.Duration) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.questTimeout = timeout
}

// SetKeepAlive says whether idle connections are pinged. Default false; the other
// settings of keep-alive turn it on. They hold if made before the first
// connection.
func (client *RTMServerClient) SetKeepAlive(keepAlive bool) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.keepAlive = keepAlive
}

// SetKeepAliveTimeoutSecond sets how long a ping may stay unanswered. Default 5 s.
func (client *RTMServerClient) SetKeepAliveTimeoutSecond(second time.Duration) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.keepAliveHow.Timeout, client.keepAlive = second, true
}

// SetKeepAliveIntervalSecond sets after how long without traffic a ping is sent.
// Default 10 s.
func (client *RTMServerClient) SetKeepAliveIntervalSecond(second time.Duration) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.keepAliveHow.Interval, client.keepAlive = second, true
}

// SetKeepAliveMaxPingRetryCount sets how many pings in a row may be missed.
// Default 2.
func (client *RTMServerClient) SetKeepAliveMaxPingRetryCount(count int) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.keepAliveHow.Retries, client.keepAlive = count, true
}

// SetDialer sets what makes connections, such as a [crypto/tls.Dialer] or a fake
// gate's dialer. Default: a [net.Dialer]. The SDK has no such function.
func (client *RTMServerClient) SetDialer(dialer transport.Dialer) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.dialer = dialer
}

// SetLogger sets where the client reports what is wrong. nil leaves it to
// [Config].
func (client *RTMServerClient) SetLogger(logger RTMLogger) {
	client.mu.Lock()
	defer client.mu.Unlock()
	client.logger = logger
}

// Endpoint returns the gate's address.
func (client *RTMServerClient) Endpoint() string { return client.endpoint }

// Connect connects, and reports whether there is a connection.
func (client *RTMServerClient) Connect() bool {
	c, err := client.RTM()
	if err == nil {
		err = c.FPNN().Connect(context.Background())
	}
	if err != nil {
		client.log("connecting to %s: %v", client.endpoint, err)
	}
	return err == nil
}

// Dial is Connect.
func (client *RTMServerClient) Dial() bool { return client.Connect() }

// IsConnected reports whether there is a connection.
func (client *RTMServerClient) IsConnected() bool {
	client.mu.Lock()
	c := client.client
	client.mu.Unlock()
	return c != nil && c.FPNN().Conn() != nil
}

// Close ends the connection and the calls in flight, whose callbacks run with an
// error; it does not wait for them. Connect, or with automatic connecting any
// call, opens a new one.
func (client *RTMServerClient) Close() {
	client.mu.Lock()
	c, stop := client.client, client.stop
	client.client, client.stop, client.listening = nil, nil, false
	if c != nil {
		client.heard, client.heardAll = c.Listening()
	}
	client.mu.Unlock()
	if c != nil {
		client.hooks.mu.Lock()
		client.hooks.closing = true
		client.hooks.mu.Unlock()
		stop()
		_ = c.Close()
	}
}

// RTM returns the client underneath. It is another one after Close.
func (client *RTMServerClient) RTM() (*rtm.Client, error) {
	client.mu.Lock()
	defer client.mu.Unlock()
	if client.client != nil {
		return client.client, nil
	}
	opts := []rtm.Option{
		rtm.WithTimeout(0), // each call has one of its own
		rtm.WithDialTimeout(24 * time.Hour),
		rtm.WithDialer(transport.DialerFunc(client.dial)),
		rtm.WithFPNN(fpnn.WithOnDisconnect(client.disconnected), fpnn.WithoutKeepAlive()),
	}
	if reconnect, err := client.strategy.reconnect(client.autoConnect); err == nil {
		opts = append(opts, rtm.WithReconnect(reconnect))
	}
	opts = append(opts, rtm.WithListen(client.heard, client.heardAll))
	if client.keepAlive {
		opts = append(opts, rtm.WithKeepAlive(client.keepAliveHow))
	}
	c, err := rtm.NewClient([]string{client.endpoint}, client.project, opts...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	client.client, client.stop = c, cancel
	client.listen(ctx)
	return c, nil
}

// dial connects with the time-out that is set now.
func (client *RTMServerClient) dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, timeout, _ := Config.get()
	client.mu.Lock()
	if client.connectTimeout > 0 {
		timeout = client.connectTimeout
	}
	dialer := client.dialer
	client.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	nc, err := dialer.DialContext(ctx, network, address)
	client.connected(nc, err)
	return nc, err
}

// ready returns the client underneath if a call may use it, and the time-out of
// calls that are given none.
func (client *RTMServerClient) ready() (*rtm.Client, time.Duration, error) {
	timeout, _, _ := Config.get()
	client.mu.Lock()
	if client.questTimeout > 0 {
		timeout = client.questTimeout
	}
	autoConnect := client.autoConnect
	client.mu.Unlock()
	if !autoConnect && !client.IsConnected() {
		return nil, 0, &fpnn.OpError{Op: "dial", Err: errNotConnected}
	}
	c, err := client.RTM()
	return c, timeout, err
}

func (client *RTMServerClient) log(format string, args ...any) {
	client.mu.Lock()
	logger := client.logger
	client.mu.Unlock()
	if logger == nil {
		_, _, logger = Config.get()
	}
	if logger != nil {
		logger.Printf(format, args...)
	}
}
