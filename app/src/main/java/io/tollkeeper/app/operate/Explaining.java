package io.tollkeeper.app.operate;

import java.util.function.Function;

import io.tollkeeper.app.control.Answer;
import io.tollkeeper.core.flight.FlightRecord;
import io.tollkeeper.core.flight.RequestId;
import io.tollkeeper.core.verdict.VerdictRules;
import org.jspecify.annotations.Nullable;

/// Tells what happened to a call, from its flight record. May block.
public final class Explaining {
    private final Function<RequestId, @Nullable FlightRecord> records;

    /// @param records the kept record of a call, or null; may block
    public Explaining(Function<RequestId, @Nullable FlightRecord> records) {
        this.records = records;
    }

    public Answer explain(String text) {
        var id = RequestId.parse(text.strip());
        if (id == null) {
            return Answer.refused("\"" + text + "\" is not a request id (expected: the X-Request-Id of an answer, "
                    + RequestId.LENGTH + " letters and digits such as " + RequestId.text(0x0199_5B2E_77AA_1234L, 0x1F2E_3D4C_5B6A_7988L) + ")");
        }
        var record = records.apply(id);
        if (record == null) {
            return Answer.refused("no record of " + id + ": kept are failures (within quotas per product and application) and some 50"
                    + " successes per second, until newer ones take their place");
        }
        return Answer.ok(VerdictRules.explain(record).text());
    }
}
