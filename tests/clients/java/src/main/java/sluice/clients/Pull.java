package sluice.clients;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * pull ns= topic= group= at=OFFSET,OFFSET.. [max=32] [sub=TAGS] [block=true]: the old pull consumer, on the topic's first queue: a
 * "pulled" line for each offset, and "got" lines for the messages. With block it waits for messages at the broker (pullBlockIfNotFound).
 * [commit=OFFSET]: stores the group's offset at last and prints what is stored.
 */
final class Pull {
    private Pull() {
    }

    @SuppressWarnings("deprecation")
    static void run(Args args) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(args.text("group"));
        Clients.configure(consumer, args, "pull" + ProcessHandle.current().pid());
        consumer.start();
        List<MessageQueue> queues = new ArrayList<>(consumer.fetchSubscribeMessageQueues(args.text("topic")));
        queues.sort(MessageQueue::compareTo);
        Out.line("queues", "n", queues.size());
        MessageQueue queue = queues.get(0);
        Out.line("ready");
        for (String at : args.text("at").split(",")) {
            pull(args, consumer, queue, Long.parseLong(at));
        }
        if (args.big("commit", -1) >= 0) {
            consumer.updateConsumeOffset(queue, args.big("commit", 0));
            consumer.getOffsetStore().persist(queue);
            // Later clients send that one-way, on a thread of their own.
            long stored = -1;
            for (int i = 0; i < 100 && stored != args.big("commit", 0); i++) {
                Thread.sleep(50);
                stored = consumer.fetchConsumeOffset(queue, true);
            }
            Out.line("stored", "offset", stored);
        }
        consumer.shutdown();
    }

    @SuppressWarnings("deprecation")
    private static void pull(Args args, DefaultMQPullConsumer consumer, MessageQueue queue, long at) throws Exception {
        String sub = args.text("sub", "*");
        int max = args.number("max", 32);
        PullResult result = args.flag("block") ? consumer.pullBlockIfNotFound(queue, sub, at, max) : consumer.pull(queue, sub, at, max);
        List<MessageExt> messages = result.getMsgFoundList() == null ? List.of() : result.getMsgFoundList();
        for (MessageExt m : messages) {
            Consume.got("pull", m);
        }
        Out.line("pulled", "at", at, "status", result.getPullStatus().name(), "next", result.getNextBeginOffset(), "min", result.getMinOffset(),
            "max", result.getMaxOffset(), "n", messages.size());
    }
}
