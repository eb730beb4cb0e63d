package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// pull ns= topic= group= how=poll|pull|from n= [broker=broker-a] [queues=4] [from=OFFSET]: until n messages came, a minute at most. poll takes
// what the client has fetched for it and acknowledges it; pull asks the next queue and moves the group's offset on; from asks each queue from
// an offset on, and moves nothing.
func pull(a args) error {
	client, err := rocketmq.NewPullConsumer(
		consumer.WithNameServer(primitive.NamesrvAddr{a["ns"]}),
		consumer.WithGroupName(a["group"]),
		consumer.WithInstance("pull-"+strconv.Itoa(os.Getpid())),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	if err != nil {
		return err
	}
	if err := client.Subscribe(a["topic"], consumer.MessageSelector{Type: consumer.TAG, Expression: "*"}); err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	ways := map[string]func(rocketmq.PullConsumer, args) (int, error){"poll": pollOnce, "pull": pullOnce, "from": pullEach}
	way := ways[a["how"]]
	if way == nil {
		return fmt.Errorf("how=poll|pull|from, not %q", a["how"])
	}
	wanted, until := a.number("n", 1), time.Now().Add(time.Minute)
	for found := 0; found < wanted && time.Now().Before(until); {
		count, err := way(client, a)
		if err != nil {
			return err
		}
		found += count
	}
	return client.Shutdown()
}

func pollOnce(client rocketmq.PullConsumer, _ args) (int, error) {
	request, err := client.Poll(context.Background(), time.Second)
	if consumer.IsNoNewMsgError(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, m := range request.GetMsgList() {
		got("poll", m)
	}
	client.ACK(context.Background(), request, consumer.ConsumeSuccess)
	return len(request.GetMsgList()), nil
}

// By queue: where the next message that was not reported begins.
var pulled = map[int]int64{}

func pullOnce(client rocketmq.PullConsumer, a args) (int, error) {
	result, err := client.Pull(context.Background(), 32)
	if err != nil {
		return 0, err
	}
	if result.Status != primitive.PullFound {
		return 0, nil
	}
	// The next pull begins where the broker says that the group is. Of a queue that its first rebalance, which runs meanwhile, has not given
	// it yet the client tells no progress: then it pulls the same again.
	queue := result.GetMessageExts()[0].Queue
	if err := client.UpdateOffset(queue, result.NextBeginOffset); err != nil {
		return 0, err
	}
	if err := client.PersistOffset(context.Background(), a["topic"]); err != nil {
		return 0, err
	}
	if result.NextBeginOffset <= pulled[queue.QueueId] {
		return 0, nil
	}
	pulled[queue.QueueId] = result.NextBeginOffset
	return report("pull", result), nil
}

// What every queue has from the offset on, once.
func pullEach(client rocketmq.PullConsumer, a args) (int, error) {
	found := 0
	for id := 0; id < a.number("queues", 4); id++ {
		queue := &primitive.MessageQueue{Topic: a["topic"], BrokerName: a.text("broker", "broker-a"), QueueId: id}
		for offset := int64(a.number("from", 0)); ; {
			result, err := client.PullFrom(context.Background(), queue, offset, 3)
			if err != nil {
				return 0, err
			}
			found, offset = found+report("from", result), result.NextBeginOffset
			if offset == result.MaxOffset {
				break // the next pull would be held
			}
		}
	}
	return found, nil
}

func report(by string, result *primitive.PullResult) int {
	if result.Status != primitive.PullFound {
		return 0
	}
	for _, m := range result.GetMessageExts() {
		got(by, m)
	}
	return len(result.GetMessageExts())
}
