package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// transact ns= topic= group= n= [how=commit,rollback,unknown] [check=commit,..] [first=SEQ] [p=ID] [stay=true]
// [prop.NAME=VALUE]: message s with the decision s mod how; when it is asked about s it says
// the same, or s mod check where it had not decided.
func transact(a args) error {
	client, err := rocketmq.NewTransactionProducer(
		&decider{how: strings.Split(a.text("how", "commit"), ","), check: strings.Split(a.text("check", "unknown"), ",")},
		producer.WithNameServer(primitive.NamesrvAddr{a["ns"]}),
		producer.WithGroupName(a["group"]),
		producer.WithInstanceName("tx"+strconv.Itoa(os.Getpid())),
		producer.WithRetry(0),
		producer.WithSendMsgTimeout(10*time.Second))
	if err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	defer client.Shutdown()
	for i := 0; i < a.number("n", 1); i++ {
		s := a.number("first", 0) + i
		body := []byte("body " + strconv.Itoa(s))
		message := primitive.NewMessage(a["topic"], body)
		message.WithTag(a["tags"])
		message.WithProperty("p", a.text("p", "p0"))
		message.WithProperty("s", strconv.Itoa(s))
		message.WithProperty("crc", crc(body))
		for key, value := range a {
			if name, ok := after(key, "prop."); ok {
				message.WithProperty(name, value)
			}
		}
		result, err := client.SendMessageInTransaction(context.Background(), message)
		if err != nil {
			return err
		}
		sent(s, result.SendResult)
	}
	line("idle", nil)
	if a["stay"] == "true" {
		untilTold()
	}
	return nil
}

type decider struct{ how, check []string }

func state(word string) primitive.LocalTransactionState {
	switch word {
	case "commit":
		return primitive.CommitMessageState
	case "rollback":
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}

func (d *decider) ExecuteLocalTransaction(m *primitive.Message) primitive.LocalTransactionState {
	s, _ := strconv.Atoi(m.GetProperty("s"))
	return state(d.how[s%len(d.how)])
}

func (d *decider) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	s, _ := strconv.Atoi(m.GetProperty("s"))
	word := d.how[s%len(d.how)]
	if word != "commit" && word != "rollback" {
		word = d.check[s%len(d.check)]
	}
	line("checked", event{"s": s, "says": word, "topic": m.Topic, "at": time.Now().UnixMilli(), "born": m.BornTimestamp})
	return state(word)
}
