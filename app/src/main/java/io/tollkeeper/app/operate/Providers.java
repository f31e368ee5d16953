package io.tollkeeper.app.operate;

import java.time.temporal.ChronoUnit;
import java.util.List;

import io.tollkeeper.gateway.jwt.Issuers;

/// The OpenID providers of the products, for `tollkeeper status`. Pure.
public final class Providers {

    private Providers() {}

    /// A line for each, and one for each thing that is wrong with it.
    public static String text(List<Issuers.Report> reports) {
        var text = new StringBuilder();
        for (var report : reports) {
            var succeeded = report.succeeded();
            text.append("  provider      ").append(report.issuer()).append(", ").append(report.keys()).append(report.keys() == 1 ? " key" : " keys")
                    .append(succeeded == null ? ", never fetched" : ", fetched " + succeeded.truncatedTo(ChronoUnit.SECONDS)).append('\n');
            if (!report.error().isEmpty()) {
                text.append("                last attempt: ").append(report.error()).append('\n');
            }
            report.doubts().forEach(doubt -> text.append("                ").append(doubt).append('\n'));
        }
        return text.toString();
    }
}
