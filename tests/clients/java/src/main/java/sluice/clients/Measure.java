package sluice.clients;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;

/**
 * measure ns= topic= what=produce|consume n= warm= [size=1024] [depth=256] [group=] [batch=32] [threads=4]: moves warm + n messages and
 * prints a "measured" line with the CPU time of this whole process for the last n: what a warm client costs.
 */
final class Measure {
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final AtomicLong moved = new AtomicLong();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final long warm;
    private final long all;
    private volatile long cpu;
    private volatile long begin;

    private Measure(Args args) {
        warm = args.number("warm", 0);
        all = warm + args.number("n", 1);
    }

    static void run(Args args) throws Exception {
        Measure measure = new Measure(args);
        if (args.text("what").equals("produce")) {
            measure.produce(args);
        } else {
            measure.consume(args);
        }
    }

    private void count(int messages) {
        long now = moved.addAndGet(messages);
        if (now >= warm && now - messages < warm) {
            cpu = system.getProcessCpuTime();
            begin = System.nanoTime();
        }
        if (now >= all && now - messages < all) {
            Out.line("measured", "n", now - warm, "cpu_us", (system.getProcessCpuTime() - cpu) / 1000, "wall_us",
                (System.nanoTime() - begin) / 1000);
            ended.countDown();
        }
    }

    private void produce(Args args) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "measure" + ProcessHandle.current().pid());
        Semaphore free = new Semaphore(args.number("depth", 256));
        byte[] body = new byte[args.number("size", 1024)];
        for (long i = 0; i < all; i++) {
            free.acquire();
            producer.send(new Message(args.text("topic"), body), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    free.release();
                    count(1);
                }

                @Override
                public void onException(Throwable e) {
                    free.release();
                    Out.line("failed", "why", e.toString());
                    count(1);
                }
            });
        }
        ended.await();
    }

    private void consume(Args args) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args.text("group"));
        Clients.configure(consumer, args, "measure" + ProcessHandle.current().pid());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(args.number("threads", 4));
        consumer.setConsumeThreadMax(args.number("threads", 4));
        consumer.setConsumeMessageBatchMaxSize(args.number("batch", 32));
        consumer.subscribe(args.text("topic"), "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            count(messages.size());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        ended.await();
        consumer.shutdown();
    }
}
