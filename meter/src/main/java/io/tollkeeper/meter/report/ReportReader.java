package io.tollkeeper.meter.report;

import io.tollkeeper.core.authorize.Report;
import io.tollkeeper.core.reason.Reason;
import io.tollkeeper.meter.params.ParamName;
import io.tollkeeper.meter.params.Params;
import org.jspecify.annotations.Nullable;

/// Reads the `transactions` of a report. Pure functions over [Params].
public final class ReportReader {

    private static final ParamName TRANSACTIONS = ParamName.of("transactions");
    private static final ParamName APP_ID = ParamName.of("app_id");
    private static final ParamName USER_KEY = ParamName.of("user_key");
    private static final ParamName USER_ID = ParamName.of("user_id");
    private static final ParamName USAGE = ParamName.of("usage");
    private static final ParamName TIMESTAMP = ParamName.of("timestamp");
    private static final ParamName LOG = ParamName.of("log");
    private static final ParamName CODE = ParamName.of("code");
    private static final ParamName CODES = ParamName.of("codes");

    private ReportReader() {}

    /// What is wrong with the shape of the transactions, which is looked at before anybody asks whose they are; none if
    /// nothing is.
    public static @Nullable Reason fault(Params params) {
        int transactions = params.find(TRANSACTIONS);
        String text = params.text(transactions);
        if (!params.isGiven(transactions) || text != null && text.isEmpty()) {
            return Reason.TRANSACTIONS_BLANK;
        }
        if (!params.isMap(transactions)) {
            return Reason.TRANSACTIONS_FORMAT_INVALID;
        }
        boolean users = false;
        boolean misshapen = false;
        for (int at = params.first(transactions); at != Params.NONE; at = params.next(at)) {
            if (!params.isGiven(at)) {
                return Reason.TRANSACTION_NIL;
            }
            int usage = params.find(at, USAGE);
            users |= params.isGiven(params.find(at, USER_ID));
            misshapen |= !params.isMap(at) || params.isGiven(usage) && !params.isMap(usage);
        }
        return users ? Reason.END_USERS_NO_LONGER_SUPPORTED : misshapen ? Reason.TRANSACTIONS_FORMAT_INVALID : null;
    }

    /// 3scale's message for a fault of [#fault].
    public static String message(Reason fault) {
        return switch (fault) {
            case TRANSACTIONS_BLANK -> "transactions parameter is blank";
            case TRANSACTION_NIL -> "transactions has a nil transaction";
            case END_USERS_NO_LONGER_SUPPORTED ->
                "End-users are no longer supported, do not specify the user_id parameter";
            default -> "transactions format is invalid";
        };
    }

    /// Adds all transactions to a report whose shape was found good. What is to be noted about them for operators;
    /// none if nothing is.
    public static @Nullable String read(Params params, Report report, long now) {
        int transactions = params.find(TRANSACTIONS);
        int unreadable = 0;
        String first = "";
        for (int at = params.first(transactions); at != Params.NONE; at = params.next(at)) {
            String timestamp = params.text(params.find(at, TIMESTAMP));
            long stamp = Timestamps.read(timestamp, now);
            if (stamp == Timestamps.UNREADABLE) {
                stamp = now;
                if (unreadable++ == 0 && timestamp != null) {
                    first = "transaction " + report.size() + ": timestamp \""
                            + timestamp.substring(0, Math.min(timestamp.length(), 100)) + "\"";
                }
            }
            Report.Transaction transaction = report.add()
                    .appId(params.text(params.find(at, APP_ID)))
                    .userKey(params.text(params.find(at, USER_KEY)))
                    .stamp(stamp)
                    .logCode(params.statusCode(params.find(params.find(at, LOG), CODE)));
            if (report.isBatch()) {
                readCodes(params, params.find(at, CODES), transaction);
            }
            int usage = params.find(at, USAGE);
            if (params.isMap(usage)) {
                for (int entry = params.first(usage); entry != Params.NONE; entry = params.next(entry)) {
                    transaction.usage().name(params.key(entry), params.text(entry));
                }
            }
        }
        return unreadable == 0
                ? null
                : first + " cannot be read, counted now (expected: YYYY-MM-DD HH:MM:SS or UNIX seconds)"
                        + (unreadable > 1 ? "; " + (unreadable - 1) + " more" : "");
    }

    /// `transactions[i][codes][200]=5`: how often a status was answered, in batches of gateways of ours only.
    private static void readCodes(Params params, int codes, Report.Transaction transaction) {
        if (!params.isMap(codes)) {
            return;
        }
        for (int at = params.first(codes); at != Params.NONE; at = params.next(at)) {
            int code = number(params.key(at), 999);
            int amount = number(params.text(at), Integer.MAX_VALUE);
            if (code >= 100 && amount > 0) {
                transaction.code(code, amount);
            }
        }
    }

    private static int number(@Nullable String text, int most) {
        if (text == null || text.isEmpty() || text.length() > 10) {
            return -1;
        }
        long number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number > most ? -1 : (int) number;
    }
}
