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
 * none came for [quiet=5000] ms. With seek, assigned queues are first read to their end, which does not count. The client's seek does
 * not wait for a pull that is being answered: that answer can come after it, or set the place where it goes on. Held pulls it breaks off.
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
            Collection<MessageQueue> queues = assign(args, consumer);
            if (args.number("seek", -1) >= 0) {
                seek(consumer, queues, args.number("seek", -1));
            }
        }
        int n = args.number("n", 1);
        long quietSince = System.currentTimeMillis();
        for (int seen = 0; seen < n && System.currentTimeMillis() - quietSince < args.number("quiet", 5000); ) {
            List<MessageExt> messages = consumer.poll(500);
            for (MessageExt m : messages) {
                Consume.got("lite", m);
                quietSince = System.currentTimeMillis();
            }
            seen += messages.size();
        }
        if (args.flag("commit")) {
            consumer.commitSync();
        }
        consumer.shutdown();
    }

    private static Collection<MessageQueue> assign(Args args, DefaultLitePullConsumer consumer) throws Exception {
        Collection<MessageQueue> queues = new ArrayList<>(consumer.fetchMessageQueues(args.text("topic")));
        Out.line("queues", "n", queues.size());
        consumer.assign(queues);
        return queues;
    }

    private static void seek(DefaultLitePullConsumer consumer, Collection<MessageQueue> queues, long offset) throws Exception {
        while (!consumer.poll(3000).isEmpty()) {
            continue;
        }
        for (MessageQueue mq : queues) {
            Clients.insist(() -> consumer.seek(mq, offset));
        }
    }
}
