package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// mix ns= topic= n= [producers=4] [max=BYTES]: n messages of mixed sizes, shared evenly by the producers; each sends its
// sequence 0, 1, ... in order. One "sent" line each.
func mix(a args) error {
	producers := a.number("producers", 4)
	failed := make(chan error, producers)
	var running sync.WaitGroup
	for id := 0; id < producers; id++ {
		running.Add(1)
		go func(id int) {
			defer running.Done()
			if err := mixOne(a, id, a.number("n", 1000)/producers); err != nil {
				failed <- err
			}
		}(id)
	}
	running.Wait()
	close(failed)
	return <-failed
}

func mixOne(a args, id, n int) error {
	client, err := rocketmq.NewProducer(
		producer.WithNameServer(primitive.NamesrvAddr{a["ns"]}),
		producer.WithGroupName("driver_mix"),
		producer.WithInstanceName(fmt.Sprintf("mix%d-%d", os.Getpid(), id)),
		producer.WithSendMsgTimeout(10*time.Second))
	if err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	defer client.Shutdown()
	random := rand.New(rand.NewSource(int64(id)))
	for s := 0; s < n; s++ {
		body := bytes.Repeat([]byte{byte(random.Intn(256))}, mixedSize(random, s, a.number("max", 4<<20)))
		message := primitive.NewMessage(a["topic"], body)
		message.WithProperty("p", "p"+strconv.Itoa(id))
		message.WithProperty("s", strconv.Itoa(s))
		message.WithProperty("crc", crc(body))
		r, err := client.SendSync(context.Background(), message)
		if err != nil {
			return err
		}
		line("sent", event{"p": "p" + strconv.Itoa(id), "s": s, "status": "SEND_OK", "q": r.MessageQueue.QueueId, "o": r.QueueOffset})
	}
	return nil
}

// The first message of each producer is as large as can be, the second as small; then 95 % have up to 1 KiB, nearly 5 % up to
// 16 KiB, one in 2,000 up to 1 MiB.
func mixedSize(random *rand.Rand, s, most int) int {
	dice := random.Intn(2000)
	switch {
	case s == 0:
		return most
	case s == 1:
		return 1
	case dice == 0:
		return 1 + random.Intn(1<<20)
	case dice < 100:
		return 1 + random.Intn(16<<10)
	}
	return 1 + random.Intn(1<<10)
}
