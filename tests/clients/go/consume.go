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

// consume ns= topic= group= [instances=1] [model=CLUSTERING|BROADCASTING] [sub=TAGS] [from=first|last]: until told to stop.
func consume(a args) error {
	var clients []rocketmq.PushConsumer
	for i := 0; i < a.number("instances", 1); i++ {
		client, err := start(a, "c"+strconv.Itoa(i))
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

func start(a args, name string) (rocketmq.PushConsumer, error) {
	model, from := consumer.Clustering, consumer.ConsumeFromFirstOffset
	if a["model"] == "BROADCASTING" {
		model = consumer.BroadCasting
	}
	if a["from"] == "last" {
		from = consumer.ConsumeFromLastOffset
	}
	client, err := rocketmq.NewPushConsumer(
		consumer.WithNameServer(primitive.NamesrvAddr{a["ns"]}),
		consumer.WithGroupName(a["group"]),
		consumer.WithInstance(name+"-"+strconv.Itoa(os.Getpid())),
		consumer.WithConsumerModel(model),
		consumer.WithConsumeFromWhere(from))
	if err != nil {
		return nil, err
	}
	filter := consumer.MessageSelector{Type: consumer.TAG, Expression: a.text("sub", "*")}
	err = client.Subscribe(a["topic"], filter, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, m := range messages {
			got(name, m)
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
	kept := map[string]string{}
	for key, value := range m.GetProperties() {
		if strings.HasPrefix(key, "test") {
			kept[key] = value
		}
	}
	line("got", event{"by": name, "topic": m.Topic, "q": m.Queue.QueueId, "o": m.QueueOffset, "p": m.GetProperty("p"), "s": s,
		"n": m.GetProperty("p") + "/" + m.GetProperty("s"), "size": len(m.Body), "whole": sum == "" || sum == crc(m.Body),
		"tags": m.GetTags(), "keys": m.GetKeys(), "again": m.ReconsumeTimes, "id": m.MsgId, "at": time.Now().UnixMilli(), "prop": kept})
}
