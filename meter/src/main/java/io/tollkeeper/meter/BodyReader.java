package io.tollkeeper.meter;

import java.util.function.Consumer;

import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.http.Body;
import io.tollkeeper.http.HeaderName;
import io.tollkeeper.http.Request;
import io.tollkeeper.http.Response;

/// Reads the request bodies of one connection: into memory within the budget of all connections, or away. On the
/// connection's event loop. What was begun for one exchange is never continued in the next ([#ended]).
final class BodyReader {

    /// The largest body that is taken into memory. A query is shorter by the limit of the request line.
    static final int LARGEST = 4_194_304;

    /// A body that nobody wants is read and dropped up to here, so that its sender, still writing, does not lose the
    /// answer.
    private static final long LARGEST_DRAINED = 16L << 20;

    /// Why a body could not be taken into memory.
    interface Failure {
        /// More than [#LARGEST] bytes.
        void tooLarge();

        /// The budget is used up by so many bytes.
        void overloaded(long bytes);

        /// It did not arrive as it should.
        void broken(Reason reason, String evidence);
    }

    private final FormBudget budget;
    private final Failure failure;
    private int exchange;
    private long reserved;

    BodyReader(FormBudget budget, Failure failure) {
        this.budget = budget;
        this.failure = failure;
    }

    /// Takes a body into memory; the bytes belong to whoever gets them until the exchange ends.
    void collect(Body body, Consumer<byte[]> then) {
        long length = body.length() >= 0 ? body.length() : LARGEST;
        if (length > LARGEST) {
            failure.tooLarge();
            return;
        }
        if (!budget.take(length)) {
            failure.overloaded(length);
            return;
        }
        reserved = length;
        int of = exchange;
        body.collect(LARGEST, new Body.Collected() {
            @Override
            public void collected(byte[] bytes) {
                if (of == exchange) {
                    then.accept(bytes);
                }
            }

            @Override
            public void tooLarge(long atLeast) {
                if (of == exchange) {
                    giveBack();
                    failure.tooLarge();
                }
            }

            @Override
            public void failed(Reason reason, String evidence) {
                if (of == exchange) {
                    giveBack();
                    failure.broken(reason, evidence);
                }
            }
        });
    }

    /// Goes on when the body was read to its end and dropped. A client that asked whether it may send is not kept
    /// waiting for that: it gets its answer instead of a go-ahead.
    void drain(Request request, Response response, Runnable then) {
        if (request.body().isEmpty() || request.headers().has(HeaderName.EXPECT)) {
            then.run();
            return;
        }
        int of = exchange;
        request.body().drain(LARGEST_DRAINED, complete -> {
            if (of == exchange) {
                if (!complete) {
                    response.closeAfterwards();
                }
                then.run();
            }
        });
    }

    /// The exchange is over: what it held is free again, what it waited for is not wanted any more.
    void ended() {
        exchange++;
        giveBack();
    }

    private void giveBack() {
        if (reserved > 0) {
            budget.giveBack(reserved);
            reserved = 0;
        }
    }
}
