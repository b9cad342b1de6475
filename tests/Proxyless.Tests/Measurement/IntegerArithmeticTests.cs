using System.Runtime.InteropServices;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests.Measurement;

public sealed class IntegerArithmeticTests
{
    /// <summary>What CPUID says, against what Linux says.</summary>
    [Fact]
    public void Sums_saturate_on_x86_processors_without_VNNI_alone()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.False(IntegerArithmetic.Saturates);
            return;
        }

        const string Info = "/proc/cpuinfo";
        Assert.SkipUnless(File.Exists(Info), "only Linux lists a processor's instructions there");
        string[] flags = File.ReadLines(Info)
            .First(line => line.StartsWith("flags", StringComparison.Ordinal))
            .Split(' ');
        Assert.Equal(!flags.Contains("avx512_vnni") && !flags.Contains("avx_vnni"), IntegerArithmetic.Saturates);
    }
}
