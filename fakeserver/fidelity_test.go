package fakeserver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// vendorMethods are the methods that the functions of the vendor's Go SDK 0.9.20
// call, which has all that its other SDKs have.
var vendorMethods = strings.Fields(`
	acheck addblacks adddevice addfriends addgroupban addgroupmembers addlisten addoption addprojectban addprojectblack
	addroomban addroommember addroommembers addsessions adduserrooms adminCommand broadcastfile broadcastmsg cleanmsg
	clearprojectgroup clearprojectmsg clearusermsg closeRTCRoom datadel dataget dataset delblacks delconversationmsgs
	deleteuserrooms delfriends delgroup delgroupmembers delmsg delroommember delroommembers editmsg filetoken getblacks
	getbroadcastmsg getfriends getgroupcount getgroupinfo getgroupmembers getgroupmsg getmsg getmsgnum getonlineusers
	getoption getp2pmsg getroomcount getroominfo getroommembers getroommsg getRTCRoomList getRTCRoomMemberCount
	getRTCRoomMembers gettoken getusergroups getuserinfo getuseropeninfo icheck imserver_addgroupmembers
	imserver_creategroup imserver_dismissgroup imserver_getapplygrant imserver_getgroupinfos imserver_getinvitegrant
	imserver_getuserinfos imserver_setapplygrant imserver_setgroupinfos imserver_setinvitegrant imserver_setuserinfos
	inviteUserIntoRTCRoom isbanofgroup isbanofroom isblack isblacks isfriend isfriends isgroupmember isprojectban
	isprojectblack kickout kickoutFromRTCRoom profanity pullIntoRTCRoom removedevice removegroupban removelisten
	removeoption removeprojectban removeprojectblack removeroomban removesessions removetoken sendfile sendfiles
	sendgroupfile sendgroupmsg sendmsg sendmsgs sendroomfile sendroommsg setgroupinfo setlisten setroominfo
	setRTCRoomMicStatus setuserinfo speech2text tcheck translate vcheck`)

// fidelity returns the first cells of the tables of FIDELITY.md, by section.
func fidelity(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("FIDELITY.md")
	require.NoError(t, err)
	cells := make(map[string][]string)
	for section := range strings.SplitSeq(string(text), "\n## ") {
		title, body, _ := strings.Cut(section, "\n")
		for line := range strings.Lines(body) {
			if cell, ok := strings.CutPrefix(line, "| "); ok {
				cell, _, _ = strings.Cut(cell, " | ")
				cells[title] = append(cells[title], cell)
			}
		}
	}
	return cells
}

// namesIn returns the names in code of a section's first cells, but of those that
// are sent to clients.
func namesIn(cells []string) (names []string) {
	name := regexp.MustCompile("`([^`]+)`")
	for _, cell := range cells {
		if strings.HasSuffix(cell, "(sent)") {
			continue
		}
		for _, match := range name.FindAllStringSubmatch(cell, -1) {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return names
}

// What FIDELITY.md lists is what the gate has, and all that the vendor has.
func TestFidelityNamesEveryMethod(t *testing.T) {
	t.Parallel()
	cells := fidelity(t)
	var listed []string
	for _, title := range []string{
		"Methods that send and read", "Methods that change what is stored", "Members and users", "Listening",
	} {
		require.NotEmpty(t, cells[title], title)
		listed = append(listed, namesIn(cells[title])...)
	}
	slices.Sort(listed)
	// The methods themselves, not what a quest finds: they cannot be asked for.
	var served []string
	for _, key := range reflect.ValueOf(new(Server).methods()).Elem().FieldByName("handlers").MapKeys() {
		served = append(served, key.String())
	}
	slices.Sort(served)
	require.Equal(t, served, listed, "served, and listed as served")

	all := slices.Sorted(slices.Values(vendorMethods))
	require.Len(t, slices.Compact(slices.Clone(all)), 112)
	require.Subset(t, all, served)
	var others []string
	for _, method := range all {
		if !slices.Contains(served, method) {
			others = append(others, method)
		}
	}
	require.Equal(t, others, namesIn(cells["Methods that are not served"]))
}

// A client finds what is listed: credentials are asked for, or there is no such
// method.
func TestFidelityIsWhatClientsFind(t *testing.T) {
	t.Parallel()
	s := New(t)
	c, err := fpnn.Dial(t.Context(), s.Addr(), fpnn.WithDialer(s.Dialer()))
	require.NoError(t, err)
	defer c.Close()
	others := namesIn(fidelity(t)["Methods that are not served"])
	for _, method := range vendorMethods {
		want := wire.CodeBadSign
		if slices.Contains(others, method) {
			want = fpnn.CodeCoreUnknownMethod
		}
		_, err := c.Call(t.Context(), method, nil)
		require.Equal(t, want, fpnn.Code(err), method)
	}
}

// Every error code of RTM is listed: as given if the package names it, else as
// never given.
func TestFidelityNamesEveryErrorCode(t *testing.T) {
	t.Parallel()
	numbers := regexp.MustCompile(`\b200\d{3}\b`)
	lists := fidelity(t)["Error codes"]
	never := slices.Index(lists[1:], "code") + 1 // the header of the second table
	require.Positive(t, never)
	codes := func(cells []string) (all []string) {
		for _, cell := range cells {
			all = append(all, numbers.FindAllString(cell, -1)...)
		}
		slices.Sort(all)
		return all
	}
	var given, others []string
	used := selectors(t, "wire")
	for name, number := range constants(t, "../rtm/wire/codes.go") {
		if used[name] {
			given = append(given, number)
		} else {
			others = append(others, number)
		}
	}
	slices.Sort(given)
	slices.Sort(others)
	require.Len(t, append(given, others...), 43)
	require.Equal(t, given, codes(lists[:never]))
	require.Equal(t, others, codes(lists[never:]))
}

// constants returns the numbers of a file's constants, by name.
func constants(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	found := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if number, ok := spec.Values[0].(*ast.BasicLit); ok {
				if _, err := strconv.Atoi(number.Value); err == nil {
					found[spec.Names[0].Name] = number.Value
				}
			}
		}
		return true
	})
	return found
}

// selectors returns what the package's files, tests left out, name of another.
func selectors(t *testing.T, of string) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := make(map[string]bool)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == of {
					found[s.Sel.Name] = true
				}
			}
			return true
		})
	}
	return found
}
