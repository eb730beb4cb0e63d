// A stock Go client under the control of the harness: go-driver SUBCOMMAND key=value ...
// Prints JSON lines like the Java driver; ends with 0 after {"event":"done"}, with 1 after {"event":"error"}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

type args map[string]string

func (a args) text(key, otherwise string) string {
	if value, ok := a[key]; ok {
		return value
	}
	return otherwise
}

func (a args) number(key string, otherwise int) int {
	if value, err := strconv.Atoi(a[key]); err == nil {
		return value
	}
	return otherwise
}

type event map[string]any

var printing sync.Mutex

// line prints one event; whole lines, from any goroutine.
func line(name string, fields event) {
	if fields == nil {
		fields = event{}
	}
	fields["event"] = name
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

// after gives what follows a prefix. (strings.CutPrefix is newer than Debian 12's Go.)
func after(text, prefix string) (string, bool) {
	return strings.TrimPrefix(text, prefix), strings.HasPrefix(text, prefix)
}

// untilTold blocks until the harness writes a line or closes our standard input.
func untilTold() { bufio.NewReader(os.Stdin).ReadString('\n') }

func crc(body []byte) string { return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) }

func main() {
	rlog.SetLogLevel("error")
	commands := map[string]func(args) error{"send": send, "consume": consume, "pull": pull, "mix": mix, "transact": transact}
	var err error
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		err = fmt.Errorf("subcommands: send consume pull mix transact")
	} else {
		given := args{}
		for _, word := range os.Args[2:] {
			key, value, _ := strings.Cut(word, "=")
			given[key] = value
		}
		err = commands[os.Args[1]](given)
	}
	if err != nil {
		line("error", event{"why": err.Error()})
		os.Exit(1)
	}
	line("done", nil)
}
