package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// consume ns= topic= group= [instances=1] [model=CLUSTERING|BROADCASTING] [sub=TAGS] [type=SQL92: sub is SQL] [from=first|last]
// [fail=N] [max=N] [groups=N: consumers of N groups, named group-0, group-1, ..]: until told to stop; a message is given back until it came again N times, max is the consumer's limit.
func consume(a args) error {
	var clients []rocketmq.PushConsumer
	groups, count := a.number("groups", 0), a.number("instances", 1)
	if groups > 0 {
		count = groups
	}
	for i := 0; i < count; i++ {
		name, group := "c"+strconv.Itoa(i), a["group"]
		if groups > 0 {
			group += "-" + strconv.Itoa(i)
		}
		client, err := start(a, name, group)
		if err != nil {
			return err
		}
		clients = append(clients, client)
	}
	line("ready", nil)
	untilTold()
	for _, client := range clients {
		client.Shutdown()
	}
	return nil
}

func start(a args, name, group string) (rocketmq.PushConsumer, error) {
	model, from := consumer.Clustering, consumer.ConsumeFromFirstOffset
	if a["model"] == "BROADCASTING" {
		model = consumer.BroadCasting
	}
	if a["from"] == "last" {
		from = consumer.ConsumeFromLastOffset
	}
	fail := int32(a.number("fail", 0))
	client, err := rocketmq.NewPushConsumer(
		consumer.WithMaxReconsumeTimes(int32(a.number("max", -1))),
		consumer.WithNameServer(primitive.NamesrvAddr{a["ns"]}),
		consumer.WithGroupName(group),
		consumer.WithInstance(name+"-"+strconv.Itoa(os.Getpid())),
		consumer.WithConsumerModel(model),
		consumer.WithConsumeFromWhere(from))
	if err != nil {
		return nil, err
	}
	kind := consumer.ExpressionType(a.text("type", string(consumer.TAG)))
	filter := consumer.MessageSelector{Type: kind, Expression: a.text("sub", "*")}
	err = client.Subscribe(a["topic"], filter, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, m := range messages {
			got(name, m)
		}
		if len(messages) > 0 && messages[0].ReconsumeTimes < fail {
			return consumer.ConsumeRetryLater, nil
		}
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return nil, err
	}
	return client, client.Start()
}

func got(name string, m *primitive.MessageExt) {
	s, err := strconv.Atoi(m.GetProperty("s"))
	if err != nil {
		s = -1
	}
	sum := m.GetProperty("crc")
	kept, retry := map[string]string{}, map[string]string{}
	for key, value := range m.GetProperties() {
		if strings.HasPrefix(key, "DLQ_") || key == "RETRY_TOPIC" || key == "DELAY" {
			retry[key] = value
		}
		if strings.HasPrefix(key, "test") {
			kept[key] = value
		}
	}
	line("got", event{"by": name, "topic": m.Topic, "q": m.Queue.QueueId, "o": m.QueueOffset, "p": m.GetProperty("p"), "s": s,
		"n": m.GetProperty("p") + "/" + m.GetProperty("s"), "size": len(m.Body), "whole": sum == "" || sum == crc(m.Body),
		"tags": m.GetTags(), "keys": m.GetKeys(), "again": m.ReconsumeTimes, "id": m.MsgId, "at": time.Now().UnixMilli(), "stored": m.StoreTimestamp,
		"born": m.BornTimestamp, "prop": kept, "retry": retry})
}
