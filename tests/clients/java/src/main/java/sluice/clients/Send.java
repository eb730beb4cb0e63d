package sluice.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * send ns= topic= n= mode=sync|async|oneway [size=] [text=] [tags=a,b,..] [keys=prefix] [key=a,b,..] [queue=I] [first=SEQ] [p=ID] [delay=1,2,..] [prop.NAME=VALUE]
 * [each.NAME=a,b,..]: message i has tag i mod tags, and of each property value i mod values; an empty one is left out. One "sent" line for each acknowledgement.
 * [shard=a,b,..]: message i has sharding key i mod shard, whose hash chooses its queue.
 * [lmq=a,b]: the light queues that each message lies in, too.
 * Message i has key i mod key.
 * [again=N]: the same message N times more, as a retry sends it.
 * [batch=N]: N messages a request, one "sent" line each with all their ids; [batch.topics=a,b]: their topics in turn.
 */
final class Send {
    private Send() {
    }

    static void send(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "send" + ProcessHandle.current().pid());
        String mode = args.text("mode", "sync");
        int n = args.number("n", 1);
        CountDownLatch open = new CountDownLatch(n);
        if (args.number("batch", 0) > 0) {
            batches(producer, args, n);
            producer.shutdown();
            return;
        }
        for (int i = 0; i < n; i++) {
            Message message = make(args, i);
            long s = args.number("first", 0) + i;
            switch (mode) {
                case "sync" -> {
                    for (int time = 0; time <= args.number("again", 0); time++) {
                        sent(s, sync(producer, args, message));
                    }
                }
                case "async" -> async(producer, message, s, open);
                case "oneway" -> producer.sendOneway(message);
                default -> throw new IllegalArgumentException("mode " + mode);
            }
        }
        if (mode.equals("async") && !open.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException(open.getCount() + " sends without an answer after 60 s");
        }
        if (mode.equals("oneway")) {
            // A oneway send has no answer. A sync send behind it on the same connection proves the bytes left us.
            sync(producer, args, new Message(args.text("topic"), "fence", "end of oneway".getBytes()));
        }
        if (args.flag("stay")) { // traces are sent in the background; client 4.9.8 ends without waiting for them
            Clients.untilTold();
        }
        producer.shutdown();
    }

    /** A batch the client itself refuses becomes a "failed" line. */
    private static void batches(DefaultMQProducer producer, Args args, int n) throws Exception {
        String[] topics = args.text("batch.topics", args.text("topic")).split(",");
        for (int i = 0; i < n; i += args.number("batch", 1)) {
            List<Message> batch = new ArrayList<>();
            for (int s = i; s < Math.min(n, i + args.number("batch", 1)); s++) {
                Message message = make(args, s);
                message.setTopic(topics[s % topics.length]);
                batch.add(message);
            }
            try {
                sent(i, producer.send(batch));
            } catch (Exception e) {
                Out.line("failed", "s", i, "why", e + " " + e.getCause());
            }
        }
    }

    private static Message make(Args args, int i) {
        int size = args.number("size", 16);
        String text = args.text("text", null);
        byte[] body = text == null ? Mix.body(size, i) : text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        Message message = Clients.message(args.text("topic"), args.text("p", "p0"), args.number("first", 0) + i, body);
        String[] tags = args.text("tags", "").split(",");
        if (!tags[0].isEmpty()) {
            message.setTags(tags[i % tags.length]);
        }
        if (args.text("keys", null) != null) {
            message.setKeys(List.of(args.text("keys") + i, "all" + args.text("keys")));
        }
        String[] key = args.text("key", "").split(",");
        if (!key[0].isEmpty()) {
            message.setKeys(key[i % key.length]);
        }
        if (args.text("shard", null) != null) {
            String[] shards = args.text("shard").split(",");
            MessageAccessor.putProperty(message, "__SHARDINGKEY", shards[i % shards.length]);
        }
        String[] delays = args.text("delay", "0").split(",");
        message.setDelayTimeLevel(Integer.parseInt(delays[i % delays.length]));
        if (args.text("lmq", null) != null) {
            MessageAccessor.putProperty(message, "INNER_MULTI_DISPATCH", "%LMQ%" + args.text("lmq").replace(",", ",%LMQ%"));
        }
        args.starting("prop.").forEach(message::putUserProperty);
        args.starting("each.").forEach((name, list) -> {
            String[] values = list.split(",", -1);
            if (!values[i % values.length].isEmpty()) {
                message.putUserProperty(name, values[i % values.length]);
            }
        });
        return message;
    }

    private static SendResult sync(DefaultMQProducer producer, Args args, Message message) throws Exception {
        int queue = args.number("queue", -1);
        if (args.text("shard", null) != null) {
            return producer.send(message, new SelectMessageQueueByHash(), message.getProperty("__SHARDINGKEY"));
        }
        if (queue < 0) {
            return producer.send(message);
        }
        for (MessageQueue mq : producer.fetchPublishMessageQueues(message.getTopic())) {
            if (mq.getQueueId() == queue) {
                return producer.send(message, mq);
            }
        }
        throw new IllegalStateException("the route has no queue " + queue);
    }

    private static void async(DefaultMQProducer producer, Message message, long s, CountDownLatch open) throws Exception {
        producer.send(message, new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
                sent(s, result);
                open.countDown();
            }

            @Override
            public void onException(Throwable e) {
                Out.line("failed", "s", s, "why", String.valueOf(e));
                open.countDown();
            }
        });
    }

    private static void sent(long s, SendResult r) {
        Out.line("sent", "s", s, "at", System.currentTimeMillis(), "status", r.getSendStatus(), "broker", r.getMessageQueue().getBrokerName(), "q",
            r.getMessageQueue().getQueueId(), "o", r.getQueueOffset(), "id", r.getMsgId(), "offsetId", r.getOffsetMsgId());
    }
}
