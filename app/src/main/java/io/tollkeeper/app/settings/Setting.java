package io.tollkeeper.app.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// One setting, written on a component of a settings record. The component's name gives the key (`connectTimeout` →
/// `connect-timeout`), its type the unit and what is accepted.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Setting {

    /// The default, written as a person would write it; empty means not set.
    String value();

    /// What it does, in a sentence or two, for `docs/settings.md`.
    String says();

    /// Variables of 3scale's that mean the same (see [ThreescaleForms]), read when our own is not set: one, several
    /// separated by commas of which the first counts, or none.
    String alias() default "";
}
