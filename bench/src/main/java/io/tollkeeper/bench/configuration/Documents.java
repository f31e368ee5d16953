package io.tollkeeper.bench.configuration;

import java.nio.charset.StandardCharsets;

/// 3scale documents of many products, as a portal exports them: with all the fields that a gateway ignores.
final class Documents {

    static final String HOST = "product-%d.bench.test";
    private static final int RULES = 20;

    private Documents() {}

    /// A document of `products` products with 20 rules each; about 3 KB per product.
    ///
    /// @param changed product whose rules differ from those of another document, -1 for none
    /// @param version how they differ
    static byte[] of(int products, int upstreamPort, int changed, int version) {
        var json = new StringBuilder(products * 3_200 + 64).append("{\"services\":[");
        for (int i = 0; i < products; i++) {
            service(json.append(i == 0 ? "" : ","), i, upstreamPort, i == changed ? version : 0);
        }
        return json.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static void service(StringBuilder json, int i, int upstreamPort, int version) {
        json.append("{\"id\":").append(i).append(",\"system_name\":\"product_").append(i)
                .append("\",\"account_id\":2,\"name\":\"Product ").append(i)
                .append("\",\"description\":null,\"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\"")
                .append(",\"backend_version\":\"1\",\"backend_authentication_type\":\"service_token\",\"backend_authentication_value\":\"token-")
                .append(i).append("\",\"proxy\":{\"id\":").append(i).append(",\"tenant_id\":2,\"service_id\":").append(i)
                .append(",\"endpoint\":\"https://").append(HOST.formatted(i)).append("\",\"deployed_at\":null,\"lock_version\":7,")
                .append("\"api_test_path\":\"/\",\"oauth_login_url\":null,\"hosts\":[\"").append(HOST.formatted(i))
                .append("\"],\"api_backend\":\"http://127.0.0.1:").append(upstreamPort)
                .append("\",\"credentials_location\":\"query\",\"auth_user_key\":\"user_key\",\"auth_app_id\":\"app_id\",\"auth_app_key\":\"app_key\",")
                .append("\"error_status_auth_failed\":403,\"error_auth_failed\":\"Authentication failed\",\"error_headers_auth_failed\":\"text/plain; charset=us-ascii\",")
                .append("\"error_status_auth_missing\":403,\"error_auth_missing\":\"Authentication parameters missing\",\"error_headers_auth_missing\":\"text/plain; charset=us-ascii\",")
                .append("\"error_status_no_match\":404,\"error_no_match\":\"No Mapping Rule matched\",\"error_headers_no_match\":\"text/plain; charset=us-ascii\",")
                .append("\"backend\":{\"endpoint\":\"http://127.0.0.1:1\",\"host\":\"su1.bench.test\"},")
                .append("\"policy_chain\":[{\"name\":\"apicast\",\"version\":\"builtin\",\"configuration\":{}}],\"proxy_rules\":[");
        for (int k = 0; k < RULES; k++) {
            json.append(k == 0 ? "" : ",").append("{\"id\":").append(i * RULES + k)
                    .append(",\"http_method\":\"GET\",\"pattern\":\"/v").append(version).append("/resource").append(k)
                    .append("/{id}\",\"metric_system_name\":\"hits\",\"delta\":1,\"last\":false,\"position\":").append(k + 1).append('}');
        }
        json.append("]}}");
    }
}
