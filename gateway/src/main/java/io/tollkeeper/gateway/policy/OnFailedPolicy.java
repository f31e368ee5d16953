package io.tollkeeper.gateway.policy;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.tollkeeper.core.proxy.ErrorAnswer;
import io.tollkeeper.core.proxy.PolicySpec;
import org.jspecify.annotations.Nullable;

/// `on_failed`: the status of every request of a product whose chain cannot be made, and of a request in which a policy
/// fails (gateway specification, section 12.31). It takes part in no phase: its product's answers are made of [#answer].
final class OnFailedPolicy implements Policy {

    static final String NAME = "on_failed";

    private static final String STATUS = "error_status_code";
    private static final int USUAL = 503;

    private OnFailedPolicy() {}

    static @Nullable Policy create(PolicyFields fields) {
        fields.number(STATUS, USUAL, 200, 599);
        return new OnFailedPolicy();
    }

    @Override
    public Set<Phase> phases() {
        return EnumSet.noneOf(Phase.class);
    }

    /// The answer to failures that a chain configures, none if it does not. Works for chains that cannot be made.
    static @Nullable ErrorAnswer answer(List<PolicySpec> chain) {
        for (PolicySpec spec : chain) {
            if (spec.name().equals(NAME)) {
                return spec.configuration().get(STATUS) instanceof Long status && status >= 200 && status <= 599
                        ? new ErrorAnswer(status.intValue(), "", "")
                        : new ErrorAnswer(USUAL, "", "");
            }
        }
        return null;
    }
}
