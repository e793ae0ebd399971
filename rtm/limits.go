package rtm

import (
	"fmt"

	"github.com/gofpnn/gofpnn/fpnn"
)

// Limits are what a gate would refuse, and so is not sent. A field of 0 is no
// limit.
type Limits struct {
	MessageBytes int // of a message's text or data
	AttrsBytes   int // of a message's attributes
	Receivers    int // of one SendMulti
	Members      int // of a group or room added or removed at a time
}

// DocumentedLimits are those of RTM's documentation, the defaults of its
// console.
var DocumentedLimits = Limits{MessageBytes: 20480, AttrsBytes: 2048, Receivers: 2000, Members: 100}

func (l *Limits) checkMessage(m *Message) error {
	if err := checkTypes("Message.Type", []int8{m.Type}); err != nil {
		return err
	}
	if err := checkSize("Message.Text", len(m.Text), l.MessageBytes); err != nil {
		return err
	}
	if err := checkSize("Message.Data", len(m.Data), l.MessageBytes); err != nil {
		return err
	}
	return checkSize("Message.Attrs", len(m.Attrs), l.AttrsBytes)
}

func checkSize(argument string, n, limit int) error {
	if limit > 0 && n > limit {
		return &ArgumentError{argument, fmt.Sprintf("has %d bytes, more than %d", n, limit), CodeMessageTooLarge}
	}
	return nil
}

// checkList checks the length of a list that must hold something.
func checkList(argument string, n, limit int) error {
	switch {
	case n == 0:
		return &ArgumentError{argument, "is empty", CodeNoItems}
	case limit > 0 && n > limit:
		return &ArgumentError{argument, fmt.Sprintf("has %d items, more than %d", n, limit), CodeTooManyItems}
	}
	return nil
}

func checkTypes(argument string, types []int8) error {
	for _, t := range types {
		if t < 1 {
			return &ArgumentError{argument, fmt.Sprintf("is %d, not within 1 to 127", t), CodeBadType}
		}
	}
	return nil
}

// checkRange checks the bounds of a range of time.
func checkRange(beginName string, begin int64, endName string, end int64) error {
	if begin < 0 {
		return &ArgumentError{beginName, "is negative", fpnn.CodeProtoTypeConvert}
	}
	if end < 0 {
		return &ArgumentError{endName, "is negative", fpnn.CodeProtoTypeConvert}
	}
	return nil
}

func checkTarget(argument string, t Target) error {
	if !t.Kind.Valid() {
		return &ArgumentError{argument, "is not a target: use User, Group, Room or Everyone", fpnn.CodeProtoTypeConvert}
	}
	return nil
}
