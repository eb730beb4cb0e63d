package sluice.clients;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * litepull ns= topic= group= how=assign|subscribe n=MESSAGES [seek=OFFSET] [commit=true]: pulls until n messages came, or
 * none came for [quiet=5000] ms. [pause=MS] [pauseat=N]: after N messages all queues are paused for so long, with "paused" and
 * "resumed" lines.
 */
final class LitePull {
    private LitePull() {
    }

    static void run(Args args) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(args.text("group"));
        Clients.configure(consumer, args, "lite" + ProcessHandle.current().pid());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setAutoCommit(false);
        boolean assign = args.text("how", "assign").equals("assign");
        if (!assign) {
            consumer.subscribe(args.text("topic"), args.text("sub", "*"));
        }
        consumer.start();
        if (assign) {
            assign(args, consumer);
        }
        int n = args.number("n", 1);
        long quietSince = System.currentTimeMillis();
        boolean paused = args.number("pause", 0) == 0;
        for (int seen = 0; seen < n && System.currentTimeMillis() - quietSince < args.number("quiet", 5000); ) {
            List<MessageExt> messages = consumer.poll(500);
            for (MessageExt m : messages) {
                Consume.got("lite", m);
                quietSince = System.currentTimeMillis();
            }
            seen += messages.size();
            if (!paused && seen >= args.number("pauseat", n)) {
                paused = true;
                seen += pause(consumer, args.text("topic"), args.number("pause", 0));
                quietSince = System.currentTimeMillis();
            }
        }
        if (args.flag("commit")) {
            consumer.commitSync();
        }
        consumer.shutdown();
    }

    /** What pulls that were under way bring still comes. Gives how many messages did. */
    private static int pause(DefaultLitePullConsumer consumer, String topic, int ms) throws Exception {
        Collection<MessageQueue> queues = consumer.fetchMessageQueues(topic);
        consumer.pause(queues);
        Out.line("paused");
        int seen = 0;
        long until = System.currentTimeMillis() + ms;
        while (System.currentTimeMillis() < until) {
            for (MessageExt m : consumer.poll(200)) {
                Consume.got("lite-paused", m);
                seen++;
            }
        }
        Out.line("resumed");
        consumer.resume(queues);
        return seen;
    }

    private static void assign(Args args, DefaultLitePullConsumer consumer) throws Exception {
        Collection<MessageQueue> queues = new ArrayList<>(consumer.fetchMessageQueues(args.text("topic")));
        Out.line("queues", "n", queues.size());
        consumer.assign(queues);
        String where = args.text("seek", "begin");
        for (MessageQueue mq : queues) {
            Clients.insist(() -> {
                if (where.equals("begin")) {
                    consumer.seekToBegin(mq);
                } else {
                    consumer.seek(mq, Long.parseLong(where));
                }
            });
        }
    }
}
