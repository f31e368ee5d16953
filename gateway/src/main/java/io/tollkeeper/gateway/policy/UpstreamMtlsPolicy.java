package io.tollkeeper.gateway.policy;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tollkeeper.gateway.exchange.Exchange;
import io.tollkeeper.gateway.exchange.Step;
import io.tollkeeper.http.ClientTls;
import io.tollkeeper.http.Pem;
import org.jspecify.annotations.Nullable;

/// `upstream_mtls`: the certificate that we present to this product's upstream instead of the process's, and whose
/// certificates it may have (gateway specification, section 12.48). What cannot be used is told when the product is
/// compiled, not by the upstream.
final class UpstreamMtlsPolicy implements Policy {

    private final ClientTls tls;

    private UpstreamMtlsPolicy(ClientTls tls) {
        this.tls = tls;
    }

    static @Nullable Policy read(PolicyFields fields, ProductParts parts) {
        ClientTls tls = parts.upstreams().tls();
        Pem certificate = pem(fields, "certificate", "certificate_type");
        Pem key = pem(fields, "certificate_key", "certificate_key_type");
        if ((certificate == null) != (key == null)) {
            fields.complain(certificate == null ? "certificate" : "certificate_key", "is missing, while the other of the two is set");
            return null;
        }
        if (certificate != null) {
            tls = tls.presenting(certificate, key);
        }
        if (fields.truth("verify", false)) {
            List<String> authorities = fields.texts("ca_certificates");
            if (authorities.isEmpty()) {
                fields.complain("ca_certificates", "is empty, and verify is on: no certificate of the upstream could be accepted"
                        + " (expected: the authority's certificate in PEM form)");
                return null;
            }
            tls = tls.trustingOnly(new Pem.Embedded(String.join("\n", authorities)));
        }
        try {
            parts.forwarder().prepare(tls);
        } catch (IllegalArgumentException e) {
            fields.complain("", String.valueOf(e.getMessage()));
            return null;
        }
        return new UpstreamMtlsPolicy(tls);
    }

    private static @Nullable Pem pem(PolicyFields fields, String name, String type) {
        boolean embedded = fields.word(type, Map.of("path", false, "embedded", true), false);
        String value = fields.text(name);
        if (value == null || value.isEmpty()) {
            return null;
        }
        return embedded ? new Pem.Embedded(decoded(fields, name, value)) : new Pem.File(Path.of(value));
    }

    /// The content of a data URL; PEM as it is, too.
    private static String decoded(PolicyFields fields, String name, String value) {
        int comma = value.indexOf(',');
        if (!value.startsWith("data:") || comma < 0) {
            return value;
        }
        String content = value.substring(comma + 1);
        try {
            return value.substring(0, comma).endsWith(";base64")
                    ? new String(Base64.getMimeDecoder().decode(content), StandardCharsets.ISO_8859_1)
                    : URLDecoder.decode(content.replace("+", "%2B"), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            fields.complain(name, "is a data URL that cannot be decoded: " + e.getMessage());
            return "";
        }
    }

    @Override
    public Set<Phase> phases() {
        return EnumSet.of(Phase.REWRITE);
    }

    @Override
    public Step rewrite(Exchange exchange) {
        exchange.upstreamOptions().tls(tls);
        return Step.NEXT;
    }
}
