package io.tollkeeper.testkit.store;

import io.tollkeeper.core.integration.IntegrationError;
import io.tollkeeper.core.integration.IntegrationErrors;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// What every implementation of [IntegrationErrors] does.
public abstract class IntegrationErrorsContract {

    protected abstract IntegrationErrors errors();

    protected static IntegrationError error(String product, int number) {
        return new IntegrationError(product, 1_000 + number, "metric_invalid", "number " + number, "{\"n\":" + number + "}");
    }

    @Test
    public void whatWasAddedIsReadNewestFirst() {
        errors().add(error("1", 1));
        errors().add(error("2", 2));
        errors().add(error("1", 3));
        assertThat(errors().newest("1", 0, 10).errors()).containsExactly(error("1", 3), error("1", 1));
        assertThat(errors().newest("1", 0, 10).total()).isEqualTo(2);
        assertThat(errors().newest("3", 0, 10).errors()).isEmpty();
    }

    @Test
    public void pagesFollowEachOther() {
        for (int i = 0; i < 5; i++) {
            errors().add(error("1", i));
        }
        assertThat(errors().newest("1", 2, 2).errors()).containsExactly(error("1", 2), error("1", 1));
        assertThat(errors().newest("1", 4, 2).errors()).containsExactly(error("1", 0));
        assertThat(errors().newest("1", 6, 2).errors()).isEmpty();
        assertThat(errors().newest("1", 6, 2).total()).isEqualTo(5);
    }

    @Test
    public void aThousandAreKeptAndTheOldestGo() {
        for (int i = 0; i < IntegrationErrors.KEPT + 50; i++) {
            errors().add(error("1", i));
            if (i % 100 == 0) {
                errors().newest("1", 0, 1);
            }
        }
        IntegrationErrors.Page page = errors().newest("1", 0, 2_000);
        assertThat(page.total()).isEqualTo(IntegrationErrors.KEPT);
        assertThat(page.errors()).hasSize(IntegrationErrors.KEPT);
        assertThat(page.errors().getFirst()).isEqualTo(error("1", IntegrationErrors.KEPT + 49));
        assertThat(page.errors().getLast()).isEqualTo(error("1", 50));
        assertThat(errors().lost()).isZero();
    }

    @Test
    public void deletingTakesThoseOfOneProductOnly() {
        errors().add(error("1", 1));
        errors().add(error("2", 2));
        errors().delete("1");
        assertThat(errors().newest("1", 0, 10).total()).isZero();
        assertThat(errors().newest("2", 0, 10).errors()).containsExactly(error("2", 2));
        errors().add(error("1", 3));
        assertThat(errors().newest("1", 0, 10).errors()).containsExactly(error("1", 3));
    }
}
