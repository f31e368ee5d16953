package io.tollkeeper.bench.meter;

/// Names of what [FillStore] writes and [Load] calls: applications dealt out to products in turn, each with one user
/// key; a method below `hits`, a limit on either. Pure functions.
final class Town {

    static final String TOKEN = "bench-service-token";
    static final String PROVIDER_KEY = "bench-provider-key";
    static final String PLAN = "basic";

    /// What every application used of `hits` and of `list` before, in every current period.
    static final long HITS = 17;
    static final long LIST = 5;

    private static final int PRODUCT_DIGITS = 4;
    private static final int APPLICATION_DIGITS = 7;

    private Town() {}

    static int productOf(int application, int products) {
        return application % products;
    }

    /// All names of a kind have the same length, so that a request is a template with digits filled in.
    static String product(int number) {
        return "p" + digits(number, PRODUCT_DIGITS);
    }

    static String application(int number) {
        return "a" + digits(number, APPLICATION_DIGITS);
    }

    static String userKey(int number) {
        return "user-key-of-" + digits(number, APPLICATION_DIGITS);
    }

    private static String digits(int number, int count) {
        String text = Integer.toString(number);
        return "0".repeat(count - text.length()) + text;
    }

    /// Writes a number over the digits that end before `end`.
    static void overwrite(byte[] bytes, int end, int number, int count) {
        int rest = number;
        for (int at = end - 1; at >= end - count; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    static void overwriteProduct(byte[] bytes, int end, int number) {
        overwrite(bytes, end, number, PRODUCT_DIGITS);
    }

    static void overwriteApplication(byte[] bytes, int end, int number) {
        overwrite(bytes, end, number, APPLICATION_DIGITS);
    }
}
