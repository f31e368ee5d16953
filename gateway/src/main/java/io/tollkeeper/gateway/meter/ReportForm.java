package io.tollkeeper.gateway.meter;

import java.nio.charset.StandardCharsets;

/// The form of a report: transactions by number (gateway specification, section 7.2). Pure functions.
final class ReportForm {

    private static final String USAGE = "usage%5B";

    private ReportForm() {}

    /// One transaction for a call, made of its key.
    ///
    /// @param code status that the client got; 0: none
    static byte[] ofKey(String key, int code) {
        StringBuilder form = new StringBuilder(key.length() * 2);
        String start = "transactions%5B0%5D%5B";
        int at = key.indexOf('&');
        while (at >= 0) {
            int end = key.indexOf('&', at + 1);
            String pair = key.substring(at + 1, end < 0 ? key.length() : end);
            int equals = pair.indexOf('=');
            String name = pair.substring(0, equals);
            if (name.startsWith(USAGE)) {
                form.append('&').append(start).append("usage%5D%5B").append(pair, USAGE.length(), pair.length());
            } else if (name.equals("user_key") || name.equals("app_id") || name.equals("access_token")) {
                form.append('&').append(start).append(name).append("%5D").append(pair, equals, pair.length());
            }
            at = end;
        }
        if (code != 0) {
            form.append('&').append(start).append("log%5D%5Bcode%5D=").append(code);
        }
        return form.substring(1).getBytes(StandardCharsets.US_ASCII);
    }
}
