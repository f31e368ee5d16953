package io.tollkeeper.gateway.meter;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/// The form of a report: transactions by number (gateway specification, section 7.2). Names and values come encoded. Pure
/// functions.
final class ReportForm {

    /// How usage begins in a call's key.
    static final String USAGE = "usage%5B";

    private ReportForm() {}

    /// Begins a transaction.
    ///
    /// @param who `user_key=…` or `app_id=…`
    static void transaction(StringBuilder form, int number, String who) {
        int equals = who.indexOf('=');
        begin(form, number).append(who, 0, equals).append("%5D").append(who, equals, who.length());
    }

    /// Adds usage to a transaction.
    ///
    /// @param name the metric and `%5D`
    static void usage(StringBuilder form, int number, String name, long amount) {
        begin(form, number).append("usage%5D%5B").append(name).append('=').append(amount);
    }

    private static StringBuilder begin(StringBuilder form, int number) {
        return form.append(form.isEmpty() ? "" : "&").append("transactions%5B").append(number).append("%5D%5B");
    }

    /// One transaction for a call, made of its key.
    ///
    /// @param code status that the client got; 0: none
    static byte[] ofKey(String key, int code) {
        StringBuilder form = new StringBuilder(key.length() * 2);
        int at = key.indexOf('&');
        while (at >= 0) {
            int end = key.indexOf('&', at + 1);
            String pair = key.substring(at + 1, end < 0 ? key.length() : end);
            if (pair.startsWith(USAGE)) {
                begin(form, 0).append("usage%5D%5B").append(pair, USAGE.length(), pair.length());
            } else if (pair.startsWith("user_key=") || pair.startsWith("app_id=") || pair.startsWith("access_token=")) {
                transaction(form, 0, pair);
            }
            at = end;
        }
        if (code != 0) {
            begin(form, 0).append("log%5D%5Bcode%5D=").append(code);
        }
        return form.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /// What of a call's key goes into a report: who, without the secret, and what is used.
    static String reported(String key) {
        StringBuilder text = new StringBuilder(key.length());
        int at = key.indexOf('&');
        while (at >= 0) {
            int end = key.indexOf('&', at + 1);
            String pair = key.substring(at + 1, end < 0 ? key.length() : end);
            if (pair.startsWith(USAGE) || pair.startsWith("user_key=") || pair.startsWith("app_id=")) {
                text.append(text.isEmpty() ? "" : "&").append(pair);
            }
            at = end;
        }
        return text.toString();
    }

    /// A transaction that stands for many calls; how many parameters it has.
    ///
    /// @param what as [#reported] tells it
    static int transaction(StringBuilder form, int number, String what, long second, long calls, Map<Integer, Long> statuses) {
        int parameters = 1;
        for (String pair : what.split("&")) {
            if (!pair.startsWith(USAGE)) {
                transaction(form, number, pair);
                parameters++;
            } else if (calls > 0) {
                int equals = pair.indexOf('=');
                usage(form, number, pair.substring(USAGE.length(), equals), product(Long.parseLong(pair.substring(equals + 1)), calls));
                parameters++;
            }
        }
        begin(form, number).append("timestamp%5D=").append(second);
        for (Map.Entry<Integer, Long> status : statuses.entrySet()) {
            begin(form, number).append("codes%5D%5B").append(status.getKey()).append("%5D=").append(status.getValue());
            parameters++;
        }
        return parameters;
    }

    private static long product(long amount, long calls) {
        return amount > Long.MAX_VALUE / calls ? Long.MAX_VALUE : amount * calls;
    }
}
