package io.tollkeeper.app.operate;

import io.tollkeeper.app.control.Answer;
import io.tollkeeper.doctor.explain.Explainer;
import io.tollkeeper.doctor.explain.Explanation;

/// Tells what happened to a call, from its flight record. May block.
public final class Explaining {
    private final Explainer explainer;

    public Explaining(Explainer explainer) {
        this.explainer = explainer;
    }

    public Answer explain(String text) {
        return switch (explainer.explain(text)) {
            case Explanation.Found found -> Answer.ok(found.text());
            case Explanation.Unknown unknown -> Answer.refused(unknown.text());
        };
    }
}
