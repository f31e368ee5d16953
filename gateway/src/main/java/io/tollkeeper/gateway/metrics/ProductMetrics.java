package io.tollkeeper.gateway.metrics;

import org.jspecify.annotations.Nullable;

/// What is counted of one product, where labels per product are wanted (`APICAST_EXTENDED_METRICS`): cells per event
/// loop, each written by its loop only and read by whoever asks for metrics. A product keeps its cells over changes of its
/// configuration.
public final class ProductMetrics {

    private final String labels;
    private final Cells[] byLoop;

    ProductMetrics(String productId, String systemName, int loops) {
        labels = "service_id=\"" + escaped(productId) + "\",service_system_name=\"" + escaped(systemName) + "\"";
        byLoop = new Cells[loops];
        for (int i = 0; i < loops; i++) {
            byLoop[i] = new Cells();
        }
    }

    /// `service_id="…",service_system_name="…"`
    String labels() {
        return labels;
    }

    Cells of(int loop) {
        return byLoop[loop];
    }

    Cells[] cells() {
        return byLoop;
    }

    static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /// The cells of one loop: also those of all products together, where they have none of their own.
    static final class Cells {

        /// Buckets, then everything above them.
        final long[] responseTime = new long[LoopMetrics.BUCKETS.length + 1];
        final long[] upstreamTime = new long[LoopMetrics.BUCKETS.length + 1];
        long responseNanos;
        long upstreamNanos;
        /// By hundreds: a product sees few of them.
        private final long[] @Nullable [] upstreamStatuses = new long[6][];

        void ended(int bucket, long nanos) {
            responseTime[bucket]++;
            responseNanos += nanos;
        }

        void upstream(int status, int bucket, long nanos) {
            if (status > 0 && status < 600) {
                long[] hundred = upstreamStatuses[status / 100];
                if (hundred == null) {
                    hundred = new long[100];
                    upstreamStatuses[status / 100] = hundred;
                }
                hundred[status % 100]++;
            }
            upstreamTime[bucket]++;
            upstreamNanos += nanos;
        }

        long upstreamStatus(int status) {
            long[] hundred = upstreamStatuses[status / 100];
            return hundred == null ? 0 : hundred[status % 100];
        }
    }
}
