package rtm

import (
	"context"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Token returns a token with which a user logs in to RTM's gate for clients.
func (c *Client) Token(ctx context.Context, uid int64) (string, error) {
	var answer wire.Token
	err := c.ask(ctx, &wire.GetToken{UID: uid}, &answer)
	return answer.Token, err
}

// RemoveToken makes a user's token invalid.
func (c *Client) RemoveToken(ctx context.Context, uid int64) error {
	return c.do(ctx, &wire.RemoveToken{UID: uid})
}

// Kickout ends a user's connections.
func (c *Client) Kickout(ctx context.Context, uid int64) error {
	return c.do(ctx, &wire.Kickout{UID: uid})
}
