package io.tollkeeper.http.metrics;

/// A page of metrics in Prometheus' text format, written family by family. Used by one thread at a time.
public final class PrometheusText {

    private final StringBuilder out = new StringBuilder(16 * 1024);

    /// A family of one counter.
    public void counter(String name, String help, long value) {
        family(name, "counter", help);
        sample(name, value);
    }

    /// A family of one gauge.
    public void gauge(String name, String help, long value) {
        family(name, "gauge", help);
        sample(name, value);
    }

    /// A family of one counter, told in seconds.
    public void seconds(String name, String help, long nanos) {
        family(name, "counter", help);
        seconds(name, nanos);
    }

    /// Begins a family.
    public void family(String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    /// A sample of the family begun last; `series` is its name with labels.
    public void sample(String series, long value) {
        out.append(series).append(' ').append(value).append('\n');
    }

    /// A sample told in seconds.
    public void seconds(String series, long nanos) {
        out.append(series).append(' ').append(nanos / 1e9).append('\n');
    }

    /// A histogram of the family begun last: its buckets are summed up, then sum and count follow.
    ///
    /// @param labels `name="value",…`, or empty
    /// @param bounds upper bounds in seconds
    /// @param counts one per bound, and one for everything above them
    public void histogram(String name, String labels, double[] bounds, long[] counts, long sumNanos) {
        String before = labels.isEmpty() ? "" : labels + ',';
        long count = 0;
        for (int i = 0; i <= bounds.length; i++) {
            count += counts[i];
            String bound = i == bounds.length ? "+Inf" : bound(bounds[i]);
            sample(name + "_bucket{" + before + "le=\"" + bound + "\"}", count);
        }
        String series = labels.isEmpty() ? "" : '{' + labels + '}';
        seconds(name + "_sum" + series, sumNanos);
        sample(name + "_count" + series, count);
    }

    private static String bound(double seconds) {
        return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
