package sluice.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;

/**
 * drain ns= topic= group= n=MESSAGES [instances=1] [pop=MS]: how long that many members of a group take for n messages that lie there, with a
 * listener that only counts: a "drained" line. By pull, or by pop (clients from 5.0 on).
 */
final class Drain {
    private Drain() {
    }

    static void run(Args args) throws Exception {
        int n = args.number("n", 1);
        CountDownLatch left = new CountDownLatch(n);
        List<DefaultMQPushConsumer> consumers = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < args.number("instances", 1); i++) {
            DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args.text("group"));
            Clients.configure(consumer, args, "drain" + i + "-" + ProcessHandle.current().pid());
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            if (args.number("pop", 0) > 0) {
                Clients.popMode(consumer, args.number("pop", 0));
            }
            consumer.subscribe(args.text("topic"), "*");
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                messages.forEach(m -> left.countDown());
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
            consumers.add(consumer);
        }
        for (DefaultMQPushConsumer consumer : consumers) {
            Clients.insist(consumer::start);
        }
        boolean all = left.await(args.number("seconds", 120), TimeUnit.SECONDS);
        Out.line("drained", "n", n - left.getCount(), "all", all, "ms", (System.nanoTime() - start) / 1_000_000);
        Clients.untilTold();
        for (DefaultMQPushConsumer consumer : consumers) {
            consumer.shutdown();
        }
    }
}
