package io.tollkeeper.app;

import java.util.List;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/// The house rules that the compiler does not know: who may use whom, and who may not at all.
class HouseTest {
    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.tollkeeper");

    private static final List<String> MODULES = List.of("core", "http", "store", "gateway", "meter", "doctor", "app");

    @Test void roomsUseOnlyTheHttpServerAndTheCore() {
        mayUse("core");
        mayUse("http", "core");
        mayUse("store", "core");
        mayUse("gateway", "http", "core");
        mayUse("meter", "http", "core");
        mayUse("doctor", "http", "core");
    }

    @Test void onlyHttpKnowsTheNetworkEngine() {
        noClasses().that().resideInAPackage("io.tollkeeper..").and().resideOutsideOfPackage("io.tollkeeper.http..")
                .should().dependOnClassesThat().resideInAPackage("io.netty..")
                .check(PRODUCT);
    }

    @Test void coreNeverWaits() {
        noClasses().that().resideInAPackage("io.tollkeeper.core..")
                .should().dependOnClassesThat().resideInAnyPackage("java.net..", "java.nio.file..", "java.nio.channels..", "java.sql..")
                .check(PRODUCT);
    }

    @Test void packagesOfAModuleAreFreeOfCycles() {
        for (var module : MODULES) {
            slices().matching("io.tollkeeper." + module + ".(*)..").should().beFreeOfCycles().allowEmptyShould(true).check(PRODUCT);
        }
    }

    @Test void everyPackageIsNullMarked() {
        assertThat(PRODUCT.getPackage("io.tollkeeper").getSubpackagesInTree())
                .filteredOn(somePackage -> !somePackage.getClasses().isEmpty())
                .allSatisfy(somePackage -> assertThat(isNullMarked(somePackage)).as(somePackage.getName()).isTrue());
    }

    @Test void onlyCommandsWriteToTheTerminal() {
        noClasses().that().resideOutsideOfPackage("io.tollkeeper.app.command..")
                .should().accessField(System.class, "out")
                .orShould().accessField(System.class, "err")
                .check(PRODUCT);
    }

    @Test void nobodyPrintsStackTraces() {
        noClasses().should().callMethod(Throwable.class, "printStackTrace").check(PRODUCT);
    }

    @Test void handlersAndReadersAreClosedForInheritance() {
        classes().that().resideInAPackage("io.tollkeeper.app..").and().areTopLevelClasses().and().areNotInterfaces()
                .and().doNotHaveModifier(com.tngtech.archunit.core.domain.JavaModifier.ABSTRACT)
                .and().doNotHaveSimpleName("package-info")
                .should().haveModifier(com.tngtech.archunit.core.domain.JavaModifier.FINAL)
                .check(PRODUCT);
    }

    @Test void everySettingIsRead() {
        var unread = PRODUCT.stream()
                .filter(type -> type.isRecord() && type.getName().startsWith("io.tollkeeper.app.settings.Settings"))
                .flatMap(type -> type.getFields().stream())
                .filter(component -> !component.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.STATIC))
                .filter(component -> component.getOwner().getMethod(component.getName()).getAccessesToSelf().stream()
                        .allMatch(access -> access.getOriginOwner().getPackageName().equals("io.tollkeeper.app.settings")))
                .map(component -> component.getOwner().getSimpleName() + "." + component.getName());
        assertThat(unread).as("settings that nothing reads").isEmpty();
    }

    private static void mayUse(String module, String... others) {
        var allowed = new java.util.ArrayList<String>(List.of(module));
        allowed.addAll(List.of(others));
        for (var forbidden : MODULES) {
            if (!allowed.contains(forbidden)) {
                noClasses().that().resideInAPackage("io.tollkeeper." + module + "..")
                        .should().dependOnClassesThat().resideInAPackage("io.tollkeeper." + forbidden + "..")
                        .allowEmptyShould(true)
                        .check(PRODUCT);
            }
        }
    }

    private static boolean isNullMarked(JavaPackage somePackage) {
        return somePackage.isAnnotatedWith(NullMarked.class);
    }
}
