package io.tollkeeper.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.VirtualMachine;

/// Prints, per line of input, the heap bytes that all threads of another JVM have allocated since its start. A program of
/// its own; blocks. `bench/run` reads it before and after a load, outside the rounds that measure CPU.
public final class AllocationProbe {

    private AllocationProbe() {}

    @SuppressWarnings("BanJNDI") // the other side is a JVM that bench/run started itself
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("expected: the process id of a JVM");
        }
        var target = VirtualMachine.attach(arguments[0]);
        var address = new JMXServiceURL(target.startLocalManagementAgent());
        target.detach();
        try (var connection = JMXConnectorFactory.connect(address);
                var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            var threads = ManagementFactory.newPlatformMXBeanProxy(
                    connection.getMBeanServerConnection(), ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
            while (input.readLine() != null) {
                System.out.println(threads.getTotalThreadAllocatedBytes());
            }
        }
    }
}
