package sluice.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * mix ns= topic= n= [producers=4] [seed=] [max=BYTES]: n messages of mixed sizes, shared evenly by the producers; each
 * producer sends its sequence 0,1,.. in order, going round the queues. One "sent" line each.
 */
final class Mix {
    private Mix() {
    }

    static void run(Args args) throws Exception {
        int producers = args.number("producers", 4);
        ExecutorService threads = Executors.newFixedThreadPool(producers);
        List<Future<?>> running = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            int id = p;
            running.add(threads.submit(() -> {
                one(args, id, args.number("n", 1000) / producers);
                return null;
            }));
        }
        for (Future<?> f : running) {
            try {
                f.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
    }

    private static void one(Args args, int id, int n) throws Exception {
        DefaultMQProducer producer = Clients.producer(args, "mix" + ProcessHandle.current().pid() + "-" + id);
        List<MessageQueue> queues = producer.fetchPublishMessageQueues(args.text("topic"));
        Random random = new Random(args.big("seed", 1) * 1000 + id);
        int max = args.number("max", 4 << 20);
        for (int s = 0; s < n; s++) {
            // The first message of each producer is as large as can be, the second as small as can be.
            int size = s == 0 ? max : s == 1 ? 1 : Math.min(max, size(random));
            SendResult r = producer.send(
                Clients.message(args.text("topic"), "p" + id, s, body(size, random.nextLong())), queues.get(s % queues.size()));
            Out.line("sent", "p", "p" + id, "s", s, "q", r.getMessageQueue().getQueueId(), "o", r.getQueueOffset(), "status",
                r.getSendStatus());
        }
        producer.shutdown();
    }

    /** Mostly small: 95 % up to 1 KiB, nearly 5 % up to 16 KiB, one in 2,000 up to 1 MiB. */
    private static int size(Random random) {
        int dice = random.nextInt(2000);
        return 1 + random.nextInt(dice == 0 ? 1 << 20 : dice < 100 ? 16 << 10 : 1 << 10);
    }

    /** Bytes that depend on the seed; the first half does not compress, the second does. */
    static byte[] body(int size, long seed) {
        byte[] body = new byte[size];
        byte[] noise = new byte[(size + 1) / 2];
        new Random(seed).nextBytes(noise);
        System.arraycopy(noise, 0, body, 0, noise.length);
        return body;
    }
}
