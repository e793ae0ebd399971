package wire

// Quests about users, and their answers.

// GetToken is the quest for a token a user logs in with. [Token] is its answer.
type GetToken struct{ UID int64 }

// Method returns the wire's name for it.
func (*GetToken) Method() string { return "gettoken" }

func (q *GetToken) visit(v *visitor) { number(v, "uid", &q.UID) }

// RemoveToken is the quest that makes a user's token invalid.
type RemoveToken struct{ UID int64 }

// Method returns the wire's name for it.
func (*RemoveToken) Method() string { return "removetoken" }

func (q *RemoveToken) visit(v *visitor) { number(v, "uid", &q.UID) }

// Kickout is the quest that ends a user's connections.
type Kickout struct{ UID int64 }

// Method returns the wire's name for it.
func (*Kickout) Method() string { return "kickout" }

func (q *Kickout) visit(v *visitor) { number(v, "uid", &q.UID) }

// ClearUser is the quest that deletes a user's messages.
type ClearUser struct{ UID int64 }

// Method returns the wire's name for it.
func (*ClearUser) Method() string { return "clearusermsg" }

func (q *ClearUser) visit(v *visitor) { number(v, "uid", &q.UID) }

// Token answers with a token.
type Token struct{ Token string }

func (q *Token) visit(v *visitor) { v.text("token", &q.Token) }

// Nothing is the answer of methods that have nothing to say.
type Nothing struct{}

func (Nothing) visit(*visitor) {}
