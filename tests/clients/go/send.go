package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// send ns= topic= n= mode=sync|async|oneway [size=] [tags=a,b] [keys=prefix] [p=ID] [delay=1,2] [prop.NAME=VALUE]
// [each.NAME=a,b]: message i has value i mod values; an empty one is left out
func send(a args) error {
	client, err := rocketmq.NewProducer(
		producer.WithNameServer(primitive.NamesrvAddr{a["ns"]}),
		producer.WithGroupName(a.text("group", "driver_producers")),
		producer.WithInstanceName("send"+strconv.Itoa(os.Getpid())),
		producer.WithSendMsgTimeout(10*time.Second))
	if err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	defer client.Shutdown()
	n := a.number("n", 1)
	var open sync.WaitGroup
	for i := 0; i < n; i++ {
		message := makeMessage(a, i)
		switch a.text("mode", "sync") {
		case "sync":
			result, err := client.SendSync(context.Background(), message)
			if err != nil {
				return err
			}
			sent(i, result)
		case "async":
			i := i // before Go 1.22 the callbacks would share one
			open.Add(1)
			err := client.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
				if err != nil {
					line("failed", event{"s": i, "why": err.Error()})
				} else {
					sent(i, result)
				}
				open.Done()
			}, message)
			if err != nil {
				return err
			}
		case "oneway":
			if err := client.SendOneWay(context.Background(), message); err != nil {
				return err
			}
		default:
			return fmt.Errorf("mode %s", a["mode"])
		}
	}
	open.Wait()
	if a["mode"] == "oneway" {
		// A oneway send has no answer: a sync send behind it proves that the bytes left us.
		fence := primitive.NewMessage(a["topic"], []byte("end of oneway"))
		_, err = client.SendSync(context.Background(), fence.WithTag("fence"))
	}
	return err
}

func makeMessage(a args, i int) *primitive.Message {
	body := bytes.Repeat([]byte{byte(i)}, a.number("size", 16))
	message := primitive.NewMessage(a["topic"], body)
	if tags := strings.Split(a["tags"], ","); tags[0] != "" {
		message.WithTag(tags[i%len(tags)])
	}
	if a["keys"] != "" {
		message.WithKeys([]string{a["keys"] + strconv.Itoa(i), "all" + a["keys"]})
	}
	delays := strings.Split(a.text("delay", "0"), ",")
	if level, err := strconv.Atoi(delays[i%len(delays)]); err == nil && level > 0 {
		message.WithDelayTimeLevel(level)
	}
	message.WithProperty("p", a.text("p", "p0"))
	message.WithProperty("s", strconv.Itoa(i))
	message.WithProperty("crc", crc(body))
	for key, value := range a {
		if name, ok := after(key, "prop."); ok {
			message.WithProperty(name, value)
		}
		if name, ok := after(key, "each."); ok {
			if values := strings.Split(value, ","); values[i%len(values)] != "" {
				message.WithProperty(name, values[i%len(values)])
			}
		}
	}
	return message
}

func sent(i int, r *primitive.SendResult) {
	status := "OTHER"
	if r.Status == primitive.SendOK {
		status = "SEND_OK"
	}
	line("sent", event{"s": i, "at": time.Now().UnixMilli(), "status": status, "broker": r.MessageQueue.BrokerName, "q": r.MessageQueue.QueueId,
		"o": r.QueueOffset, "id": r.MsgID, "offsetId": r.OffsetMsgID})
}
