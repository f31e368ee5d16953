package io.tollkeeper.core.reason;

import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class ReasonTest {

    /// Error types registered by RFC 9209, section 2.3.
    private static final Set<String> PROXY_ERRORS = Set.of(
            "dns_timeout", "dns_error", "destination_not_found", "destination_unavailable",
            "destination_ip_prohibited", "destination_ip_unroutable", "connection_refused", "connection_terminated",
            "connection_timeout", "connection_read_timeout", "connection_write_timeout", "connection_limit_reached",
            "tls_protocol_error", "tls_certificate_error", "tls_alert_received", "http_request_error",
            "http_request_denied", "http_response_incomplete", "http_response_header_section_size",
            "http_response_header_size", "http_response_body_size", "http_response_trailer_section_size",
            "http_response_trailer_size", "http_response_transfer_coding", "http_response_content_coding",
            "http_response_timeout", "http_upgrade_failed", "http_protocol_error", "proxy_internal_response",
            "proxy_internal_error", "proxy_configuration_error", "proxy_loop_detected");

    @ParameterizedTest
    @EnumSource
    void everyReasonIsCompleteAndTellsThePublicNoAddress(Reason reason) {
        assertThat(reason.code()).matches("[A-Z][A-Z0-9-]+");
        assertThat(Reason.ofCode(reason.code())).isEqualTo(reason);
        assertThat(reason.sentence()).endsWith(".").doesNotContainPattern("\\d+\\.\\d+\\.\\d+|://");
        assertThat(reason.fix()).isNotBlank();
        if (reason.proxyError() != null) {
            assertThat(PROXY_ERRORS).contains(reason.proxyError());
        }
        assertThat(reason.status()).matches(status -> status == 0 || status >= 400 && status < 600);
    }

    /// Section 12 of the specification: every code with its status.
    @ParameterizedTest
    @CsvSource({
        "bad_request, 400",
        "not_valid_data, 422",
        "content_type_invalid, 400",
        "provider_key_or_service_token_required, 403",
        "service_id_missing, 422",
        "service_token_invalid, 403",
        "provider_key_invalid_or_service_missing, 403",
        "provider_key_invalid, 403",
        "service_id_invalid, 403",
        "end_users_no_longer_supported, 400",
        "authentication_error, 403",
        "user_key_invalid, 403",
        "application_not_found, 404",
        "metric_invalid, 404",
        "usage_value_invalid, 403",
        "transactions_is_blank, 400",
        "transactions_format_invalid, 400",
        "transactions_has_nil_transaction, 400",
        "transaction_timestamp_too_old, 0",
        "transaction_timestamp_too_new, 0",
        "oauth_not_enabled, 409",
        "application_key_invalid, 409",
        "redirect_url_invalid, 409",
        "redirect_uri_invalid, 409",
        "referrer_not_allowed, 409",
        "application_not_active, 409",
        "service_not_active, 409",
        "limits_exceeded, 409"
    })
    void everyCodeOfTheServiceManagementApiHasItsReason(String code, int status) {
        assertThat(Reason.values())
                .filteredOn(reason -> code.equals(reason.meterCode()))
                .singleElement()
                .satisfies(reason -> {
                    assertThat(reason.meterStatus()).isEqualTo(status);
                    assertThat(reason.isRejection()).isEqualTo(status == 409);
                });
    }

    @Test
    void codesAreUnique() {
        assertThat(Reason.values()).extracting(Reason::code).doesNotHaveDuplicates();
        assertThat(Reason.ofCode("U-NOTHING")).isNull();
    }
}
