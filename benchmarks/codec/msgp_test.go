package codec_test

//go:generate go run github.com/tinylib/msgp@v1.6.5 -file msgp_test.go -io=false -tests=false -unexported -o msgp_gen_test.go

type msgpQuest struct {
	PID   int64  `msg:"pid"`
	Sign  string `msg:"sign"`
	Salt  int64  `msg:"salt"`
	TS    int64  `msg:"ts"`
	MType int64  `msg:"mtype"`
	From  int64  `msg:"from"`
	To    int64  `msg:"to"`
	MID   int64  `msg:"mid"`
	Msg   string `msg:"msg"`
	Attrs string `msg:"attrs"`
}

type msgpAnswer struct {
	MTime int64 `msg:"mtime"`
}

//msgp:tuple msgpRow

type msgpRow struct {
	ID      int64
	From    int64
	MType   int64
	MID     int64
	Deleted bool
	Msg     string
	Attrs   string
	MTime   int64
}

type msgpPage struct {
	Num    int64     `msg:"num"`
	LastID int64     `msg:"lastid"`
	End    int64     `msg:"end"`
	Msgs   []msgpRow `msg:"msgs"`
}

var msgpSample = msgpQuest(sample)

func readMsgpAnswer(data []byte) (int64, error) {
	var a msgpAnswer
	_, err := a.UnmarshalMsg(data)
	return a.MTime, err
}

func readMsgpPage(data []byte) ([]msgpRow, error) {
	var p msgpPage
	_, err := p.UnmarshalMsg(data)
	return p.Msgs, err
}
