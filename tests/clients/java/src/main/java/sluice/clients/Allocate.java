package sluice.clients;

import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.apache.rocketmq.client.consumer.AllocateMessageQueueStrategy;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMachineRoomNearby;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragelyByCircle;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueByConfig;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueByMachineRoom;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueConsistentHash;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * allocate table=FILE: a "share" line with the queues (topic:broker:number) that the client's strategy gives to a member, for each
 * line of the file: rule, virtual nodes, rule within a room, rooms, the member, all members, queues of the topic, queues by
 * configuration; between tabs, lists with commas. A room is what stands before the `@` of a broker's or member's name.
 */
final class Allocate {
    private Allocate() {
    }

    static void run(Args args) throws Exception {
        int number = 0;
        for (String line : Files.readAllLines(Paths.get(args.text("table")))) {
            String[] c = line.split("\t", -1);
            List<MessageQueue> share = new ArrayList<>();
            List<MessageQueue> queues = queues(c[6]);
            List<MessageQueue> given = strategy(c[0], c).allocate("g", c[4], queues, list(c[5]));
            for (MessageQueue q : given) {
                // By configuration is what was configured, whether the topic has it or not; nobody reads what it has not.
                if (queues.contains(q)) {
                    share.add(q);
                }
            }
            StringBuilder text = new StringBuilder();
            for (MessageQueue q : share) {
                text.append(text.length() == 0 ? "" : ",").append(q.getTopic()).append(':').append(q.getBrokerName()).append(':')
                    .append(q.getQueueId());
            }
            Out.line("share", "case", number++, "queues", text.toString());
        }
    }

    private static List<String> list(String text) {
        return text.isEmpty() ? new ArrayList<>() : Arrays.asList(text.split(","));
    }

    private static List<MessageQueue> queues(String text) {
        List<MessageQueue> queues = new ArrayList<>();
        for (String one : list(text)) {
            String[] parts = one.split(":");
            queues.add(new MessageQueue(parts[0], parts[1], Integer.parseInt(parts[2])));
        }
        return queues;
    }

    private static String room(String name) {
        return name.split("@")[0];
    }

    private static AllocateMessageQueueStrategy strategy(String rule, String[] c) {
        switch (rule) {
            case "AVG":
                return new AllocateMessageQueueAveragely();
            case "AVG_BY_CIRCLE":
                return new AllocateMessageQueueAveragelyByCircle();
            case "CONSISTENT_HASH":
                return new AllocateMessageQueueConsistentHash(Integer.parseInt(c[1]));
            case "MACHINE_ROOM":
                AllocateMessageQueueByMachineRoom rooms = new AllocateMessageQueueByMachineRoom();
                rooms.setConsumeridcs(new HashSet<>(list(c[3])));
                return rooms;
            case "CONFIG":
                AllocateMessageQueueByConfig config = new AllocateMessageQueueByConfig();
                config.setMessageQueueList(queues(c[7]));
                return config;
            default:
                return new AllocateMachineRoomNearby(strategy(c[2], c), new AllocateMachineRoomNearby.MachineRoomResolver() {
                    @Override
                    public String brokerDeployIn(MessageQueue queue) {
                        return room(queue.getBrokerName());
                    }

                    @Override
                    public String consumerDeployIn(String clientId) {
                        return room(clientId);
                    }
                });
        }
    }
}
