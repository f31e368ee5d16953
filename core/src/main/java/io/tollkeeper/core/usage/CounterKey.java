package io.tollkeeper.core.usage;

/// The number under which something is counted, within an application and within a product. Pure functions.
///
/// ```
///          0 … 1 048 575   metrics and methods, by Metric.number()
///  1 048 576 + 2, 4, 5     3scale's classes 2XX, 4XX, 5XX
///  1 048 576 + 100 … 999   3scale's exact codes (only 200, 403, 404, 500, 503 are counted)
///  1 049 600 + 100 … 999   our own family `status`: every code of every valid transaction
/// ```
public final class CounterKey {

    /// Metric numbers are below this.
    public static final int METRICS = 1 << 20;

    private static final int RESPONSE = METRICS;
    private static final int STATUS = METRICS + 1024;

    private CounterKey() {}

    public static boolean isMetric(int key) {
        return key >= 0 && key < METRICS;
    }

    /// 3scale's class of a code: `2XX`, `4XX`, `5XX`; −1 for others, which are not counted.
    public static int responseClass(int code) {
        int hundreds = code / 100;
        return hundreds == 2 || hundreds == 4 || hundreds == 5 ? RESPONSE + hundreds : -1;
    }

    /// 3scale's exact code: 200, 403, 404, 500, 503; −1 for others, which are not counted.
    public static int responseCode(int code) {
        return switch (code) {
            case 200, 403, 404, 500, 503 -> RESPONSE + code;
            default -> -1;
        };
    }

    /// Our own family: any code from 100 to 999; −1 for others.
    public static int status(int code) {
        return code >= 100 && code <= 999 ? STATUS + code : -1;
    }

    /// What the key counts, for people: `metric 3`, `2XX`, `404`, `status 301`.
    public static String describe(int key) {
        if (isMetric(key)) {
            return "metric " + key;
        }
        return key >= STATUS ? "status " + code(key) : code(key);
    }

    /// The code that a key of a response code or status stands for: `2XX`, `404`, `301`.
    public static String code(int key) {
        int code = key >= STATUS ? key - STATUS : key - RESPONSE;
        return code < 10 ? code + "XX" : Integer.toString(code);
    }
}
