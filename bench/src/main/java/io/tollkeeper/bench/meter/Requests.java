package io.tollkeeper.bench.meter;

import java.nio.charset.StandardCharsets;

/// Requests as bytes: templates into which the digits of product and application are written. One thread.
abstract sealed class Requests {

    /// Answered so, a call was counted.
    final int good;

    private Requests(int good) {
        this.good = good;
    }

    /// How many applications one request names.
    abstract int width();

    /// The bytes for these applications, valid until the next call.
    abstract byte[] bytes(int[] applications);

    static Requests of(String kind, int products, int width) {
        return switch (kind) {
            case "authrep" -> new Call("/transactions/authrep.xml", "&usage%5Blist%5D=1", products);
            case "authorize", "verify" -> new Call("/transactions/authorize.xml", "", products);
            case "report" -> new Report(products, width);
            default -> throw new IllegalArgumentException(
                    "call=" + kind + " (expected: authrep, authorize, report or verify)");
        };
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// One application, in the query.
    private static final class Call extends Requests {
        private final byte[] bytes;
        private final int productEnd;
        private final int applicationEnd;
        private final int products;

        Call(String path, String more, int products) {
            super(200);
            this.products = products;
            String product = "GET " + path + "?service_token=" + Town.TOKEN + "&service_id=" + Town.product(0);
            String application = product + "&user_key=" + Town.userKey(0);
            bytes = ascii(application + more + " HTTP/1.1\r\nHost: meter\r\n\r\n");
            productEnd = product.length();
            applicationEnd = application.length();
        }

        @Override
        int width() {
            return 1;
        }

        @Override
        byte[] bytes(int[] applications) {
            Town.overwriteProduct(bytes, productEnd, Town.productOf(applications[0], products));
            Town.overwriteApplication(bytes, applicationEnd, applications[0]);
            return bytes;
        }
    }

    /// Many applications of the first product, in a form.
    private static final class Report extends Requests {
        private final byte[] bytes;
        private final int[] ends;

        Report(int products, int width) {
            super(202);
            if (products != 1) {
                throw new IllegalArgumentException("call=report needs products=1");
            }
            ends = new int[width];
            StringBuilder form = new StringBuilder("service_token=" + Town.TOKEN + "&service_id=" + Town.product(0));
            for (int i = 0; i < width; i++) {
                String name = "&transactions%5B" + i + "%5D%5B";
                form.append(name).append("user_key%5D=").append(Town.userKey(0));
                ends[i] = form.length();
                form.append(name).append("usage%5D%5Blist%5D=1");
            }
            String head = "POST /transactions.xml HTTP/1.1\r\nHost: meter\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + form.length() + "\r\n\r\n";
            for (int i = 0; i < width; i++) {
                ends[i] += head.length();
            }
            bytes = ascii(head + form);
        }

        @Override
        int width() {
            return ends.length;
        }

        @Override
        byte[] bytes(int[] applications) {
            for (int i = 0; i < ends.length; i++) {
                Town.overwriteApplication(bytes, ends[i], applications[i]);
            }
            return bytes;
        }
    }
}
