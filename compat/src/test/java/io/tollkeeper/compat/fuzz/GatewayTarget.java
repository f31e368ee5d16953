package io.tollkeeper.compat.fuzz;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import io.tollkeeper.compat.fuzz.ReferenceRequests.Request;
import io.tollkeeper.testkit.RawAnswer;
import io.tollkeeper.testkit.RawClient;
import io.tollkeeper.testkit.ReceivedRequest;

import static io.tollkeeper.compat.fuzz.FuzzTarget.require;
import static io.tollkeeper.compat.fuzz.FuzzTarget.same;

/// Any bytes on a connection to the gateway: each request that its upstream receives is one that [ReferenceRequests] finds
/// in the same bytes, in the same order, with the same method, target and body; nothing else reaches it. Heads, chunks,
/// hosts, targets, paths, credentials and rules are on this road.
final class GatewayTarget implements FuzzTarget {

    private final FuzzedGateway gateway = new FuzzedGateway();

    @Override
    public void run(byte[] input) throws IOException {
        if (new String(input, StandardCharsets.ISO_8859_1).startsWith("PRI * HTTP/2")) {
            return; // the other target's
        }
        var requests = ReferenceRequests.in(input);
        long before = gateway.received();
        try (var client = RawClient.connect(gateway.port())) {
            client.send(input);
            boolean open = true;
            for (int i = 0; i < requests.size() && open; i++) {
                var answer = client.answerTo(requests.get(i).method());
                same("ending", answer.ending(), RawAnswer.Ending.COMPLETE);
                require(answer.status() < 500, "status", answer, "of success, or the client's fault");
                open = !"close".equalsIgnoreCase(answer.header("connection"));
            }
            if (open) {
                client.halfClose();
            }
            var rest = client.readToEnd().text();
            require(rest.isEmpty() || open && rest.startsWith("HTTP/1.1 4"), "behind the last answer", rest, "a refusal, or nothing");
        } catch (SocketException | java.io.EOFException sentAway) {
            // Closed with bytes unread: the answer is lost with them. What reached the upstream is what counts.
            require(input.length > 0, "the connection", sentAway, "open");
        }
        compare(requests, gateway.receivedSince(before));
    }

    private static void compare(List<Request> requests, List<ReceivedRequest> received) {
        int next = 0;
        for (var one : received) {
            var target = one.target();
            while (next < requests.size() && !agrees(requests.get(next), one)) {
                next++;
            }
            require(next < requests.size(), "the upstream received", one.rawText(), requests);
            require(target.startsWith("/") && target.chars().allMatch(c -> c > ' ' && c != 0x7F && c != '#'), "target", target, "a path");
            next++;
        }
    }

    private static boolean agrees(Request sent, ReceivedRequest received) {
        return sent.method().equals(received.method()) && target(sent.target()).equals(received.target())
                && (received.state() != ReceivedRequest.State.COMPLETE
                        || sent.body().equals(new String(received.body(), StandardCharsets.ISO_8859_1)));
    }

    /// Without fragment, scheme and host.
    private static String target(String target) {
        var path = target.replaceFirst("(?s)#.*", "").replaceFirst("(?i)^https?://[^/?]*", "");
        return path.startsWith("/") ? path : "/" + path;
    }
}
